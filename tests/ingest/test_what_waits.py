"""Rows that wait for another feed, and feeds that others wait for: both are named, with owner and days."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from expectations.contract import load_all, load_feed
from spark_jobs.ingest import flow, landing, overview, parking
from spark_jobs.settings import CHECKOUT, Settings

CASE = CHECKOUT / "tests" / "feeds" / "credit" / "permit" / "permits_of_unknown_enterprises_are_parked_until_the_register_knows_them"
PERMIT, REGISTER = "credit.permit", "legal_person.registration"


@pytest.fixture
def lake(tmp_path, division_lake) -> Settings:
    shutil.copytree(division_lake.home, tmp_path, dirs_exist_ok=True)
    return Settings(home=tmp_path, environments=tmp_path, port=9)


def deliver(lake: Settings, feed_id: str, file: str, rows: int) -> None:
    sent = lake.home / file
    sent.write_bytes((CASE / file).read_bytes())
    sent.with_name(f"{file}.manifest.json").write_text(json.dumps({"rows": rows}))
    feed = load_feed(feed_id)
    delivery, _ = landing.receive(lake, feed, sent)
    flow.ingest(lake, feed, [delivery])


def test_parked_rows_are_listed_with_what_they_name_and_leave_the_list_by_themselves(lake, monkeypatch):
    deliver(lake, PERMIT, "permits.csv", 4)
    columns, rows = parking.rows(lake, [load_feed(PERMIT)], 10)
    told = [dict(zip(columns, row)) for row in rows]
    assert [(line["row"], line["field"], line["days"], line["is_overdue"]) for line in told] == [(n, "uscc", 0, False) for n in (2, 3, 4, 5)]
    assert {line["unknown_to"] for line in told} == {"legal_person.registration, legal_person.individual_business"}
    assert {line["owner"] for line in told} == {load_feed(PERMIT).owner}
    monkeypatch.setattr(parking, "PATIENCE", -1)
    assert [row[-2] for row in parking.rows(lake, [load_feed(PERMIT)], 10)[1]] == [True] * 4
    deliver(lake, REGISTER, "registration.csv", 3)
    assert [row[2] for row in parking.rows(lake, [load_feed(PERMIT)], 10)[1]] == [5]
    assert parking.counts(lake, [load_feed(PERMIT), load_feed(REGISTER)]) == {PERMIT: 1, REGISTER: 0}


@pytest.mark.parametrize("days, said", [(0, "yes"), (400, "LATE")])
def test_a_feed_that_is_silent_for_longer_than_it_promised_is_late(lake, days, said):
    deliver(lake, PERMIT, "permits.csv", 4)
    columns, rows = overview.feeds(lake, load_all(), datetime.now(UTC) + timedelta(days=days))
    fresh = {row[0]: row[columns.index("fresh")] for row in rows}
    assert fresh[PERMIT] == said
    assert fresh[REGISTER] == "never"


def test_the_command_for_late_feeds_ends_with_1_only_where_there_are_some(lake, guihu):
    home = {"GUIHU_HOME": str(lake.home)}
    deliver(lake, PERMIT, "permits.csv", 4)
    assert guihu("feeds", "--late", **home).returncode == 0
    (received,) = lake.landing.glob(f"deliveries/{PERMIT}/*/received.json")
    told = json.loads(received.read_text())
    received.write_text(json.dumps(told | {"received_at": "2020-01-01T00:00:00+00:00"}))
    late = guihu("feeds", "--late", **home)
    assert late.returncode == 1
    assert PERMIT in late.stdout and load_feed(PERMIT).owner in late.stdout and REGISTER not in late.stdout
    assert PERMIT in guihu("parked", **home).stdout
