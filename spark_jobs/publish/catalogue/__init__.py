"""The catalogue: a static site beside every release, in Chinese and English, that needs neither server nor network.

releases/<id>/catalogue/index.html            leads to zh/index.html and en/index.html
releases/<id>/catalogue/<zh|en>/dataset/….html one page a served table or feed; lists and runs beside them
releases/<id>/catalogue/facts.json            everything that the pages say, by which they can be written again
releases/<id>/catalogue/downloads/             what the public may take, as exports
releases/<id>/catalogue/*.csv, dcat.ttl, dcat.jsonld   duties, sharing list, DCAT-AP 3

The pages hold what everyone may know of every dataset, and rows only where the public's own serving file holds them.
"""

import shutil
from pathlib import Path

from spark_jobs.files import read_json, write_json
from spark_jobs.publish import policy
from spark_jobs.publish.catalogue import dcat, downloads, facts, lists, pages, taking
from spark_jobs.settings import Settings


def write(settings: Settings, release: dict, former: dict | None) -> Path:
    """The catalogue of a release whose serving files are there, or its pages and files anew from the facts that were kept with it. Returns its first page.

    Readers see the old ones or the new.
    """
    named = settings.releases / release["release_id"]
    kept = named / "catalogue" / "facts.json"
    found = read_json(kept) if kept.is_file() else facts.collect(settings, release, former, named)
    draft, old = named / ".catalogue-draft", named / ".catalogue-old"
    for left in (draft, old):
        shutil.rmtree(left, ignore_errors=True)
    _write(settings, release, former, draft, found)
    if (named / "catalogue").exists():
        (named / "catalogue").rename(old)
    draft.rename(named / "catalogue")
    shutil.rmtree(old, ignore_errors=True)
    return first_page(settings, release["release_id"])


def is_whole(settings: Settings, release_id: str) -> bool:
    """Pages and files are there: those that were made under another policy are not."""
    page = first_page(settings, release_id)
    return page.is_file() and (page.parent / downloads.FOLDER).is_dir()


def close(settings: Settings, release_id: str) -> None:
    """Take the public's files away; the pages stay until somebody asks for them."""
    shutil.rmtree(first_page(settings, release_id).parent / downloads.FOLDER, ignore_errors=True)


def first_page(settings: Settings, release_id: str) -> Path:
    return settings.releases / release_id / "catalogue" / "index.html"


def _write(settings: Settings, release: dict, former: dict | None, folder: Path, found: dict) -> Path:
    before = first_page(settings, former["release_id"]).parent if former else None
    public = settings.releases / release["release_id"] / policy.PUBLIC / "serve.duckdb"
    taking.offer(settings, release, public, found, folder, before)
    write_json(folder / "facts.json", found)
    lists.write(found, folder)
    dcat.write(found, folder)
    return pages.write(found, folder)
