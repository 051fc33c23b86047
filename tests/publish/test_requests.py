"""A table that the policy does not open: asked for, decided by the department that owns it, and rounded before it leaves."""

import csv
import json
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from spark_jobs.publish import policy, release, requests
from spark_jobs.publish.export.run import Request, export
from spark_jobs.publish.query import QueryRefused
from spark_jobs.settings import Settings
from tests.publish.conftest import data_file

STOCK, OWNER, PURPOSE = "mart_legal_person__stock", "department_market", "dissertation on births of firms"
COUNTIES = [("450102", "450100"), ("450103", "450100"), ("450302", "450300")]
FLOWS = ("births_enterprises", "deaths_enterprises", "moved_in_enterprises", "moved_out_enterprises")


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Settings:
    """A release with the stock of three counties by two sections."""
    folder = tmp_path_factory.mktemp("requests")
    settings = Settings(home=folder, environments=folder, port=9)
    cells = [(county, city, section, count) for (county, city), counts in zip(COUNTIES, [(1, 7), (2, 20), (5, 1)]) for section, count in zip("AC", counts)]
    columns = {"month": [date(2024, 6, 1)] * 6, "division_code": [c[0] for c in cells], "prefecture_code": [c[1] for c in cells], "section_code": [c[2] for c in cells], "stock_enterprises": [c[3] for c in cells]}
    write_deltalake(folder / "lake" / "gold" / STOCK, pa.table(columns | {flow: [1] * 6 for flow in FLOWS}))
    write_deltalake(folder / "lake" / "gold" / "mart_economy__gdp", pa.table({"division_code": ["450000"], "value": [1.0]}))
    release.publish(settings, {})
    return settings


@pytest.fixture
def asked(home) -> requests.DataRequest:
    return requests.ask(home, STOCK, "researcher", PURPOSE, 30)


def take(home, tmp_path, request: requests.DataRequest, **changed):
    return export(home, Request(**{"dataset": STOCK, "format": "csv", "role": "researcher", "recipient": "tester", "granted": request.request_id} | changed), tmp_path)


def test_a_request_names_who_decides(asked):
    assert (asked.state, asked.owner, asked.purpose) == ("asked", "自治区市场监督管理局", PURPOSE)


def test_nothing_leaves_before_the_owner_has_granted_it(home, asked, tmp_path):
    with pytest.raises(policy.DoorClosed, match="is asked; 自治区市场监督管理局 decides"):
        take(home, tmp_path, asked)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("decider", ["department_finance", "data_engineer", "researcher", "leader", "city_450100"])
def test_only_the_department_that_owns_the_table_decides(home, asked, decider):
    with pytest.raises(policy.DoorClosed, match="may not decide"):
        requests.decide(home, asked.request_id, decider, True, "why not")
    assert requests.one(home, asked.request_id).state == "asked"


def test_what_was_granted_leaves_rounded_and_without_the_flows_that_give_the_counts_back(home, asked, tmp_path):
    granted = requests.decide(home, asked.request_id, OWNER, True, "aggregates, rounded")
    assert granted.hours_to_decision >= 0 and granted.expires_at > datetime.now(UTC)
    told = take(home, tmp_path, asked)
    rows = list(csv.DictReader(data_file(told["folder"], STOCK).read_text(encoding="utf-8-sig").splitlines()))
    assert rows and all(int(row["stock_enterprises"]) % 3 == 0 and row["stock_enterprises_status"] == "E" for row in rows)
    assert not set(FLOWS) & set(rows[0])
    line = json.loads((home.home / "exports" / "audit.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert (line["granted"], line["dataset"], line["role"]) == (asked.request_id, STOCK, "researcher")


def test_a_grant_is_for_its_table_and_role_alone(home, asked, tmp_path):
    requests.decide(home, asked.request_id, OWNER, True, "aggregates, rounded")
    for changed in ({"role": "public"}, {"dataset": "mart_economy__gdp"}):
        with pytest.raises(policy.DoorClosed, match="is for mart_legal_person__stock as researcher"):
            take(home, tmp_path, asked, **changed)


def test_a_grant_ends_and_a_refusal_stays(home, asked, tmp_path, monkeypatch):
    other = requests.ask(home, STOCK, "researcher", PURPOSE, 1)
    requests.decide(home, other.request_id, OWNER, True, "for a day")
    requests.decide(home, asked.request_id, OWNER, False, "the purpose is too wide")

    class Later(datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime.now(zone) + timedelta(days=2)

    monkeypatch.setattr(requests, "datetime", Later)
    with pytest.raises(policy.DoorClosed, match="is expired since"):
        take(home, tmp_path, other)
    with pytest.raises(policy.DoorClosed, match="is refused"):
        take(home, tmp_path, asked)
    with pytest.raises(QueryRefused, match="has been decided: refused"):
        requests.decide(home, asked.request_id, OWNER, True, "changed my mind")


@pytest.mark.parametrize("table, role, purpose, days, words", [
    ("mart_nothing", "researcher", "x", 30, "no table 'mart_nothing'"), ("mart_economy__gdp", "researcher", "x", 30, "sees mart_economy__gdp already"),
    (STOCK, "researcher", " ", 30, "names a purpose"), (STOCK, "researcher", "x", 0, "1 to 366 days"),
])  # fmt: skip
def test_what_cannot_be_asked_is_refused_in_words(home, table, role, purpose, days, words):
    with pytest.raises(QueryRefused, match=words):
        requests.ask(home, table, role, purpose, days)
