"""What the formats write: the rows of a dataset behind one select, after disclosure control, and what is said about them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from spark_jobs.publish.dataset import Column, Dataset
from spark_jobs.publish.export.protection import leaving
from spark_jobs.publish.query import QueryRefused
from spark_jobs.settings import Settings

STATUS = ("观测状态；SDMX CL_OBS_STATUS，A 正常，E 取整，Q 隐去", "Observation status; SDMX CL_OBS_STATUS, A normal, E rounded, Q suppressed")
BATCH = 20_000  # rows that a format written row by row holds at once
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Extract:
    """Rows in their final order. `recipient` is written into every file: a copy that is passed on says whose it was."""

    dataset: Dataset
    connection: duckdb.DuckDBPyConnection
    relation: str  # the whole table
    select: str  # what was asked for, out of it
    rows: int
    recipient: str
    ids: str = "plain"  # or "excel": see formats/csv.py

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.dataset.columns]

    def batches(self, select: str | None = None) -> Iterator[pa.RecordBatch]:
        yield from self.connection.execute(select or self.select).to_arrow_reader(BATCH)

    def mark(self) -> dict[str, str]:
        """Name → text: what stands in the metadata of every file."""
        dataset = self.dataset
        told = {"title_zh": dataset.title_zh, "title_en": dataset.title_en, "identifier": dataset.identifier, "release": dataset.release["release_id"], "released_at": dataset.release["released_at"]}
        return told | {"as_of": str(dataset.as_of or ""), "recipient": self.recipient, "source": dataset.source}


def as_it_leaves(dataset: Dataset, described: list[tuple]) -> Dataset:
    """The dataset with the columns that disclosure control left, and those that it added."""
    known = {column.name: column for column in dataset.columns}
    columns = [known.get(name) or Column(name, kind, *STATUS, " · ".join(STATUS), "", False) for name, kind, *_ in described]
    return dataset if columns == dataset.columns else replace(dataset, columns=columns, key=[name for name in dataset.key if name in {column.name for column in columns}])


def extracted(settings: Settings, dataset: Dataset, connection: duckdb.DuckDBPyConnection, recipient: str, ids: str) -> Extract:
    """The rows as they may leave, after disclosure control."""
    relation = leaving(settings, dataset, connection)
    dataset = as_it_leaves(dataset, connection.execute(f"describe {relation}").fetchall())
    select = dataset.select_from(relation)
    try:
        rows = connection.execute(f"select count(*) from ({select})").fetchone()[0]
    except duckdb.BinderException as fault:
        raise QueryRefused(f"{str(fault).splitlines()[0]}; the columns that leave are {', '.join(column.name for column in dataset.columns)}") from fault
    return Extract(dataset, connection, relation, select, rows, recipient, ids)
