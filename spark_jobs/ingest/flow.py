"""The way of a delivery on one screen: inspect, bronze, judge, silver, outcome. Every step may run again and changes nothing then."""

import time
from collections.abc import Iterator
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
TOGETHER = 50  # deliveries between two writes of silver


@dataclass(frozen=True)
class Result:
    """Outcome of one delivery. `is_new` is False where it had been ingested before."""

    delivery: Delivery
    outcome: dict
    is_new: bool


def ingest(settings: Settings, feed: Feed, deliveries: list[Delivery], progress=lambda text: None) -> list[Result]:
    """Take the deliveries through, holding the feed's lock. A refused delivery is recorded and does not stop the others.

    Whatever else waits for the feed is taken along: the silver table is then written once for all of them.
    """
    with exclusive(settings.run / "locks" / f"{feed.id}.lock"):
        before = {d.delivery_id: _outcome(settings, d) for d in deliveries}
        if None in before.values():
            if uses_known_division(feed):
                _wait_for_reference(settings, progress)
            with session(settings) as spark:
                for some in batched(landing.pending(settings, feed.id), TOGETHER):
                    _ingest_together(spark, settings, feed, some, progress)
        return [Result(d, _outcome(settings, d), before[d.delivery_id] is None) for d in deliveries]


def rehearse(settings: Settings, feed: Feed, path: Path, manifest: Path | None = None) -> list[dict]:
    """Judge a file as if it had been delivered, and write nothing. One entry a row: `row`, `verdict`, `reasons`, `warnings`, `original`.

    Raises Refused where the file would be refused whole.
    """
    delivery = landing.imagine(feed, path, manifest)
    plan = bronze.inspect(path, feed, delivery)
    with session(settings) as spark:
        _tune(spark, plan.records)
        bronze.read_here(spark, path, feed, delivery, plan).createOrReplaceTempView("delivered")
        return conform.rehearse(spark, settings, feed, delivery)


def _ingest_together(spark, settings: Settings, feed: Feed, deliveries: tuple[Delivery, ...], progress) -> None:
    """Judge each delivery in its own commit, write silver once, then record what became of each."""
    judged = []
    for delivery in deliveries:
        try:
            judged.append((delivery, _judge_one(spark, settings, feed, delivery, progress)))
        except Refused as fault:
            if fault.code == "REFERENCE_MISSING":  # the delivery is sound and waits
                raise
            landing.record_refusal(settings, delivery, fault)
    if not judged:
        return
    progress(f"{feed.id}: writing silver from {len(judged)} deliveries")
    started = time.monotonic()
    silver.write(spark, settings, feed, [delivery for delivery, _ in judged], landing.loaded(settings, feed.id))
    seconds = round((time.monotonic() - started) / len(judged), 3)
    faultpoint("before outcome")
    for delivery, result in judged:
        landing.record_outcome(settings, delivery, result | {"seconds": result["seconds"] | {"silver": seconds}})


def _judge_one(spark, settings: Settings, feed: Feed, delivery: Delivery, progress) -> dict:
    clock = _Clock()
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


def _outcome(settings: Settings, delivery: Delivery) -> dict | None:
    return landing.outcome(landing.delivery_folder(settings, delivery.feed, delivery.delivery_id))


def batched(items: list, size: int) -> Iterator[tuple]:
    """The items in tuples of at most `size` (itertools.batched is not in Python 3.11)."""
    yield from (tuple(items[start : start + size]) for start in range(0, len(items), size))


def _tune(spark, rows: int) -> None:
    """For a small delivery the planning and compiling of a query costs more than its work: one partition, no compiled stages."""
    small = rows < SMALL_ROWS
    spark.conf.set("spark.sql.shuffle.partitions", "1" if small else "4")
    spark.conf.set("spark.sql.adaptive.enabled", "false" if small else "true")
    spark.conf.set("spark.sql.codegen.wholeStage", "false" if small else "true")
    spark.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN" if small else "FALLBACK")


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
