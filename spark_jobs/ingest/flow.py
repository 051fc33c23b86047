"""The way of a delivery on one screen: inspect, read and judge, compare, commit, outcome. Every step may run again and changes nothing then."""

import shutil
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from expectations.feed import Feed
from expectations.rules import spark_type, uses_known_division
from spark_jobs import delta, integrity
from spark_jobs.faultpoint import faultpoint
from spark_jobs.files import exclusive
from spark_jobs.ingest import bronze, conform, kernel, landing, plausibility, sealing
from spark_jobs.ingest.engine import work_on_parts
from spark_jobs.ingest.findings import Finding
from spark_jobs.ingest.kernel import Job, Part
from spark_jobs.ingest.landing import Delivery
from spark_jobs.ingest.refusal import Refused
from spark_jobs.settings import Settings

WAIT_FOR_REFERENCE = 180  # seconds


@dataclass(frozen=True)
class Result:
    """Outcome of one delivery. `is_new` is False where it had been ingested before."""

    delivery: Delivery
    outcome: dict
    is_new: bool


class Held(Exception):
    """The delivery is readable and unusual: a steward decides. Nothing of it is committed."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(map(str, findings)))
        self.findings = findings


def ingest(settings: Settings, feed: Feed, deliveries: list[Delivery], progress=lambda text: None) -> list[Result]:
    """Take the deliveries through, holding the feed's lock. A refused delivery is recorded and does not stop the others."""
    with exclusive(settings.run / "locks" / f"{feed.id}.lock"):
        before = {d.delivery_id: _outcome(settings, d) for d in deliveries}
        if None in before.values() and uses_known_division(feed):
            _wait_for_reference(settings, progress)
        for delivery in deliveries:
            if before[delivery.delivery_id] is None:
                _ingest_one(settings, feed, delivery, progress)
        return [Result(d, _outcome(settings, d), before[d.delivery_id] is None) for d in deliveries]


def rehearse(settings: Settings, feed: Feed, path: Path, manifest: Path | None = None) -> list[dict]:
    """Judge a file as if it had been delivered, and write nothing. One entry a row, as kernel.rehearse gives them.

    Raises Refused where the file would be refused whole.
    """
    delivery = landing.imagine(feed, path, manifest)
    plan = bronze.inspect(path, feed, delivery)
    job = _job(settings, feed, delivery, plan, path, writes=False)
    return kernel.rehearse(job, conform.overruled(job, settings.lake / "judged" / feed.table))


def _ingest_one(settings: Settings, feed: Feed, delivery: Delivery, progress) -> None:
    try:
        outcome = _judge(settings, feed, delivery, progress)
    except Refused as fault:
        if fault.code == "REFERENCE_MISSING":  # the delivery is sound and waits
            raise
        _discard(settings, feed, delivery)
        landing.record_refusal(settings, delivery, fault)
        return
    except Held as held:
        faultpoint("before hold")
        _discard(settings, feed, delivery)
        landing.record_outcome(settings, delivery, {"status": "held", "findings": [finding.as_dict() for finding in held.findings]})
        return
    if any(code.startswith("MASKED") for code in outcome["warnings"]):
        outcome["notes"] = [*outcome.get("notes", []), sealing.seal(settings, feed, delivery, bronze.inspect(landing.landed_file(settings, delivery.sha256), feed, delivery))]
    faultpoint("before outcome")
    landing.record_outcome(settings, delivery, outcome)
    faultpoint("after outcome")


def _discard(settings: Settings, feed: Feed, delivery: Delivery) -> None:
    """Remove the files of a delivery that is not loaded; what a commit names stays."""
    shutil.rmtree(_staging(settings, delivery), ignore_errors=True)
    for table in (settings.lake / layer / feed.table for layer in ("bronze", "judged")):
        for path in table.glob(f"{delivery.delivery_id}-*.parquet") if not delta.has(table, delivery.delivery_id) else ():
            path.unlink()


def _judge(settings: Settings, feed: Feed, delivery: Delivery, progress) -> dict:
    """Bronze in one commit, then the judged rows in another; what a run that died has committed is not committed again."""
    started = time.monotonic()
    path = landing.landed_file(settings, delivery.sha256)
    plan = bronze.inspect(path, feed, delivery)
    faultpoint("inspected")
    seconds = {"inspect": time.monotonic() - started}
    job = _job(settings, feed, delivery, plan, path, writes=True)
    if delta.has(job.judged, delivery.delivery_id):  # an earlier run died before it could say so
        shutil.rmtree(job.staging, ignore_errors=True)
        return _outcome_of(plan.records, [kernel.committed(job)]) | {"seconds": seconds}
    progress(f"{feed.id} {delivery.file}: {plan.records:,} records, {len(plan.parts)} parts")
    parts = {part.number: part for part in work_on_parts(settings, job)}
    seconds |= {step: sum(part.seconds[step] for part in parts.values()) for step in ("bronze", "judge")}
    bronze_files = [part.bronze for part in parts.values()]
    compared = time.monotonic()
    for number, overruled in conform.overruled(job, job.judged).items():
        parts[number] = kernel.overrule(job, number, overruled)
    seconds["compare"] = time.monotonic() - compared
    odd = _hold_or_note(settings, feed, delivery, job, list(parts.values()))
    committed = time.monotonic()
    _commit(settings, feed, delivery, job, bronze_files, list(parts.values()))
    shutil.rmtree(job.staging)
    seconds["commit"] = time.monotonic() - committed
    return _outcome_of(plan.records, list(parts.values())) | {"notes": [*plan.notes, *_gaps(settings, feed, delivery), *map(str, odd)], "seconds": {step: round(taken, 3) for step, taken in seconds.items()}}


def _gaps(settings: Settings, feed: Feed, delivery: Delivery) -> list[str]:
    """Which deliveries of a numbered sequence have not come, though a later one has."""
    if "sequence" not in delivery.manifest:
        return []
    came = {d.manifest["sequence"] for d, _ in landing.ledger(settings, feed.id) if "sequence" in d.manifest}
    missing = [str(number) for number in range(min(came), delivery.manifest["sequence"]) if number not in came]
    return [f"SEQUENCE_GAP: numbers {', '.join(missing)} have not come yet; ask {feed.owner} for them"] if missing else []


def _hold_or_note(settings: Settings, feed: Feed, delivery: Delivery, job: Job, parts: list[Part]) -> list[Finding]:
    """What is odd and may pass. Raises Held with everything unusual, unless a steward has accepted the delivery, or an earlier run has let it pass
    and committed its text."""
    if job.bronze is None:
        return []
    found = plausibility.findings(job, parts, landing.loaded(settings, feed.id))
    if any(finding.holds for finding in found) and not landing.accepted(settings, delivery):
        raise Held([finding for finding in found if finding.holds])
    return found


def _commit(settings: Settings, feed: Feed, delivery: Delivery, job: Job, bronze_files: list, parts: list[Part]) -> None:
    written = [job.judged / part.judged.name for part in parts] + [job.bronze / file.name for file in bronze_files if job.bronze]
    faultpoint("before ledger")
    integrity.record(settings, {path: path for path in written})
    faultpoint("after ledger")
    faultpoint("before bronze commit")
    if job.bronze:
        delta.commit_once(job.bronze, bronze.columns(feed), bronze_files, delivery.delivery_id)
    faultpoint("after bronze commit")
    silver = [(f.silver_name, spark_type(f)) for f in feed.silver_fields]
    faultpoint("before judged commit")
    delta.commit_once(job.judged, silver + kernel.VERDICT_COLUMNS, [part.judged for part in parts], delivery.delivery_id)
    faultpoint("after judged commit")


def _job(settings: Settings, feed: Feed, delivery: Delivery, plan, path: Path, writes: bool) -> Job:
    divisions = conform.known_divisions(settings) if uses_known_division(feed) else ()
    job = Job(feed, delivery, plan, path, divisions, settings.home)
    settings.secret(job.key_file.name)  # made on first use; whoever needs it reads it from its file, it never travels
    if not writes:
        return job
    text, judged = (settings.lake / layer / feed.table for layer in ("bronze", "judged"))
    has_text = delta.has(text, delivery.delivery_id)  # an earlier run died after it
    return replace(job, bronze=None if has_text else text, judged=judged, staging=_staging(settings, delivery))


def _staging(settings: Settings, delivery: Delivery) -> Path:
    return settings.lake / "staging" / delivery.delivery_id


def _outcome_of(records: int, parts: list[Part]) -> dict:
    verdicts = sum((part.verdicts for part in parts), Counter())
    return {
        "status": "loaded",
        "records": records,
        "rows_in": verdicts.total(),
        "rows_loaded": verdicts["loaded"],
        "rows_quarantined": verdicts["quarantined"],
        "rows_repeated": verdicts["repeated"],
        "reasons": dict(sum((part.reasons for part in parts), Counter())),
        "warnings": dict(sum((part.warnings for part in parts), Counter())),
    }


def _outcome(settings: Settings, delivery: Delivery) -> dict | None:
    return landing.outcome(landing.delivery_folder(settings, delivery.feed, delivery.delivery_id))


def _wait_for_reference(settings: Settings, progress) -> None:
    """Where division lists have been received and not loaded yet, wait for them: rules of this feed look divisions up."""
    deadline = time.monotonic() + WAIT_FOR_REFERENCE
    while landing.pending(settings, "reference.division") and time.monotonic() < deadline:
        progress("waiting for reference.division, which is on its way")
        time.sleep(1)
