"""New numbers are on screen soon after gold is committed, and no answer is stale or mixed meanwhile.

A copy of the stack's lake is committed to and released by the command again and again, while eight readers ask their own Superset, with and
without its cache. `make test` takes some releases of it, `GUIHU_RELEASES=20 GUIHU_REQUESTS=10000` all; GUIHU_REQUESTS=0 times releases that nobody watches.
"""

import os
import shutil
import statistics
import subprocess
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache

import duckdb
import httpx
import pytest
from deltalake import CommitProperties, DeltaTable, write_deltalake

from infra.operate.services import environment
from spark_jobs.files import read_json
from spark_jobs.settings import CHECKOUT, Settings
from tests.browser.conftest import Door

pytestmark = [pytest.mark.service, pytest.mark.timeout(1800)]

RELEASES, REQUESTS = int(os.environ.get("GUIHU_RELEASES", "2")), int(os.environ.get("GUIHU_REQUESTS", "300"))
READERS = ("leader", "leader", "analyst", "analyst", "data_engineer", "data_engineer", "researcher", "department_finance")
TABLE, COLUMN = os.environ.get("GUIHU_TABLE", "mart_macro__monitor"), os.environ.get("GUIHU_COLUMN", "figure_pct")
METRICS = {name: f"{name}({COLUMN})" for name in ("min", "max", "avg")} | {"rows": "count(*)"}


@dataclass
class Moment:
    """What was committed last, and what the readers were answered."""

    committed: int
    enough: threading.Event = field(default_factory=threading.Event)
    answers: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Screen:
    """A reader in front of one chart."""

    def __init__(self, door: Door, login: str) -> None:
        self.login, self.http, self.settings = login, door.log_in(login), door.settings
        with closing(door.log_in("data_engineer")) as engineer:
            listed = engineer.get("/api/v1/dataset/", params={"q": "(page_size:100)"}).json()["result"]
        query = {
            "columns": [], "metrics": [{"expressionType": "SQL", "sqlExpression": text, "label": name} for name, text in METRICS.items()],
            "filters": [], "orderby": [], "row_limit": 10, "extras": {"having": "", "where": ""},
        }  # fmt: skip
        dataset = next(dataset["id"] for dataset in listed if dataset["table_name"] == TABLE)
        self.asked = {"datasource": {"id": dataset, "type": "table"}, "queries": [query], "result_format": "json", "result_type": "full"}

    def served(self) -> int:
        """The number that the release holds to which `current` points now."""
        return number_at(self.settings, read_json(self.settings.releases / "current" / "release.json")["tables"][TABLE])

    def ask(self, force: bool) -> dict[str, float]:
        answer = self.http.post("/api/v1/chart/data", json=self.asked | {"force": force})
        assert answer.status_code == 200, answer.text[:500]
        return answer.json()["result"][0]["data"][0]


@pytest.fixture(scope="module")
def own(settings, released, tmp_path_factory) -> Door:
    """A copy of gold, of the logins and dashboards, released once, and a Superset of its own."""
    home = tmp_path_factory.mktemp("freshness")
    for folder in ("lake/gold", "dbt", "superset", "secrets", "gates", "ledger"):
        if (settings.home / folder).exists():
            shutil.copytree(settings.home / folder, home / folder)
    shutil.rmtree(home / "superset" / "cache", ignore_errors=True)
    door = Door(replace(settings, home=home, port=settings.port + 40))
    commit(door.settings, 1)
    guihu(door.settings, "release")
    with (home / "superset.log").open("w") as log:
        superset = subprocess.Popen([CHECKOUT / "infra" / "superset" / "serve.sh"], env=environment(door.settings), stdout=log, stderr=log)
    try:
        wait_until_it_answers(door)
        yield door
    finally:
        superset.terminate()
        superset.wait(timeout=60)


def test_new_numbers_are_there_at_once_and_no_answer_is_stale_or_mixed(own):
    moment, screen = Moment(committed=1), Screen(own, "analyst")
    readers = [threading.Thread(target=ask_on_and_on, args=(Screen(own, login), moment)) for login in READERS if REQUESTS]
    for reader in readers:
        reader.start()
    delays = []
    try:
        for number in range(2, 2 + RELEASES):
            share = REQUESTS * (number - 1) // (RELEASES + 1)
            wait_for(lambda share=share: moment.answers.total() >= share or moment.wrong)
            delays.append(publish(own.settings, screen, number, moment))
        wait_for(lambda: moment.answers.total() >= REQUESTS or moment.wrong)
    finally:
        moment.enough.set()
        for reader in readers:
            reader.join(timeout=60)
    assert moment.wrong == []
    assert not REQUESTS or set(moment.answers) == set(range(1, 2 + RELEASES)), moment.answers
    print(f"answers {moment.answers.total()}, stale 0, mixed 0, over {RELEASES} releases, of {len(readers)} readers")
    print(f"gold committed → numbers answered: median {statistics.median(delays):.1f} s, worst {max(delays):.1f} s")


def publish(settings: Settings, screen: Screen, number: int, moment: Moment) -> float:
    """Commit, release by the command. Returns seconds from the commit to the first answer that shows it."""
    moment.committed = number
    commit(settings, number)
    start = time.monotonic()
    with subprocess.Popen([CHECKOUT / "guihu", "release"], env=environment(settings), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as command:
        wait_for(lambda: screen.ask(force=False)["max"] == number or command.poll() not in (None, 0))
        seconds = time.monotonic() - start
        assert command.wait() == 0, command.stderr.read().decode()
    return seconds


def ask_on_and_on(screen: Screen, moment: Moment) -> None:
    asked = 0
    while not moment.enough.is_set():
        asked, served = asked + 1, screen.served()
        try:
            answer = screen.ask(force=asked % 3 == 0)
        except (httpx.HTTPError, AssertionError, IndexError) as fault:
            moment.wrong.append(f"{screen.login}: {fault!r}")
            return
        if not answer["min"] == answer["max"] == answer["avg"]:
            moment.wrong.append(f"mixed: {screen.login} {answer}")
        if not served <= answer["max"] <= moment.committed:
            moment.wrong.append(f"stale: {screen.login} {answer}, served {served} when asked")
        moment.answers[int(answer["max"])] += 1


def commit(settings: Settings, number: int) -> None:
    """A version of the mart in which every figure is this number."""
    path = settings.lake / "gold" / TABLE
    rows = DeltaTable(path).to_pyarrow_table()
    names = ", ".join(f"{number}::double as {name}" if name == COLUMN else name for name in rows.column_names)
    numbered = duckdb.sql(f"select {names} from rows").to_arrow_table().cast(rows.schema)
    write_deltalake(path, numbered, mode="overwrite", commit_properties=CommitProperties(custom_metadata={"number": str(number)}))


@cache
def number_at(settings: Settings, version: int) -> int:
    commits = DeltaTable(settings.lake / "gold" / TABLE).history()
    return next(int(commit["number"]) for commit in commits if commit["version"] == version)


def guihu(settings: Settings, *arguments: str) -> None:
    subprocess.run([CHECKOUT / "guihu", *arguments], env=environment(settings), check=True, capture_output=True)


def wait_until_it_answers(door: Door) -> None:
    def is_up() -> bool:
        try:
            return httpx.get(f"{door.address}/health", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    wait_for(is_up, seconds=90)


def wait_for(condition, seconds: float = 600, pause: float = 0.1) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(pause)
