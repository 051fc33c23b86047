"""Disclosure control: the one place through which rows pass before anything is written or handed to readers outside."""

import duckdb
import pyarrow as pa

from spark_jobs.publish.dataset import Dataset
from spark_jobs.publish.query import QueryRefused
from spark_jobs.settings import Settings


def leaving(settings: Settings, dataset: Dataset, connection: duckdb.DuckDBPyConnection) -> str:
    """The relation that holds the whole table as it may leave: `dataset.select_from` narrows it. Raises QueryRefused where the table may not leave.

    For readers outside the whole table is protected first, and only then narrowed to a day and a condition: many narrow questions never add up to what one wide
    question hides.
    """
    if leaves_unchanged(dataset.name, dataset.role):
        return dataset.relation
    connection.register("protected", protect(settings, dataset, connection.execute(f"from {dataset.relation}").to_arrow_table()))
    return "temp.main.protected"


def leaves_unchanged(table: str, role: str) -> bool:
    """Whether infra/disclosure.yaml lets every row and column go to the role."""
    from spark_jobs.publish.disclosure import rules

    return rules.leaves_unchanged(table, role)


def protect(settings: Settings, dataset: Dataset, rows: pa.Table) -> pa.Table:
    """The rows of a whole table as they may leave."""
    from spark_jobs.publish.disclosure import door  # solvers: only where something is to be protected

    try:
        return door.protect(settings, dataset.name, rows, dataset.role, dataset.release["release_id"]).frame
    except door.Refused as refused:
        raise QueryRefused(str(refused)) from refused
