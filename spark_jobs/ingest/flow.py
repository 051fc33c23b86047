"""The way of a delivery on one screen: inspect, bronze, judge, silver, outcome. Every step may run again and changes nothing then."""

import time
from dataclasses import dataclass
from pathlib import Path

from expectations.contract import Feed
from expectations.rules import uses_known_division
from spark_jobs.faultpoint import faultpoint
from spark_jobs.files import exclusive
from spark_jobs.ingest import bronze, conform, landing, silver
from spark_jobs.ingest.landing import Delivery
from spark_jobs.ingest.refusal import Refused
from spark_jobs.lake import session
from spark_jobs.settings import Settings

WAIT_FOR_REFERENCE = 180  # seconds
SMALL_ROWS = 200_000


@dataclass(frozen=True)
class Result:
    """Outcome of one delivery. `is_new` is False where it had been ingested before."""

    delivery: Delivery
    outcome: dict
    is_new: bool


def ingest(settings: Settings, feed: Feed, deliveries: list[Delivery], progress=lambda text: None) -> list[Result]:
    """Take the deliveries through, one after the other, holding the feed's lock. A refused delivery is recorded and does not stop the others."""
    with exclusive(settings.run / "locks" / f"{feed.id}.lock"):
        known = {d.delivery_id: landing.outcome(landing.delivery_folder(settings, feed.id, d.delivery_id)) for d in deliveries}
        waiting = [d for d in deliveries if known[d.delivery_id] is None]
        if waiting:
            if uses_known_division(feed):
                _wait_for_reference(settings, progress)
            with session(settings) as spark:
                for delivery in waiting:
                    known[delivery.delivery_id] = _ingest_one(spark, settings, feed, delivery, progress)
        return [Result(d, known[d.delivery_id], d in waiting) for d in deliveries]


def rehearse(settings: Settings, feed: Feed, path: Path, manifest: Path | None = None) -> list[dict]:
    """Judge a file as if it had been delivered, and write nothing. One entry a row: `row`, `verdict`, `reasons`, `warnings`, `original`.

    Raises Refused where the file would be refused whole.
    """
    delivery = landing.imagine(feed, path, manifest)
    plan = bronze.inspect(path, feed, delivery)
    with session(settings) as spark:
        _tune(spark, plan.records)
        bronze.rehearsed(spark, path, feed, delivery, plan).createOrReplaceTempView("delivered")
        return conform.rehearse(spark, settings, feed, delivery)


def _ingest_one(spark, settings: Settings, feed: Feed, delivery: Delivery, progress) -> dict:
    clock = _Clock()
    try:
        progress(f"{feed.id} {delivery.file}: reading")
        path = landing.landed_file(settings, delivery.sha256)
        plan = bronze.inspect(path, feed, delivery)
        clock.lap("inspect")
        progress(f"{feed.id} {delivery.file}: {plan.records:,} records to bronze")
        _tune(spark, plan.records * (len(plan.headers) if feed.dialect_for(delivery.file).unpivot else 1))
        bronze.load(spark, settings, path, feed, delivery, plan)
        clock.lap("bronze")
        progress(f"{feed.id} {delivery.file}: judging")
        counts = conform.judge(spark, settings, feed, delivery)
        clock.lap("judge")
        silver.write(spark, settings, feed, delivery)
        clock.lap("silver")
    except Refused as fault:
        if fault.code == "REFERENCE_MISSING":  # the delivery is sound and waits
            raise
        landing.record_refusal(settings, delivery, fault)
    else:
        faultpoint("before outcome")
        landing.record_outcome(settings, delivery, _loaded(counts, plan, clock))
    return landing.outcome(landing.delivery_folder(settings, feed.id, delivery.delivery_id))


def _tune(spark, rows: int) -> None:
    """For a small delivery the planning and compiling of a query costs more than its work: one partition, no compiled stages."""
    small = rows < SMALL_ROWS
    spark.conf.set("spark.sql.shuffle.partitions", "1" if small else "4")
    spark.conf.set("spark.sql.adaptive.enabled", "false" if small else "true")
    spark.conf.set("spark.sql.codegen.wholeStage", "false" if small else "true")
    spark.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN" if small else "FALLBACK")


def _loaded(counts: conform.Counts, plan, clock: "_Clock") -> dict:
    return {
        "status": "loaded",
        "records": plan.records,
        "rows_in": counts.rows_in,
        "rows_loaded": counts.loaded,
        "rows_quarantined": counts.quarantined,
        "rows_repeated": counts.repeated,
        "reasons": counts.reasons,
        "warnings": counts.warnings,
        "seconds": clock.laps,
    }


def _wait_for_reference(settings: Settings, progress) -> None:
    """Where division lists have been received and not loaded yet, wait for them: rules of this feed look divisions up."""
    deadline = time.monotonic() + WAIT_FOR_REFERENCE
    while landing.pending(settings, "reference.division") and time.monotonic() < deadline:
        progress("waiting for reference.division, which is on its way")
        time.sleep(1)


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name], self._last = round(now - self._last, 3), now
