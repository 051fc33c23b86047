"""Measure what the gates judge: the ledger's counts for silver, one DuckDB query a rule for gold."""

from pathlib import Path

from expectations import gate
from expectations.feed import Feed
from spark_jobs import delta
from spark_jobs import silver as silver_view
from spark_jobs.duck import delta_reader
from spark_jobs.settings import Settings

LARGEST_QUARANTINED_SHARE = 0.10  # of a delivery; above it the delivery is not what the contract describes


def silver(settings: Settings, feeds: dict[str, Feed], outcomes: list[tuple[str, dict]]) -> list[gate.Failure]:
    """Judge the deliveries given as (feed id, outcome) that were loaded: conservation of rows and the share in quarantine.

    A share that a steward has accepted, with name and reason, is a warning.
    """
    suites = {}
    for feed_id, outcome in outcomes:
        rows = outcome["rows_in"]
        values = {
            "unaccounted_rows": rows - outcome["rows_loaded"] - outcome["rows_quarantined"] - outcome["rows_repeated"],
            "quarantined_share": outcome["rows_quarantined"] / rows if rows else 0.0,
        }
        owner = feeds[feed_id].owner
        reasons = ", ".join(f"{code} {count}" for code, count in outcome["reasons"].items()) or "none"
        bounds = [
            gate.Bound("unaccounted_rows", 0, 0, "ROWS-ACCOUNTED", "error", "数据平台", "rows in = loaded + quarantined + repeated"),
            gate.Bound("quarantined_share", 0, LARGEST_QUARANTINED_SHARE, "QUARANTINED-SHARE", "warning" if outcome.get("accepted") else "error", owner, f"reasons: {reasons}"),
        ]
        suites[f"{feed_id}/{outcome['delivery_id']}"] = (values, bounds)
    connection = delta_reader()
    for feed_id in {feed_id for feed_id, _ in outcomes}:
        suites[f"silver.{feeds[feed_id].table}"] = _table(connection, settings, feeds[feed_id])
    return gate.run(suites, settings.home / "gates" / "silver.json")


def _table(connection, settings: Settings, feed: Feed) -> tuple[dict[str, float], list[gate.Bound]]:
    """What a silver table must be, whatever was delivered: it has rows, the columns of the contract, and no fact stands in it twice."""
    relations = {path.name: f"delta_scan('{path}')" for path in (settings.lake / "judged").iterdir() if delta.version(path) is not None}
    source = f"({silver_view.query(feed, relations.get)})"
    present = {name for name, *_ in connection.execute(f"describe select * from {source}").fetchall()}
    identity = ", ".join(silver_view.identity(feed))
    values = {
        "rows": connection.execute(f"select count(*) from {source}").fetchone()[0],
        "missing_columns": len({f.silver_name for f in feed.silver_fields} - present),
        "facts_twice": connection.execute(f"select count(*) from (select 1 from {source} group by {identity} having count(*) > 1)").fetchone()[0],
    }
    bounds = [
        gate.Bound("rows", 1, None, "TABLE-HAS-ROWS", "warning" if feed.references else "error", feed.owner, "the silver table is not empty"),  # all of it may be parked
        gate.Bound("missing_columns", 0, 0, "TABLE-HAS-COLUMNS", "error", "数据平台", "every column of the contract is there"),
        gate.Bound("facts_twice", 0, 0, "FACT-ONCE", "error", "数据平台", f"one row for each {identity}"),
    ]
    return values, bounds


def gold(settings: Settings) -> list[gate.Failure]:
    """Judge every rule of expectations/marts on the gold tables as they are now."""
    connection = delta_reader()
    for path in sorted((settings.lake / "gold").glob("*")):
        if delta.version(path) is not None:
            connection.execute(f"create view {path.name} as select * from delta_scan('{path}')")
    bounds = gate.mart_bounds()
    values = {bound.column: float(connection.execute(bound.query).fetchone()[0]) for bound in bounds}
    return gate.run({"gold": (values, bounds)}, _record(settings))


def _record(settings: Settings) -> Path:
    return settings.home / "gates" / "gold.json"
