"""The files that are shared: each table of a release as its role sees it, written once as Parquet when it is first asked for.

shares/<release>/<rules>/<role>/<table>.parquet and <table>.json beside it: size, digest, rows and the statistics of its columns.
<rules> is a digest of infra/policy.yaml and infra/disclosure.yaml: when one of them changes, no file that was made before is handed out.
"""

import contextlib
import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from spark_jobs.files import exclusive, read_json, write_json
from spark_jobs.publish import dataset as datasets
from spark_jobs.publish import disclosure, policy
from spark_jobs.publish.export.extract import extracted
from spark_jobs.publish.export.formats import parquet
from spark_jobs.publish.serving import FILE
from spark_jobs.settings import Settings

SPARK_TYPES = {"BIGINT": "long", "BOOLEAN": "boolean", "DATE": "date", "DOUBLE": "double", "FLOAT": "float", "INTEGER": "integer", "SMALLINT": "short", "TIMESTAMP WITH TIME ZONE": "timestamp", "VARCHAR": "string"}
LONGEST_STATISTIC = 32  # characters, as Delta truncates them; a greater bound than a cut text is not made, so longer ones have none


@dataclass(frozen=True)
class SharedTable:
    """One file of one table, and what the protocol says of it."""

    path: Path
    version: int
    release: dict
    told: dict


def table_names(settings: Settings, role: str, release_id: str | None = None) -> list[str]:
    """The tables of the share: those of the role in the release that is served, or in an earlier one."""
    return datasets.names(settings, role, release_id)


def shared_table(settings: Settings, role: str, table: str, version: int, release: dict) -> SharedTable:
    """The table's file, made if it is not there yet. Raises QueryRefused where the table may not leave."""
    path = place(settings, release["release_id"], rules(), role, table)
    paper = path.with_suffix(".json")
    if not paper.is_file():
        with exclusive(settings.run / "locks" / "shares.lock"):
            _remove_stale(settings)
            if not paper.is_file():
                _write(settings, role, table, release["release_id"], path, paper)
    return SharedTable(path, version, release, read_json(paper))


def rules() -> str:
    """The rules of today in a word."""
    return hashlib.sha256(f"{policy.digest()} {disclosure.digest()}".encode()).hexdigest()[:12]


def place(settings: Settings, release_id: str, rules: str, role: str, table: str) -> Path:
    return settings.home / "shares" / release_id / rules / role / f"{table}.parquet"


def _remove_stale(settings: Settings) -> None:
    """What was made under other rules, and what belongs to releases whose own files are gone."""
    for folder in (settings.home / "shares").glob("[0-9]*"):
        is_open = any((settings.releases / folder.name).glob(f"*/{FILE}"))
        for made in folder.iterdir():
            if not is_open or made.name != rules():
                shutil.rmtree(made)


def _write(settings: Settings, role: str, table: str, release_id: str, path: Path, paper: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with datasets.opened(settings, "share", table, role, release_id, into=path.parent) as (dataset, connection):
        extract = extracted(settings, dataset, connection, role, "plain")
        parquet.write(extract, draft, lambda text: None)
        told = {"rows": extract.rows, "schema": schema_string(extract.dataset), "statistics": _statistics(extract), "title": f"{dataset.title_zh} · {dataset.title_en}", "identifier": dataset.identifier}
    with draft.open("rb") as file:
        told |= {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": draft.stat().st_size}
    draft.replace(path)
    write_json(paper, told)


def schema_string(dataset: datasets.Dataset) -> str:
    """The schema as Spark writes it, with the labels as comments."""
    fields = [{"name": c.name, "type": _spark_type(c.type), "nullable": True, "metadata": {"comment": c.description} if c.description else {}} for c in dataset.columns]
    return json.dumps({"type": "struct", "fields": fields}, ensure_ascii=False)


def _spark_type(kind: str) -> str:
    return kind.lower() if kind.startswith("DECIMAL") else SPARK_TYPES[kind]


def _statistics(extract) -> str:
    """numRecords, minValues, maxValues and nullCount of the file action."""
    asked = ", ".join(f"min({n}), max({n}), count(*) - count({n})" for n in extract.names)
    row = extract.connection.execute(f"select {asked} from ({extract.select})").fetchone()
    told: dict[str, Any] = {"numRecords": extract.rows, "minValues": {}, "maxValues": {}, "nullCount": dict(zip(extract.names, row[2::3]))}
    for name, low, high in zip(extract.names, row[::3], row[1::3]):
        with contextlib.suppress(_NoBound):
            told["minValues"][name], told["maxValues"][name] = _bound(low), _bound(high)
    return json.dumps(told, ensure_ascii=False)


class _NoBound(ValueError):
    """Nothing can be said about the least or the greatest value."""


def _bound(value: Any) -> Any:
    if value is None or isinstance(value, bool) or isinstance(value, float) and value - value != 0 or isinstance(value, str) and len(value) > LONGEST_STATISTIC:
        raise _NoBound
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date | datetime) else value
