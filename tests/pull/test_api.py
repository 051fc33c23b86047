"""Pulls over HTTP from a server that misbehaves in every way: all pages or none, and never one twice."""

import json
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Thread

import httpx
import pytest

from expectations.contract import load_feed
from expectations.feed import ContractError
from infra.demo.water import Platform, Readings, readings
from spark_jobs.ingest import bronze, landing
from spark_jobs.ingest.pull import api, pull
from spark_jobs.ingest.refusal import Refused
from spark_jobs.lake import ServiceDown

pytestmark = pytest.mark.service  # a server of its own, which lets the puller wait

FEED = load_feed("environment.surface_water")
ROWS = readings(2_600, 5)  # six pages of 500


class Misbehaving(Readings):
    """Does to the nth request what the platform's `plan` says; otherwise behaves."""

    def do_GET(self) -> None:
        number = len(self.server.requests) + 1
        self.server.requests.append((self.path, dict(self.headers)))
        fault = self.server.plan.get(number) or self.server.always(self.path)
        if fault is None:
            super().do_GET()
        else:
            fault(self)


def status(code: int, **headers: str):
    return lambda handler: handler.answer(code, b"{}", **headers)


def cut_off(handler: Misbehaving) -> None:
    """Half of a body whose whole length was announced."""
    body = json.dumps({"total": 2600, "page": 1, "readings": ROWS[:500]}).encode()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def cut_off_unannounced(handler: Misbehaving) -> None:
    """Half of a body, and nothing says so."""
    body = json.dumps({"total": 2600, "page": 1, "readings": ROWS[:500]}).encode()
    handler.answer(200, body[: len(body) // 2])


def silent(handler: Misbehaving) -> None:
    time.sleep(1.5)
    handler.close_connection = True


def hang_up(handler: Misbehaving) -> None:
    handler.close_connection = True


def other_page(number: int, echo: bool):
    """Another page than the one asked for; with or without saying so."""
    def answer(handler: Misbehaving) -> None:
        document = {"total": len(handler.server.rows), "readings": handler.server.rows[(number - 1) * 500 : number * 500]} | ({"page": number} if echo else {})
        handler.answer(200, json.dumps(document).encode())

    return answer


def grown(rows: int):
    """Rows are added before this request is answered."""
    def answer(handler: Misbehaving) -> None:
        handler.server.rows = [*handler.server.rows, *ROWS[2000 : 2000 + rows]]
        Readings.do_GET(handler)

    return answer


@pytest.fixture
def platform(monkeypatch):
    monkeypatch.setattr(api, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(api, "LONGEST_WAIT", 2.0)
    monkeypatch.setattr(api, "TIMEOUT", httpx.Timeout(0.5))
    server = Platform(ROWS, Misbehaving)
    server.handle_error = lambda request, address: None  # a client that leaves in the middle is no event here
    server.plan, server.requests, server.always = {}, [], lambda path: None
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def delivered(settings) -> list[dict]:
    """The rows of every delivery, each read by the feed's own reader and checked against its manifest."""
    rows = []
    for delivery, _ in landing.ledger(settings, FEED.id):
        path = landing.landed_file(settings, delivery.sha256)
        assert bronze.inspect(path, FEED, delivery).records == delivery.manifest["rows"]
        rows += [row for page in json.loads(path.read_bytes()) for row in page["readings"]]
    return rows


def test_all_pages_then_only_what_changed(platform, settings, in_silver):
    platform.rows = ROWS[:2000]
    first, is_new, _ = pull(settings, FEED, at=platform.url)
    assert is_new and first.manifest["rows"] == 2000 and delivered(settings) == ROWS[:2000]
    platform.rows = ROWS
    second, is_new, _ = pull(settings, FEED, at=platform.url)
    assert is_new and second.manifest["watermark"]["from"] == first.manifest["watermark"]["to"] == ROWS[1999]["updated_at"]
    again = Counter(json.dumps(row) for row in delivered(settings))
    assert set(again) == {json.dumps(row) for row in ROWS}
    verdicts, keys = in_silver(FEED)
    print(f"2,600 rows in 2 pulls: {again.total():,} delivered; in silver {dict(verdicts)}")
    assert verdicts == {"loaded": 2600, "repeated": again.total() - 2600}
    assert len(set(keys)) == 2600


def test_not_modified_is_no_delivery(platform, settings):
    feed = replace(FEED, sources=(replace(FEED.sources[0], options={k: v for k, v in FEED.sources[0].options.items() if k != "since"}),))
    assert pull(settings, feed, at=platform.url)[1]
    asked = len(platform.requests)
    assert pull(settings, feed, at=platform.url) == (None, False, ())
    assert len(platform.requests) == asked + 1 and "If-None-Match" in platform.requests[-1][1]
    platform.rows = ROWS[:2599]
    assert pull(settings, feed, at=platform.url)[1]


def test_an_ETag_of_another_question_is_not_sent(platform, settings):
    pull(settings, FEED, at=platform.url)
    pull(settings, FEED, at=platform.url)
    assert "since=" in platform.requests[-1][0]
    assert not any("If-None-Match" in headers for _, headers in platform.requests)
    pull(settings, FEED, at=platform.url)
    assert "If-None-Match" in platform.requests[-1][1]


@pytest.mark.parametrize("plan", [
    {1: status(500)},
    {3: status(500), 4: status(502), 5: status(503), 6: status(504), 7: status(408)},
    {1: status(429, Retry_After="1"), 4: status(503, Retry_After="0")},
    {2: status(429, Retry_After="nonsense")},
    {1: cut_off, 4: cut_off},
    {2: cut_off_unannounced},
    {3: silent},
    {1: hang_up, 2: hang_up, 5: hang_up},
    {2: other_page(1, echo=True)},
    {2: other_page(1, echo=False), 3: other_page(1, echo=False)},
], ids=["500", "five in a row", "429", "unreadable Retry-After", "cut off", "cut off, unannounced", "time-out", "hung up", "repeated page that says so", "repeated page"])  # fmt: skip
def test_a_passing_fault_is_overcome_and_every_row_comes_once(platform, settings, plan):
    platform.plan = plan
    delivery, is_new, _ = pull(settings, FEED, at=platform.url)
    assert is_new and delivery.manifest["rows"] == 2600
    assert delivered(settings) == ROWS
    assert len(platform.requests) == 6 + len(plan)


def test_the_server_is_left_alone_as_long_as_it_asks(platform, settings):
    moment = format_datetime(datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2), usegmt=True)
    platform.plan = {1: status(429, Retry_After="1"), 2: status(503, Retry_After=moment)}
    started = time.monotonic()
    pull(settings, FEED, at=platform.url)
    assert time.monotonic() - started > 1
    platform.plan = {len(platform.requests) + 1: status(429, Retry_After="3600")}
    with pytest.raises(ServiceDown, match="come back in 3600 s"):
        pull(settings, FEED, at=platform.url)


@pytest.mark.parametrize("fault, code", [
    (status(500), "PAGE_FAILED"),
    (cut_off, "PAGE_FAILED"),
    (hang_up, "PAGE_FAILED"),
    (status(404), "SOURCE_CHANGED"),
    (status(302, Location="http://127.0.0.1:9/"), "SOURCE_CHANGED"),
    (status(304), "SOURCE_CHANGED"),
    (lambda handler: handler.answer(200, b"<html>maintenance</html>"), "PAGE_FAILED"),
    (lambda handler: handler.answer(200, b'{"total": 2600, "rows": []}'), "SOURCE_CHANGED"),
    (lambda handler: handler.answer(200, b'{"total": "2600", "readings": []}'), "SOURCE_CHANGED"),
    (lambda handler: handler.answer(200, b"[" * 100_000), "PAGE_FAILED"),
    (other_page(3, echo=False), "PAGE_REPEATED"),
    (other_page(3, echo=True), "PAGE_REPEATED"),
    (lambda handler: handler.answer(200, b'{"total": 2600, "page": 4, "readings": []}'), "TOTAL_CHANGED"),
], ids=["500", "cut off", "hung up", "404", "redirect", "304 unasked", "HTML", "no rows", "total as text", "deep", "repeated page", "repeated page that says so", "short"])  # fmt: skip
def test_a_page_that_fails_for_good_refuses_the_whole(platform, settings, fault, code):
    platform.always = lambda path: fault if "page=4" in path else None
    with pytest.raises(Refused, match="environment.surface_water") as refusal:
        pull(settings, FEED, at=platform.url)
    assert refusal.value.code == code
    assert FEED.owner in str(refusal.value)
    assert landing.ledger(settings, FEED.id) == []
    platform.always = lambda path: None
    assert pull(settings, FEED, at=platform.url)[0].manifest["rows"] == 2600
    assert delivered(settings) == ROWS


def test_an_interface_that_never_answers_is_a_service_that_is_down(platform, settings):
    platform.always = lambda path: hang_up
    with pytest.raises(ServiceDown, match="page 1"):
        pull(settings, FEED, at=platform.url)
    assert len(platform.requests) == api.ATTEMPTS


def test_a_total_that_changes_between_pages_starts_the_reading_again(platform, settings):
    platform.rows = ROWS[:2000]
    platform.plan = {3: grown(600)}
    delivery, _, _ = pull(settings, FEED, at=platform.url)
    assert delivery.manifest["rows"] == 2600 and delivered(settings) == ROWS
    assert len(platform.requests) == 3 + 6


def test_a_total_that_never_stands_still_is_refused(platform, settings):
    platform.rows = ROWS[:2000]
    platform.always = lambda path: grown(1) if "page=2" in path else None
    with pytest.raises(Refused) as refusal:
        pull(settings, FEED, at=platform.url)
    assert refusal.value.code == "TOTAL_CHANGED"
    assert landing.ledger(settings, FEED.id) == []


def test_a_body_that_unpacks_to_too_much_is_refused(platform, settings, monkeypatch):
    monkeypatch.setattr(api, "LARGEST_PAGE", 10_000)
    with pytest.raises(Refused, match="larger than"):
        pull(settings, FEED, at=platform.url)


def test_an_empty_listing_is_no_delivery(platform, settings):
    platform.rows = []
    assert pull(settings, FEED, at=platform.url) == (None, False, ())


def test_a_token_comes_from_the_secrets_and_nowhere_else(platform, settings):
    feed = replace(FEED, sources=(replace(FEED.sources[0], options={**FEED.sources[0].options, "secret": "water_token"}),))
    with pytest.raises(ContractError, match="secrets/water_token"):
        pull(settings, feed, at=platform.url)
    (settings.home / "secrets").mkdir()
    (settings.home / "secrets" / "water_token").write_text("abc\n")
    pull(settings, feed, at=platform.url)
    assert platform.requests[-1][1]["Authorization"] == "Bearer abc"
