"""One line a feed, from the ledger alone."""

from datetime import UTC, datetime

from expectations.feed import Feed
from spark_jobs.ingest import landing, parking
from spark_jobs.settings import Settings

COLUMNS = ["feed", "name", "owner", "kind", "every_days", "promised_h", "deliveries", "last_delivery", "age_h", "fresh", "rows_loaded", "quarantined", "parked", "held", "refused", "waiting"]


def feeds(settings: Settings, contracts: dict[str, Feed], now: datetime | None = None) -> tuple[list[str], list[tuple]]:
    """Owner, timetable, last delivery and its age in hours, whether the promise is kept, rows loaded, quarantined and parked, deliveries held and refused."""
    entries, parked, now = landing.ledger(settings), parking.counts(settings, contracts.values()), now or datetime.now(UTC)
    return COLUMNS, [_line(feed, [e for e in entries if e[0].feed == feed.id], parked[feed.id], now) for feed in contracts.values()]


def _line(feed: Feed, entries: list, parked: int, now: datetime) -> tuple:
    outcomes = [outcome for _, outcome in entries if outcome]
    loaded = [o for o in outcomes if o["status"] == "loaded"]
    last = entries[-1][0].received_at if entries else None
    age = (now - datetime.fromisoformat(last)).total_seconds() / 3600 if last else None
    promised = feed.frequency_days * 24 + feed.latency_hours
    fresh = "never" if age is None else "yes" if age <= promised else "LATE"
    return (
        feed.id, feed.name, feed.owner, feed.kind, round(feed.frequency_days, 2), round(promised, 1), len(entries), last and last[:16], age and round(age, 1), fresh,
        sum(o["rows_loaded"] for o in loaded), sum(o["rows_quarantined"] for o in loaded), parked, *(sum(o["status"] == status for o in outcomes) for status in ("held", "refused")), len(entries) - len(outcomes),
    )  # fmt: skip
