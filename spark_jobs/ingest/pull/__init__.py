"""pull: what is new in a department's business system becomes a delivery in landing, with its manifest.

How far a feed was pulled stands in the manifests of its deliveries and nowhere else (`watermark`: from, to). A pull that is
killed before its delivery was recorded has therefore not happened; killed after, it is complete.
"""

import hashlib
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from expectations.feed import ContractError, Feed, Source
from spark_jobs.faultpoint import faultpoint
from spark_jobs.files import exclusive, write_json
from spark_jobs.ingest import landing
from spark_jobs.ingest.landing import Delivery
from spark_jobs.ingest.refusal import Refused
from spark_jobs.settings import Settings


@dataclass(frozen=True)
class Fetched:
    """A file of rows that were not seen before, and how far it reaches (`to`); `notes` are things the owner should know."""

    path: Path
    rows: int
    to: dict
    notes: tuple[str, ...] = ()


def pull(settings: Settings, feed: Feed, server: str | None = None, since: str | None = None, at: str | None = None) -> tuple[Delivery | None, bool, tuple[str, ...]]:
    """Fetch what is new and land it. Returns the delivery (None where nothing is new), whether it is new, and notes.

    `since` replaces the watermark, `at` the address in the contract. Raises Refused where the source gives what cannot be trusted
    (nothing is landed then), ServiceDown where it does not answer, ContractError where the feed has no such source.
    """
    source = _moved(_source(feed, server), at)
    with exclusive(settings.run / "locks" / f"pull-{feed.id}.lock"):
        begin = {"to": since} if since else reached(settings, feed, source)
        folder = settings.home / "pull" / feed.id
        shutil.rmtree(folder, ignore_errors=True)  # what a killed pull left; it was never recorded
        folder.mkdir(parents=True)
        fetched = _module(source).fetch(settings, feed, source, begin, folder)
        faultpoint("pull written")
        if fetched is None:
            return None, False, ()
        with fetched.path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        path = fetched.path.rename(fetched.path.with_stem(f"{fetched.path.stem}_{sha256[:8]}"))  # two pulls may reach equally far
        manifest = folder / (path.name + landing.MANIFEST_SUFFIX)
        write_json(manifest, {"rows": fetched.rows, "sha256": sha256, "watermark": {"server": source.name, "from": begin.get("to"), **fetched.to}})
        delivery, is_new = landing.receive(settings, feed, path, manifest)
        faultpoint("pull received")
        shutil.rmtree(folder)
        outcome = landing.outcome(landing.delivery_folder(settings, feed.id, delivery.delivery_id)) or {}
        if outcome.get("status") == "refused":
            refusal = outcome["refusal"]
            raise Refused(refusal["code"], f"{feed.id}: {source.name} still gives what was refused as delivery {delivery.delivery_id}: {refusal['detail']} (owner: {feed.owner})")
        return delivery, is_new, fetched.notes


def reached(settings: Settings, feed: Feed, source: Source) -> dict:
    """How far this source was pulled without a gap: the watermark of the last of its deliveries; empty before the first.

    Where a delivery was refused, those that began where it ended do not count: the next pull fetches its rows once more.
    """
    covered, last = {None}, {}
    for delivery, outcome in landing.ledger(settings, feed.id):
        mark = delivery.manifest.get("watermark", {})
        is_refused = outcome is not None and outcome["status"] == "refused"
        if mark.get("server") == source.name and mark["from"] in covered and not is_refused:
            covered.add(mark["to"])
            last = mark
    return last


def secret(settings: Settings, source: Source) -> str:
    """The password or token of the source. Raises ContractError that says where it must lie."""
    path = settings.home / "secrets" / source.options["secret"]
    if not path.is_file():
        raise ContractError(f"the password of {source.name} is missing: write it to GUIHU_HOME/secrets/{path.name}, readable by its owner only")
    return path.read_text(encoding="utf-8").strip()


def _source(feed: Feed, server: str | None) -> Source:
    fitting = [source for source in feed.sources if server in (None, source.name)]
    if len(fitting) != 1:
        known = ", ".join(source.name for source in feed.sources) or "none"
        raise ContractError(f"{feed.id}: {len(fitting)} sources fit; name one with --server. Servers to pull from: {known}")
    return fitting[0]


def _moved(source: Source, at: str | None) -> Source:
    if at is None:
        return source
    if source.type == "api":
        return replace(source, address={**source.address, "location": at})
    host, _, port = at.rpartition(":")
    if not host or not port.isdigit():
        raise ContractError(f"{at!r} is no HOST:PORT")
    return replace(source, address={**source.address, "host": host, "port": int(port)})


def _module(source: Source):
    from spark_jobs.ingest.pull import api, postgres

    return {"postgres": postgres, "api": api}[source.type]
