"""Delta tables as files: what the ingest kernel has written becomes part of a table in one commit that happens once.

The commit is delta-rs's, put-if-absent by a hard link: no version is ever given to two writers, as the default log store of the JVM does
on a local disk. The tables of bronze and judged have one writer at a time, the holder of their feed's lock; gold is written by dbt.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import deltalake
import pyarrow as pa
from deltalake.transaction import AddAction, CommitProperties, Transaction

from spark_jobs.faultpoint import faultpoint
from spark_jobs.files import sync

CHECKPOINT_EVERY = "20"  # commits
ARROW_TYPES = {
    "string": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "boolean": pa.bool_(),
    "array<string>": pa.list_(pa.string()),
}


@dataclass(frozen=True)
class DataFile:
    """A Parquet file in a table's folder that no commit has named yet."""

    name: str
    size_bytes: int
    rows: int


def commit_once(path: Path, columns: list[tuple[str, str]], files: list[DataFile], transaction: str) -> None:
    """Name the files in one commit, unless a commit of this transaction is there: a repeat after a crash adds nothing.

    `columns` are (name, SQL type); the table is made where there is none, and a column that the contract got since is added.
    """
    table = _opened(path, columns)
    if table.transaction_version(transaction) is not None:
        return
    now = int(time.time() * 1000)
    actions = [AddAction(file.name, file.size_bytes, {}, now, True, json.dumps({"numRecords": file.rows})) for file in files]
    table.create_write_transaction(actions, "append", table.schema(), commit_properties=CommitProperties(app_transactions=[Transaction(transaction, 1)]))
    for written in (path / "_delta_log" / f"{version(path):020d}.json", path / "_delta_log", path):  # the library leaves that to the next power cut
        sync(written)


def has(path: Path, transaction: str) -> bool:
    """Whether the transaction's commit is in the table."""
    return deltalake.DeltaTable.is_deltatable(str(path)) and deltalake.DeltaTable(path).transaction_version(transaction) is not None


def data_files(path: Path) -> list[str]:
    """The Parquet files of the table's last version; none where there is no table."""
    return sorted(deltalake.DeltaTable(path).file_uris()) if deltalake.DeltaTable.is_deltatable(str(path)) else []


def replace(path: Path, table: pa.Table) -> None:
    """Overwrite a small table, its schema included."""
    deltalake.write_deltalake(path, table, mode="overwrite", schema_mode="overwrite")


def version(path: Path) -> int | None:
    """Version of a Delta table on disk; None where there is no table."""
    versions = [int(p.stem) for p in (path / "_delta_log").glob("*.json") if p.stem.isdigit()]
    return max(versions) if versions else None


def finished(path: Path, rows: int) -> DataFile:
    """The file just written, synced to the disk, so that no commit can name bytes that a power cut takes away."""
    sync(path)
    return DataFile(path.name, path.stat().st_size, rows)


def _opened(path: Path, columns: list[tuple[str, str]]) -> deltalake.DeltaTable:
    wanted = pa.schema([(name, _arrow_type(kind)) for name, kind in columns])
    if not deltalake.DeltaTable.is_deltatable(str(path)):
        path.mkdir(parents=True, exist_ok=True)
        made = deltalake.DeltaTable.create(path, wanted, mode="ignore", configuration={"delta.checkpointInterval": CHECKPOINT_EVERY})
        faultpoint("table made")
        return made
    table = deltalake.DeltaTable(path)
    present = {field.name for field in table.schema().fields}
    missing = pa.schema([field for field in wanted if field.name not in present])
    if len(missing):
        table.alter.add_columns(deltalake.Schema.from_arrow(missing).fields)
    return table


def _arrow_type(kind: str) -> pa.DataType:
    if kind.startswith("decimal"):
        return pa.decimal128(*(int(part) for part in kind.removeprefix("decimal(").rstrip(")").split(",")))
    return ARROW_TYPES[kind]
