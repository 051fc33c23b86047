"""A home in which divisions are known, and what became of a feed's deliveries in silver."""

from collections import Counter

import pytest

from expectations.contract import load_feed
from expectations.feed import Feed
from infra.demo.deliver import DATA
from spark_jobs.duck import delta_reader
from spark_jobs.ingest import flow, landing
from spark_jobs.settings import Settings


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(tmp_path, tmp_path, 18080)


@pytest.fixture
def in_silver(settings):
    """Bring every waiting delivery of the feed into silver: verdict → rows, and the keys that were loaded."""

    def bring(feed: Feed) -> tuple[Counter, list[tuple]]:
        divisions = load_feed("reference.division")
        for path in sorted((DATA / "reference" / "division").glob("*.tsv")):
            landing.receive(settings, divisions, path)
        for one in (divisions, feed):
            for result in flow.ingest(settings, one, landing.pending(settings, one.id)):
                assert result.outcome["status"] == "loaded", result.outcome
        with delta_reader() as connection:
            table = f"delta_scan('{settings.lake / 'judged' / feed.table}')"
            verdicts = connection.execute(f"select _verdict, count(*) from {table} group by all").fetchall()
            return Counter(dict(verdicts)), connection.execute(f"select {', '.join(feed.key)} from {table} where _verdict = 'loaded'").fetchall()

    return bring
