"""Measure what the gates judge: the ledger's counts for silver, one DuckDB query a rule for gold."""

from pathlib import Path

from expectations import gate
from expectations.contract import Feed
from spark_jobs.lake import delta_version
from spark_jobs.publish.duck import delta_reader
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
    return gate.run(suites, settings.home / "gates" / "silver.json")


def gold(settings: Settings) -> list[gate.Failure]:
    """Judge every rule of expectations/marts on the gold tables as they are now."""
    connection = delta_reader()
    for path in sorted((settings.lake / "gold").glob("*")):
        if delta_version(path) is not None:
            connection.execute(f"create view {path.name} as select * from delta_scan('{path}')")
    bounds = gate.mart_bounds()
    values = {bound.column: float(connection.execute(bound.query).fetchone()[0]) for bound in bounds}
    return gate.run({"gold": (values, bounds)}, _record(settings))


def _record(settings: Settings) -> Path:
    return settings.home / "gates" / "gold.json"
