"""release: one version of every gold table under one name, a serving file a role, and the pointer moved last.

releases/<id>/release.json         tables with version and rows, what the release was built from
releases/<id>/<role>/serve.duckdb  what this role may see, nothing else; never rewritten
releases/current                   symbolic link to the release that is served
"""

import hashlib
import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from spark_jobs import delta, integrity
from spark_jobs.duck import delta_reader
from spark_jobs.faultpoint import faultpoint
from spark_jobs.files import exclusive, read_json, write_json
from spark_jobs.publish import policy
from spark_jobs.publish.labels import label_statements
from spark_jobs.settings import Settings

SERVED = ("mart_", "dim_")
# what was known on a day: select * from mart.mart_economy__gdp__as_of(date '2024-01-01')
AS_OF = """create macro mart.{table}__as_of(day) as table
  select * from mart.{table} where vintage_date <= day and (superseded_date is null or superseded_date > day)"""


class NoRelease(RuntimeError):
    """There is nothing to serve, or no earlier release to go back to."""


def publish(settings: Settings, built_from: dict) -> tuple[dict, bool]:
    """Make the release of the gold tables as they are. Returns it, and whether it is served only now: the same content is not released twice."""
    with exclusive(settings.run / "locks" / "release.lock"):
        _remove_drafts(settings)
        tables = gold_tables(settings)
        digest = hashlib.sha256(json.dumps([tables, _policy_digest()], sort_keys=True).encode()).hexdigest()
        latest = next(reversed(all_releases(settings)), None)
        if latest and latest["digest"] == digest:
            is_served = current(settings) == latest
            if not is_served:  # an earlier run died before it could say so, or went back
                _point_to(settings, latest["release_id"])
            return latest, not is_served
        now = datetime.now(UTC)
        release = {
            "release_id": f"{now:%Y%m%dT%H%M%S}-{digest[:8]}",
            "released_at": now.isoformat(timespec="seconds"),
            "digest": digest,
            "built_from": built_from,
            "tables": tables,
        }
        draft, named = (settings.releases / f"{dot}{release['release_id']}" for dot in (".", ""))
        for role in policy.roles().values():
            _write_serving_file(settings, draft / role.name, role, release)
        write_json(draft / "release.json", release)
        integrity.record(settings, {named / path.relative_to(draft): path for path in sorted(draft.glob("*/serve.duckdb"))})
        faultpoint("before release is named")
        draft.rename(named)
        faultpoint("release named")
        _point_to(settings, release["release_id"])
        faultpoint("release pointed")
        return release, True


def back(settings: Settings) -> dict:
    """Serve the release before the current one again. Raises NoRelease where there is none."""
    with exclusive(settings.run / "locks" / "release.lock"):
        names = [r["release_id"] for r in all_releases(settings)]
        here = names.index(require_current(settings)["release_id"])
        if here == 0:
            raise NoRelease("there is no release before the current one")
        _point_to(settings, names[here - 1])
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
    """The file that answers for a role. Raises UnknownRole or NoRelease."""
    policy.role(role)
    name = release_id or require_current(settings)["release_id"]
    path = settings.releases / name / role / "serve.duckdb"
    if not path.is_file():
        raise NoRelease(f"there is no release {name}; `guihu release list` shows them")
    return path


def gold_tables(settings: Settings) -> dict[str, int]:
    """Name → Delta version of every gold table that is served."""
    paths = sorted(p for p in (settings.lake / "gold").glob("*") if p.name.startswith(SERVED))
    return {p.name: delta.version(p) for p in paths if delta.version(p) is not None}


def _write_serving_file(settings: Settings, folder: Path, role: policy.Role, release: dict) -> None:
    folder.mkdir(parents=True)
    path = folder / "serve.duckdb"
    connection = delta_reader(str(path))
    connection.execute("create schema mart")
    rows = {}
    for table, version in release["tables"].items():
        if not role.sees(table):
            continue
        source = f"delta_scan('{settings.lake / 'gold' / table}', version => {version})"
        columns = [name for name, *_ in connection.execute(f"describe select * from {source}").fetchall()]
        masked = role.masks.get(table, {})
        listed = ", ".join(f"null as {c}" if c in masked else c for c in columns)
        connection.execute(f"create table mart.{table} as select {listed} from {source}")
        faultpoint("serving file half written")
        rows[table] = connection.execute(f"select count(*) from mart.{table}").fetchone()[0]
        if {"vintage_date", "superseded_date"} <= set(columns):
            connection.execute(AS_OF.format(table=table))
        for statement in label_statements(settings, table, columns):
            connection.execute(statement)
    connection.execute(
        "create table mart.release_info as select ? as release_id, ?::timestamptz as released_at, ? as table_count",
        [release["release_id"], release["released_at"], len(rows)],
    )
    connection.close()
    path.chmod(0o444)
    faultpoint("serving file written")
    release.setdefault("rows", {})[role.name] = rows


def _remove_drafts(settings: Settings) -> None:
    """What killed runs left: half releases, and links that were not renamed."""
    for left in settings.releases.glob(".*"):
        if left.is_symlink():
            left.unlink()
        else:
            shutil.rmtree(left)


def _point_to(settings: Settings, release_id: str) -> None:
    link = settings.releases / f".current-{os.getpid()}"
    link.symlink_to(release_id)
    link.replace(settings.releases / "current")


def _policy_digest() -> str:
    return hashlib.sha256(repr(sorted(policy.roles().items())).encode()).hexdigest()
