"""What the formats write: the rows of a dataset behind one select, after disclosure control, and what is said about them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from spark_jobs.publish.dataset import Dataset
from spark_jobs.publish.export.protection import leaving
from spark_jobs.settings import Settings

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


def extracted(settings: Settings, dataset: Dataset, connection: duckdb.DuckDBPyConnection, recipient: str, ids: str) -> Extract:
    """The rows as they may leave, after disclosure control."""
    relation = leaving(settings, dataset, connection)
    select = dataset.select_from(relation)
    rows = connection.execute(f"select count(*) from ({select})").fetchone()[0]
    return Extract(dataset, connection, relation, select, rows, recipient, ids)
