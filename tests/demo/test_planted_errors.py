"""One synthetic department of each shape of file through the whole way, without an engine: every planted error is found, every row accounted for."""

import json
from pathlib import Path

import pytest

from expectations.contract import load_feed
from infra.demo import deliver
from spark_jobs.duck import delta_reader
from spark_jobs.ingest import flow, landing
from spark_jobs.settings import Settings

pytestmark = pytest.mark.service  # takes time; needs no service of the stack

SIZES = {"enterprises": 4_000, "penalties": 0, "residents": 8_000, "households": 600, "office_records": 400, "months": 33, "industries": 4, "energy_units": 20}
SHAPES = {  # the service tests bring in all departments
    "legal_person/annual_report",  # GB18030 between semicolons
    "population/household",  # citizen numbers
    "credit/dishonest_debtor",  # JSON
    "economy/consumption",  # title, unit and footer lines; one column a convention
    "economy/investment",  # a workbook with the divisions across
    "economy/gdp_regional",  # quarters since January, conventions and units beside them
    "economy/industry_output",  # a classification of industries
    "economy/power",  # tabs with a trailing one; one column a month
}
SEED = 5


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    """A lake that knows the divisions."""
    settings = Settings(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("env"), 0)
    ingest(settings, "reference.division", sorted((deliver.DATA / "reference/division").glob("*.tsv")))
    return settings


@pytest.mark.parametrize("job", [job for job in deliver.JOBS if job[0] in SHAPES], ids=lambda job: job[0])
def test_every_planted_error_is_found_under_its_own_code(settings, tmp_path, job):
    feed, write, parameters = job
    sent = write(tmp_path / feed, tmp_path / "planted", seed=SEED, **{parameter: SIZES[size] for parameter, size in parameters.items()})
    results = ingest(settings, feed.replace("/", "."), sent)
    assert len(results) == len(sent) >= 2
    planted_everywhere = 0
    for path, result in zip(sent, results, strict=True):
        outcome = result.outcome
        assert outcome["status"] == "loaded", outcome["findings"]
        assert outcome["rows_in"] == outcome["rows_loaded"] + outcome["rows_quarantined"] + outcome["rows_repeated"] > 0
        planted = json.loads((tmp_path / "planted" / f"{path.name}.planted.json").read_text())
        rows = judged(settings, result.delivery)
        assert [one for one in planted if not found(rows, one)] == []
        strange = {row for row, verdict, _, _ in rows if verdict == "quarantined"} - {one["line"] for one in planted}
        assert not strange, "a record that nobody spoilt was turned away"
        assert outcome["rows_quarantined"] < 0.1 * outcome["rows_in"]
        planted_everywhere += len(planted)
    assert planted_everywhere > 10


def ingest(settings: Settings, feed_id: str, paths: list[Path]) -> list[flow.Result]:
    feed = load_feed(feed_id)
    deliveries = [landing.receive(settings, feed, path)[0] for path in paths]
    return flow.ingest(settings, feed, deliveries)


def judged(settings: Settings, delivery: landing.Delivery) -> list[tuple]:
    table = settings.lake / "judged" / delivery.feed.replace(".", "__")
    return delta_reader().execute(f"select _row, _verdict, _reasons, _original from delta_scan('{table}') where _delivery_id = ?", [delivery.delivery_id]).fetchall()


def found(rows: list[tuple], planted: dict) -> bool:
    """Whether a row (of a matrix: a cell) of the planted line has the outcome and the code of the list."""
    rows = [row for row in rows if row[0] == planted["line"]]
    if planted["outcome"] == "repeated":
        return any(verdict == "repeated" for _, verdict, _, _ in rows)
    return any(verdict == "quarantined" and planted["expected_reason_code"] in reasons and original for _, verdict, reasons, original in rows)
