"""kill -9 of the ingest client at each of its points: the same command again leaves the same rows as without the kill, none twice."""

import json

import pytest

from spark_jobs.ingest import landing
from tests.faults.conftest import CITIES, FEED, WHOLE

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]
POINTS = ["before bronze commit", "after bronze commit", "before judged commit", "after judged commit", "keys left", "before outcome"]


@pytest.mark.parametrize("point", POINTS)
def test_a_client_killed_at_a_point_loses_and_doubles_nothing(point, small_file, rows, settings, guihu, ingested):
    year = 2031 + POINTS.index(point)
    sent = small_file(year)
    assert guihu("receive", FEED, str(sent)).returncode == 0
    killed = guihu("ingest", FEED, GUIHU_FAULT=point)
    assert killed.returncode == -9, killed.stderr
    again = guihu("ingest", FEED)  # or Airflow, which may have been quicker
    assert again.returncode == 0, again.stderr
    (outcome,) = [outcome for delivery, outcome in landing.ledger(settings) if delivery.file == sent.name]
    assert (outcome["rows_in"], outcome["rows_loaded"], outcome["rows_quarantined"]) == (2 * CITIES, 2 * CITIES, 0)
    assert rows(year) == WHOLE


def test_a_receiver_killed_after_keeping_the_bytes_receives_them_once(small_file, guihu, ingested):
    path = small_file(2050)
    assert guihu("receive", FEED, str(path), GUIHU_FAULT="bytes kept").returncode == -9
    first, second = guihu("receive", FEED, str(path), "--format", "json"), guihu("receive", FEED, str(path), "--format", "json")
    assert [json.loads(done.stdout.splitlines()[-1])[0]["is_new"] for done in (first, second)] == [True, False]
    assert guihu("ingest", FEED).returncode == 0


def test_three_clients_at_once_load_a_delivery_once(small_file, rows, settings, guihu, ingested):
    from concurrent.futures import ThreadPoolExecutor

    assert guihu("receive", FEED, str(small_file(2051))).returncode == 0
    with ThreadPoolExecutor(3) as pool:
        codes = [done.returncode for done in pool.map(lambda _: guihu("ingest", FEED), range(3))]
    assert codes == [0, 0, 0]
    assert rows(2051) == WHOLE
