"""Rows that wait because they name what no other feed knows yet: a penalty of an enterprise that is not registered, a branch without its parent.

They are loaded and judged good, and silver leaves them out until the other feed knows (silver.py). After PATIENCE days somebody has to ask.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import duckdb

from expectations.feed import Feed
from spark_jobs import delta, silver
from spark_jobs.duck import delta_reader
from spark_jobs.settings import Settings

PATIENCE = 30  # days
COLUMNS = ["feed", "delivery_id", "row", "field", "value", "unknown_to", "days", "is_overdue", "owner"]


def rows(settings: Settings, feeds: list[Feed], limit: int) -> tuple[list[str], list[tuple]]:
    """The parked rows of the feeds, those that wait longest first."""
    found, connection = [], delta_reader()
    for feed in feeds:
        targets = {f.silver_name: ", ".join(table.replace("__", ".", 1) for table, _ in f.references) for f in feed.references}
        for delivery_id, row, name, value, received_at in _parked(connection, settings, feed, "_delivery_id, _row, _field, _value, _received_at"):
            days = (datetime.now(UTC) - received_at).days
            found.append((feed.id, delivery_id, row, name, value, targets[name], days, days > PATIENCE, feed.owner))
    return COLUMNS, sorted(found, key=lambda line: -line[6])[:limit]


def counts(settings: Settings, feeds: Iterable[Feed]) -> dict[str, int]:
    """Feed → how many of its rows are parked."""
    connection, found = delta_reader(), {}
    for feed in feeds:
        ((found[feed.id],),) = _parked(connection, settings, feed, "count(distinct (_delivery_id, _row, _ordinal))") or [(0,)]
    return found


def _parked(connection: duckdb.DuckDBPyConnection, settings: Settings, feed: Feed, columns: str) -> list[tuple]:
    judged = settings.lake / "judged"
    if not feed.references or delta.version(judged / feed.table) is None:
        return []
    tables = {feed.table, *(table for field in feed.references for table, _ in field.references)}
    relations = {table: f"delta_scan('{judged / table}')" for table in tables if delta.version(judged / table) is not None}
    return connection.execute(f"select {columns} from ({silver.parked(feed, relations.get)}) as waiting").fetchall()
