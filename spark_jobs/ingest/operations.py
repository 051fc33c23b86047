"""The ledger of deliveries as silver tables, so that the quality of the data is a mart like any other."""

import pyarrow as pa

from expectations.feed import Feed
from expectations.rules import Check, checks
from spark_jobs import delta
from spark_jobs.faultpoint import faultpoint
from spark_jobs.ingest import landing, parking
from spark_jobs.settings import Settings

PHYSICAL = "文件结构缺陷 (physical defect of the file)"
KEY_CONFLICT = Check("KEY.CONFLICT", "", "contract", "error", "主键相同而内容不同", "two rows have one key and different content")
MOMENT = pa.timestamp("us", tz="UTC")
DELIVERY = pa.schema(
    [(n, pa.string()) for n in ("delivery_id", "feed", "file", "sha256")]
    + [("size_bytes", pa.int64()), ("received_at", MOMENT), ("known_at", MOMENT), ("status", pa.string()), ("refusal_codes", pa.list_(pa.string()))]
    + [(n, pa.int64()) for n in ("rows_in", "rows_loaded", "rows_quarantined", "rows_repeated")]
    + [(n, pa.float64()) for n in ("receive_seconds", "bronze_seconds", "silver_seconds")]
    + [("finished_at", MOMENT)]
)
QUARANTINE = pa.schema(
    [(n, pa.string()) for n in ("delivery_id", "feed", "reason_code", "method", "owner", "message_zh", "message_en")] + [("quarantined_rows", pa.int64())]
)
FEED = pa.schema(
    [(n, pa.string()) for n in ("feed", "name_zh", "name_en", "owner", "kind", "schedule")]
    + [("frequency_days", pa.float64()), ("latency_hours", pa.float64()), ("is_synthetic", pa.bool_()), ("parked_rows", pa.int64())]
)


def write(settings: Settings, feeds: dict[str, Feed]) -> None:
    """Replace silver.operations__delivery, __quarantine and __feed by what the ledger and the contracts say now."""
    entries, parked = landing.ledger(settings), parking.counts(settings, feeds.values())
    tables = {
        "operations__delivery": pa.Table.from_pylist([_delivery(d, o or {}) for d, o in entries], DELIVERY),
        "operations__quarantine": pa.Table.from_pylist([row for d, o in entries for row in _quarantine(feeds[d.feed], d, o or {})], QUARANTINE),
        "operations__feed": pa.Table.from_pylist([_feed(f, parked[f.id]) for f in feeds.values()], FEED),
    }
    for name, table in tables.items():
        delta.replace(settings.lake / "silver" / name, table)
        faultpoint("operations table written")


def state(settings: Settings, feeds: dict[str, Feed]) -> dict:
    """What a build depends on: the version of every judged table and the ended deliveries. Equal states need no second build."""
    versions = {feed.id: delta.version(settings.lake / "judged" / feed.table) for feed in feeds.values()}
    ended = sorted(d.delivery_id for d, o in landing.ledger(settings) if o)
    return {"judged": {k: v for k, v in versions.items() if v is not None}, "deliveries": ended}


def _delivery(delivery: landing.Delivery, outcome: dict) -> dict:
    seconds = outcome.get("seconds", {})
    return {
        "delivery_id": delivery.delivery_id,
        "feed": delivery.feed,
        "file": delivery.file,
        "sha256": delivery.sha256,
        "size_bytes": delivery.size_bytes,
        "received_at": landing.moment(delivery.received_at),
        "known_at": landing.moment(delivery.known_at),
        "status": outcome.get("status", "received"),
        "refusal_codes": [outcome["refusal"]["code"]] if "refusal" in outcome else [],
        **{n: outcome.get(n, 0) for n in ("rows_in", "rows_loaded", "rows_quarantined", "rows_repeated")},
        "receive_seconds": delivery.receive_seconds,
        "bronze_seconds": seconds.get("inspect", 0.0) + seconds.get("bronze", 0.0),
        "silver_seconds": sum(seconds.get(step, 0.0) for step in ("judge", "compare", "commit")),
        "finished_at": landing.moment(outcome["finished_at"]) if outcome else None,
    }


def _quarantine(feed: Feed, delivery: landing.Delivery, outcome: dict) -> list[dict]:
    known = {check.code: check for check in [*checks(feed), KEY_CONFLICT]}
    rows = []
    for code, count in outcome.get("reasons", {}).items():
        check = known.get(code)
        rows.append(
            {
                "delivery_id": delivery.delivery_id,
                "feed": feed.id,
                "reason_code": code,
                "method": check.method if check else "contract",
                "owner": feed.owner,
                "message_zh": check.message_zh if check else PHYSICAL,
                "message_en": check.message_en if check else PHYSICAL,
                "quarantined_rows": count,
            }
        )
    return rows


def _feed(feed: Feed, parked: int) -> dict:
    return {
        "feed": feed.id,
        "name_zh": feed.name,
        "name_en": feed.name_en,
        "owner": feed.owner,
        "kind": feed.kind,
        "schedule": feed.schedule,
        "frequency_days": feed.frequency_days,
        "latency_hours": feed.latency_hours,
        "is_synthetic": feed.synthetic,
        "parked_rows": parked,
    }
