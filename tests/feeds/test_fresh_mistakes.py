"""Whatever is typed wrongly into a field of any feed is found, under the name of that field, or of a rule that the contract lays on it.

A good row of the last delivery of each feed in the demonstration gets one cell changed; the kernel judges it.
"""

import re

import pyarrow as pa
import pytest

from expectations.contract import load_all
from expectations.feed import Feed, Field
from expectations.rules import checks, judged_query
from spark_jobs.duck import row_kernel
from spark_jobs.ingest import bronze, conform, functions, kernel, landing

pytestmark = [pytest.mark.service, pytest.mark.timeout(1500)]

MISTAKES = ("", "###", "-99999999999", "2099-13-45")
ANYTHING = {  # what may stand in these fields has no rule: remarks, and text of the standards themselves
    "population.movement": {"data_note"}, "legal_person.change": {"before_text", "after_text"}, "environment.air_quality": {"published_primary_pollutant"},
    "environment.pollutant_discharge": {"device_flag", "device_information", "serial_number", "parameter_value", "other_fields"},
    "reference.credit_catalogue": {"edition"}, "reference.division_change": {"basis", "event_id"},
    "reference.hj212_factor": {"code_of_2005", "unit", "load_unit", "remark"}, "reference.surface_water_limit": {"unit", "clause"},
}  # fmt: skip


@pytest.fixture(scope="module")
def tried(settings, ingested) -> dict[str, list]:
    """Feed → (field, what was typed, reasons, warnings)."""
    return {feed.id: mistakes(settings, feed) for feed in load_all().values()}


def test_what_is_typed_wrongly_is_found(tried):
    total, missed = 0, []
    for feed_id, tries in tried.items():
        for field, typed, reasons, warnings in tries:
            total += 1
            if not reasons + warnings and (typed or field.required and not field.transform):
                missed.append((feed_id, field.name, typed))
    print(f"fresh mistakes: {total - len(missed)} of {total} found or allowed, in {len(tried)} feeds")
    assert len(tried) >= 43
    assert total > 1200
    assert missed == [], "\n".join(map(str, missed))


def test_a_reason_names_the_field_or_a_rule_that_speaks_of_it(tried):
    for feed_id, tries in tried.items():
        feed = load_all()[feed_id]
        told = {check.code: f"{check.failing} {check.message_en}" for check in checks(feed)}
        for field, typed, reasons, _ in tries:
            derived = {f.name for f in feed.fields if f.transform and field.name in f.transform}
            names = {field.name, field.silver_name or field.name, *derived}
            if reasons:
                assert any(name in reason or name in told[reason] for reason in reasons for name in names), (feed_id, field.name, typed, reasons)


def mistakes(settings, feed: Feed) -> list[tuple[Field, str, list, list]]:
    job = job_of(settings, feed)
    with row_kernel(2) as connection:
        kernel._read(connection, job, 0)
        if feed.identifiers:
            kernel._open_identifiers(connection, job)
        rows = connection.execute("from delivered").to_arrow_table()
        functions.register(connection, job.key_file)
        codes, spellings = zip(*job.divisions)
        connection.register("known_divisions", pa.table({"division_code": codes, "spelling": spellings}))
        good = next(number for number, (reasons, _) in enumerate(judged(connection, feed, rows)) if not reasons)
        fields = [f for f in feed.text_fields if f.name not in ANYTHING.get(feed.id, ()) and is_read(feed, f)]
        changed = [(field, typed, with_text(rows.slice(good, 1), field.name, typed)) for field in fields for typed in MISTAKES]
        verdicts = judged(connection, feed, pa.concat_tables([row for *_, row in changed]))
        return [(field, typed, *verdict) for (field, typed, _), verdict in zip(changed, verdicts)]


def is_read(feed: Feed, field: Field) -> bool:
    """Whether anything comes of the field: it stands in silver, or something is derived from it or judged by it."""
    said = [f.transform for f in feed.fields if f.transform] + [rule.predicate for rule in feed.rules]
    return field.silver_name is not None or any(re.search(rf"\b(text_)?{field.name}\b", text) for text in said)


def job_of(settings, feed: Feed) -> kernel.Job:
    delivery, _ = landing.loaded(settings, feed.id)[-1]
    path = landing.landed_file(settings, delivery.sha256)
    return kernel.Job(feed, delivery, bronze.inspect(path, feed, delivery), path, conform.known_divisions(settings), settings.home)


def judged(connection, feed: Feed, rows: pa.Table) -> list[tuple[list, list]]:
    numbered = rows.set_column(rows.column_names.index("_ordinal"), "_ordinal", pa.array(range(len(rows)), pa.int64()))
    connection.register("tried", numbered)
    return connection.execute(f"select _reasons, _warnings from ({judged_query(feed, 'tried')}) order by _ordinal").fetchall()


def with_text(row: pa.Table, name: str, text: str) -> pa.Table:
    return row.set_column(row.column_names.index(name), pa.field(name, pa.string()), pa.array([text], pa.string()))
