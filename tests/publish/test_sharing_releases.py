"""A partner reads the release that is served and earlier ones by number and by time; nothing that was made under other rules, nor of a withdrawn release."""

import json
import socket
import threading
import time

import delta_sharing
import duckdb
import httpx
import pytest
import uvicorn
import yaml

from spark_jobs.files import read_json, write_json
from spark_jobs.publish import disclosure
from spark_jobs.publish.sharing import recipients, server, tables
from spark_jobs.settings import HOST, Settings

TABLE = "mart_macro__series"
RELEASES = {  # release → when, and what the figure was then; the first has lost its files, the last was withdrawn
    "20260101T000000-aaaaaaaa": ("2026-01-01T00:00:00+00:00", None), "20260201T000000-bbbbbbbb": ("2026-02-01T00:00:00+00:00", 100.0),
    "20260301T000000-cccccccc": ("2026-03-01T00:00:00+00:00", 101.5), "20260401T000000-dddddddd": ("2026-04-01T00:00:00+00:00", 999.0),
}  # fmt: skip
ASKED = f"/delta-sharing/shares/public/schemas/mart/tables/{TABLE}"


@pytest.fixture
def home(tmp_path) -> Settings:
    """Four releases of one small table; the third is served."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        settings = Settings(home=tmp_path, environments=tmp_path, port=probe.getsockname()[1] - 6)
    for name, (at, figure) in RELEASES.items():
        folder = settings.releases / name
        (folder / "public").mkdir(parents=True)
        write_json(folder / "release.json", {"release_id": name, "released_at": at, "digest": name, "built_from": {}, "tables": {TABLE: 3}})
        if figure is not None:
            with duckdb.connect(str(folder / "public" / "serve.duckdb")) as connection:
                connection.execute(f"create schema mart; create table mart.{TABLE} as select '450000' as division_code, {figure}::double as gdp_value, 7 as firms_count")
    (settings.releases / "current").symlink_to("20260301T000000-cccccccc")
    return settings


@pytest.fixture
def partner(home):
    """The profile of a partner, and the server that answers it."""
    running = uvicorn.Server(uvicorn.Config(server.application(home, home.sharing_port), host=HOST, port=home.sharing_port, log_level="warning"))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield recipients.add(home, "university", "public", 30, home.sharing_port)
    running.should_exit = True
    thread.join()


@pytest.fixture
def ask(home, partner):
    """Ask the server in the partner's name."""
    token = {"Authorization": f"Bearer {read_json(partner)['bearerToken']}"}
    with httpx.Client(base_url=f"http://{HOST}:{home.sharing_port}", headers=token, trust_env=False) as client:
        yield lambda method, path, body=None: client.request(method, path, json=body)


def test_the_official_client_reads_each_release_by_number_and_by_time(partner):
    address = f"{partner}#public.mart.{TABLE}"
    asked = {"served": {}, "number 1": {"version": 1}, "number 2": {"version": 2}, "in February": {"timestamp": "2026-02-15T00:00:00Z"}, "in March": {"timestamp": "2026-03-15T00:00:00Z"}}
    read = {how: delta_sharing.load_as_pandas(address, **which)["gdp_value"].tolist() for how, which in asked.items()}
    assert read == {"served": [101.5], "number 1": [100.0], "number 2": [101.5], "in February": [100.0], "in March": [101.5]}
    print(f"releases read by number and by time: {len(read)} of {len(asked)}")


def test_what_is_not_there_any_more_and_what_was_withdrawn_is_told_with_what_there_is(ask):
    for asked in ({"version": 0}, {"version": 3}, {"timestamp": "2026-01-15T00:00:00Z"}):
        answer = ask("POST", f"{ASKED}/query", asked)
        assert answer.status_code == 400 and "1 (release 20260201T000000-bbbbbbbb" in answer.json()["message"] and "2 (release" in answer.json()["message"], asked
        assert "dddddddd" not in answer.text


def test_versions_are_the_releases_counted_from_nought(ask):
    assert ask("GET", f"{ASKED}/version").headers["delta-table-version"] == "2"
    assert ask("GET", f"{ASKED}/version?startingTimestamp=2026-01-10T00:00:00Z").headers["delta-table-version"] == "1"
    answer = ask("GET", f"{ASKED}/metadata?version=1")
    assert answer.headers["delta-table-version"] == "1" and "bbbbbbbb" in answer.text
    for wrong in ("-1", "x", "1.0", "１", "0", "3"):
        assert ask("GET", f"{ASKED}/metadata?version={wrong}").status_code == 400, wrong


def test_a_changed_rule_of_disclosure_never_meets_a_file_that_was_made_before(home, ask, monkeypatch):
    before = _file(ask)
    assert sorted(_fields(ask)) == ["division_code", "firms_count", "gdp_value"] and httpx.get(before["url"], trust_env=False).status_code == 200
    _change(monkeypatch, home, treatment="as_is", drop={"firms_count": "a test"})
    assert sorted(_fields(ask)) == ["division_code", "gdp_value"]
    after = _file(ask)
    assert after["id"] != before["id"] and httpx.get(after["url"], trust_env=False).status_code == 200
    assert httpx.get(before["url"], trust_env=False).status_code == 404, "an address of a file made before stays open"
    assert [path.name for path in (home.home / "shares" / "20260301T000000-cccccccc").iterdir()] == [tables.rules()]


def test_a_table_that_may_not_leave_is_refused_with_the_reason(home, ask, monkeypatch):
    _change(monkeypatch, home, treatment="withheld")
    answer = ask("POST", f"{ASKED}/query", {})
    assert (answer.status_code, answer.json()["errorCode"]) == (403, "PERMISSION_DENIED") and "does not leave" in answer.json()["message"]


def _change(monkeypatch, home: Settings, **changes) -> None:
    """Another infra/disclosure.yaml, while the server runs."""
    document = yaml.safe_load(disclosure.FILE.read_text(encoding="utf-8"))
    document["tables"][TABLE] = document["tables"][TABLE] | changes
    (home.home / "disclosure.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    monkeypatch.setattr(disclosure, "FILE", home.home / "disclosure.yaml")


def _file(ask) -> dict:
    return json.loads(ask("POST", f"{ASKED}/query", {}).text.splitlines()[2])["file"]


def _fields(ask) -> list[str]:
    return [field["name"] for field in json.loads(json.loads(ask("GET", f"{ASKED}/metadata").text.splitlines()[1])["metaData"]["schemaString"])["fields"]]
