"""Lineage: OpenLineage events of what was done, each held against OpenLineage's own classes; told once, whole, and never in the way of a delivery."""

import copy
from collections import Counter

import pytest

from expectations.contract import load_feed
from spark_jobs import lineage
from spark_jobs.ingest import landing
from spark_jobs.lineage import tell
from spark_jobs.settings import Settings
from tests.publish.openlineage_classes import hold

BOTH = pytest.mark.parametrize("which", ["small", pytest.param("whole", marks=[pytest.mark.service, pytest.mark.stack, pytest.mark.timeout(900)])])


@BOTH
def test_every_event_keeps_the_published_schema(request, which):
    events = request.getfixturevalue(which).events
    for event in events:
        hold(event)
    said = Counter((event["job"]["name"].split(".")[0], event["eventType"]) for event in events)
    print(f"events that keep the schema: {len(events)} of {len(events)}: {dict(said)}")
    assert said[("ingest", "COMPLETE")] and said[("dbt", "COMPLETE")]


@pytest.mark.service
@pytest.mark.timeout(900)
def test_a_whole_run_tells_of_every_delivery_model_gate_and_release(whole, ingested):
    jobs = {event["job"]["name"] for event in whole.events}
    delivered = {one["feed"] for one in ingested}
    assert {f"ingest.{feed}" for feed in delivered} <= jobs
    made = {name for event in whole.events for name in (d["name"] for d in event["outputs"])}
    assert {f"gold.{item['id']}" for item in whole.facts["datasets"]} <= made
    assert {"gate.gold", "release"} <= jobs
    ids = [event["run"]["runId"] for event in whole.events]
    print(f"deliveries told of: {sum(job.startswith('ingest.') for job in jobs)} feeds, {len(ids)} runs")
    assert len(ids) == len(set(ids))


WRONG = {
    "no run": lambda event: event.pop("run"),
    "no job": lambda event: event.pop("job"),
    "no time": lambda event: event.pop("eventTime"),
    "a run id that is no uuid": lambda event: event["run"].update(runId="7"),
    "a time that is none": lambda event: event.update(eventTime="yesterday"),
    "a state of our own": lambda event: event.update(eventType="DONE"),
    "a property of our own": lambda event: event["job"].update(colour="blue"),
    "a facet of another version": lambda event: event["job"]["facets"]["jobType"].update(_schemaURL="https://openlineage.io/spec/facets/1-0-0/JobTypeJobFacet.json"),
    "rows that are words": lambda event: event["outputs"][0]["outputFacets"]["outputStatistics"].update(rowCount="seven"),
    "a dataset without a namespace": lambda event: event["inputs"][0].pop("namespace"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_an_event_that_breaks_the_schema_is_found(small, fault):
    broken = copy.deepcopy(next(event for event in small.events if event["job"]["name"].startswith("ingest.")))
    WRONG[fault](broken)
    with pytest.raises((TypeError, ValueError)):
        hold(broken)


def test_a_delivery_says_where_its_rows_went(small):
    event = next(event for event in small.events if event["job"]["name"] == "ingest.reference.industry")
    assert [d["name"] for d in event["inputs"]] == ["landing.reference__industry"]
    assert {d["name"]: d["outputFacets"]["outputStatistics"]["rowCount"] for d in event["outputs"]} == {"silver.reference__industry": 7, "quarantine.reference__industry": 2}
    assert event["inputs"][0]["facets"]["ownership"]["owners"][0]["name"] == "department:自治区统计局"


def test_a_model_that_failed_is_told_as_failed_with_its_message(small):
    states = {event["job"]["name"]: event for event in small.events if event["job"]["name"].startswith("dbt.")}
    assert {name: event["eventType"] for name, event in states.items()} == {"dbt.dim_division": "COMPLETE", "dbt.mart_economy__gdp": "COMPLETE", "dbt.mart_credit__penalty": "FAIL"}
    assert states["dbt.mart_credit__penalty"]["run"]["facets"]["errorMessage"]["message"] == "a column is missing"
    gdp = states["dbt.mart_economy__gdp"]["outputs"][0]["facets"]
    assert gdp["columnLineage"]["fields"]["division_code"]["inputFields"][0]["name"] == "gold.dim_division"


def test_what_was_told_is_not_told_again(small):
    feeds = {"reference.industry": load_feed("reference.industry")}
    assert tell.deliveries(small.settings, feeds, landing.ledger(small.settings)) == 0
    assert tell.models(small.settings, small.settings.home / "dbt" / "target") == 0
    assert len(list(lineage.read(small.settings))) == len(small.events)


def test_a_refused_delivery_is_told_as_failed(tmp_path):
    settings, feed = Settings(home=tmp_path, environments=tmp_path, port=9), load_feed("reference.industry")
    delivery = landing.Delivery("fedcba9876543210", feed.id, "industry.csv", "f" * 64, 10, "2099-01-01T00:00:00+00:00", "2099-01-01")
    refused = {"status": "refused", "refusal": {"code": "NO-MANIFEST"}, "finished_at": "2099-01-01T00:00:01+00:00"}
    assert tell.deliveries(settings, {feed.id: feed}, [(delivery, refused)]) == 1
    event = next(lineage.read(settings))
    hold(event)
    assert (event["eventType"], event["run"]["facets"]["errorMessage"]["message"], event["outputs"]) == ("FAIL", "NO-MANIFEST", [])


def test_a_telling_that_cannot_be_written_is_told_the_next_time(tmp_path):
    settings, feed = Settings(home=tmp_path, environments=tmp_path, port=9), load_feed("reference.industry")
    delivery = landing.Delivery("fedcba9876543210", feed.id, "industry.csv", "f" * 64, 10, "2099-01-01T00:00:00+00:00", "2099-01-01")
    ended = [(delivery, {"status": "loaded", "rows_loaded": 1, "finished_at": "2099-01-01T00:00:01+00:00"})]
    (tmp_path / "lineage").write_text("a file where the folder should be")
    with pytest.raises(OSError):
        tell.deliveries(settings, {feed.id: feed}, ended)
    (tmp_path / "lineage").unlink()
    assert tell.deliveries(settings, {feed.id: feed}, ended) == 1
    assert not list((tmp_path / "lineage").rglob(".draft*"))


def test_an_export_is_told_with_the_release_it_was_taken_from(tmp_path):
    settings = Settings(home=tmp_path, environments=tmp_path, port=9)
    tell.export(settings, "public", "mart_economy__gdp", "20990101T000000-aaaaaaaa", 12, "mart_economy__gdp.csv")
    event = next(lineage.read(settings, ["export"]))
    hold(event)
    assert event["inputs"][0]["name"] == "release.public.mart_economy__gdp"
