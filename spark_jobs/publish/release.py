"""release: one version of every gold table under one name, a serving file a role, and the pointer moved last.

releases/<id>/release.json         tables with version and rows, what the release was built from
releases/<id>/<role>/serve.duckdb  what this role may see, nothing else; never rewritten
releases/<id>/models.json          key, units, source and caveats of each table, as they were then
releases/<id>/catalogue/           what everyone may know of it, as pages
releases/current                   symbolic link to the release that is served
releases/catalogue                 symbolic link to its catalogue, moved some seconds later: the numbers do not wait for the pages
releases/catalogue                 symbolic link to its catalogue, moved some seconds later: the numbers do not wait for the pages

Files are there for the latest releases. Those of an older one, or of one that was made under another policy, are gone; whoever asks for it gets
his file made again from the same versions, as the policy of today has it.
"""

import hashlib
import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from spark_jobs import delta, integrity
from spark_jobs.faultpoint import faultpoint
from spark_jobs.files import exclusive, read_json, write_json
from spark_jobs.publish import catalogue, disclosure, policy, serving
from spark_jobs.publish.labels import described, wording
from spark_jobs.settings import Settings

SERVED = ("mart_", "dim_")
DESCRIPTIONS = "models.json"
KEPT = 3  # releases whose files stay on disk


class NoRelease(RuntimeError):
    """There is nothing to serve, or no earlier release to go back to."""


def publish(settings: Settings, built_from: dict) -> tuple[dict, bool]:
    """Make the release of the gold tables as they are. Returns it, and whether it is served only now: the same content is not released twice."""
    with exclusive(settings.run / "locks" / "release.lock"):
        _remove_drafts(settings)
        tables = gold_tables(settings)
        digest = hashlib.sha256(json.dumps([tables, policy.digest(), disclosure.digest()], sort_keys=True).encode()).hexdigest()
        earlier = all_releases(settings)
        if earlier and earlier[-1]["digest"] == digest:
            is_served = current(settings) == earlier[-1]
            _serve(settings, earlier)  # an earlier run died before it could say so, or went back
            return earlier[-1], not is_served
        now = datetime.now(UTC)
        release = {
            "release_id": f"{now:%Y%m%dT%H%M%S}-{digest[:8]}",
            "released_at": now.isoformat(timespec="seconds"),
            "digest": digest,
            "built_from": built_from,
            "tables": tables,
        }
        _write(settings, release, earlier[-1] if earlier else None)
        faultpoint("release named")
        _serve(settings, [*earlier, release])
        _close_old_ones(settings)
        return release, True


def back(settings: Settings) -> dict:
    """Serve the release before the current one again. Raises NoRelease where there is none."""
    with exclusive(settings.run / "locks" / "release.lock"):
        every = all_releases(settings)
        here = [r["release_id"] for r in every].index(require_current(settings)["release_id"])
        if here == 0:
            raise NoRelease("there is no release before the current one")
        _open(settings, every[here - 1], list(policy.roles().values()))
        _serve(settings, every[:here])
        return require_current(settings)


def all_releases(settings: Settings) -> list[dict]:
    """Every release, oldest first."""
    return [read_json(path) for path in sorted(settings.releases.glob("[0-9]*/release.json"))]


def current(settings: Settings) -> dict | None:
    path = settings.releases / "current" / "release.json"
    return read_json(path) if path.is_file() else None


def require_current(settings: Settings) -> dict:
    release = current(settings)
    if release is None:
        raise NoRelease("nothing has been released yet: run `make demo`, or `guihu ingest`, `guihu build` and `guihu release`")
    return release


def serving_file(settings: Settings, role: str, release_id: str | None = None) -> Path:
    """The file that answers for a role, made again where an older release has none. Raises UnknownRole or NoRelease."""
    reader = policy.role(role)
    known = {release["release_id"]: release for release in all_releases(settings)}
    name = release_id or require_current(settings)["release_id"]
    if name not in known:
        raise NoRelease(f"there is no release {name}; `guihu release list` shows them")
    path = settings.releases / name / role / serving.FILE
    if not path.is_file():
        with exclusive(settings.run / "locks" / "release.lock"):
            _open(settings, known[name], [reader])
    return path


def gold_tables(settings: Settings) -> dict[str, int]:
    """Name → Delta version of every gold table that is served."""
    paths = sorted(p for p in (settings.lake / "gold").glob("*") if p.name.startswith(SERVED))
    return {p.name: delta.version(p) for p in paths if delta.version(p) is not None}


def _write(settings: Settings, release: dict, former: dict | None) -> None:
    """All files of a new release, first in a draft that nobody reads, then under its name."""
    draft, named = (settings.releases / f"{dot}{release['release_id']}" for dot in (".", ""))
    readers = list(policy.roles().values())
    release |= {"policy": policy.digest(), "disclosure": disclosure.digest(), "wording": wording(release["tables"])}
    changed = _changed(settings, release, former, readers)
    if former and 2 * len(changed) < len(release["tables"]):
        release["rows"] = serving.write_changed(settings, draft, release, readers, former, changed)
    else:
        release["rows"] = serving.write_files(settings, draft, release, readers)
    write_json(draft / DESCRIPTIONS, described(release["tables"]))
    write_json(draft / "release.json", release)
    integrity.record(settings, {named / path.relative_to(draft): path for path in sorted(draft.glob(f"*/{serving.FILE}"))})
    faultpoint("before release is named")
    draft.rename(named)


def _changed(settings: Settings, release: dict, former: dict | None, readers: list[policy.Role]) -> set[str]:
    """The tables whose rows or words are others than in the former release's files; all of them where those files cannot be gone on from."""
    former_files = [settings.releases / former["release_id"] / role.name / serving.FILE for role in readers] if former else [None]
    if not former or former.get("policy") != release["policy"] or not all(path.is_file() for path in former_files):
        return set(release["tables"])
    return {
        table for table, version in release["tables"].items()
        if former["tables"].get(table) != version or former.get("wording", {}).get(table) != release["wording"][table]
    }  # fmt: skip


def _serve(settings: Settings, releases: list[dict]) -> None:
    """Point to the last of them, first with the numbers, then with the pages of the catalogue, which are written where they are missing."""
    release, former = releases[-1], releases[-2] if len(releases) > 1 else None
    _point_to(settings, "current", release["release_id"])
    faultpoint("release pointed")
    if not catalogue.is_whole(settings, release["release_id"]):
        catalogue.write(settings, release, former)
    _point_to(settings, "catalogue", f"{release['release_id']}/catalogue")


def _open(settings: Settings, release: dict, readers: list[policy.Role]) -> None:
    """Make the files of an earlier release that are not there any more."""
    _remove_drafts(settings)
    draft, named = (settings.releases / f"{dot}{release['release_id']}" for dot in (".", ""))
    missing = [role for role in readers if not (named / role.name / serving.FILE).is_file()]
    if missing:
        serving.write_files(settings, draft, release, missing)
        integrity.record(settings, {named / role.name / serving.FILE: draft / role.name / serving.FILE for role in missing})
        for role in missing:
            (draft / role.name).rename(named / role.name)
        draft.rmdir()


def _close_old_ones(settings: Settings) -> None:
    """Files of releases that were made under another policy, or other rules of disclosure, show what those opened, and many releases would fill the disk."""
    every = all_releases(settings)
    for number, release in enumerate(reversed(every)):
        is_closed = number >= KEPT or release.get("policy") != policy.digest()
        if is_closed or release.get("disclosure") != disclosure.digest():
            catalogue.close(settings, release["release_id"])
        if is_closed:
            for path in (settings.releases / release["release_id"]).glob(f"*/{serving.FILE}"):
                shutil.rmtree(path.parent)


def _remove_drafts(settings: Settings) -> None:
    """What killed runs left: half releases, and links that were not renamed."""
    for left in settings.releases.glob(".*"):
        if left.is_symlink():
            left.unlink()
        else:
            shutil.rmtree(left)


def _point_to(settings: Settings, name: str, target: str) -> None:
    """Replace a symbolic link at once: a reader follows the old one or the new one."""
    pointer = settings.releases / name
    if pointer.is_symlink() and os.readlink(pointer) == target:
        return
    link = settings.releases / f".{name}-{os.getpid()}"
    link.symlink_to(target)
    link.replace(pointer)
