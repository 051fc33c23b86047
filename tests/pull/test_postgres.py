"""Pulls from a real PostgreSQL: one snapshot, a watermark that moves with the delivery, late rows, kills at every place."""

import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from expectations.contract import load_feed
from expectations.feed import ContractError
from infra.demo import database, movements
from spark_jobs import vault
from spark_jobs.ingest import landing
from spark_jobs.ingest.pull import pull
from spark_jobs.ingest.refusal import Refused
from spark_jobs.lake import ServiceDown
from spark_jobs.settings import CHECKOUT

pytestmark = pytest.mark.service
FEED = load_feed("population.movement")
ROWS = movements.movements(6_000, 20_000, 4)
POINTS = ["pull written", "bytes kept", "pull received"]


@pytest.fixture(scope="module")
def cluster():
    with database.running("owner-of-the-test") as running:
        yield running


@pytest.fixture
def office(cluster):
    """The registration system with an empty table."""
    with cluster.connect() as connection:
        connection.execute(f"drop schema if exists registration cascade; drop role if exists {movements.READER}")
        movements.create(connection, "reader-of-the-test")
        connection.commit()
        yield connection


@pytest.fixture(autouse=True)
def password(settings) -> Path:
    path = settings.home / "secrets" / "population_registration_password"
    path.parent.mkdir()
    path.write_text("reader-of-the-test\n")
    return path


def record(office, first: int, last: int) -> None:
    movements.add(office, ROWS.slice(first, last - first))
    office.commit()


def delivered(settings) -> list[list[str]]:
    """The rows of every delivery, each checked against its manifest."""
    rows = []
    for delivery, _ in landing.ledger(settings, FEED.id):
        table = list(csv.reader(io.StringIO(as_sent(settings, delivery))))
        assert table[0] == movements.HEADER
        assert len(table) - 1 == delivery.manifest["rows"]
        rows += table[1:]
    return rows


def wanted(first: int = 0, last: int = len(ROWS)) -> set[tuple]:
    return {tuple(value or "" for value in row.values()) for row in ROWS.slice(first, last - first).to_pylist()}


def test_what_is_new_comes_once_and_the_overlap_again(office, settings, cluster, in_silver):
    at = f"127.0.0.1:{cluster.port}"
    record(office, 0, 4000)
    first, is_new, notes = pull(settings, FEED, at=at)
    assert (is_new, notes, first.manifest["rows"]) == (True, (), 4000)
    assert set(map(tuple, delivered(settings))) == wanted(0, 4000)
    again, _, _ = pull(settings, FEED, at=at)  # only the overlap: rows that may have had late neighbours
    assert 0 < again.manifest["rows"] < 30
    assert pull(settings, FEED, at=at)[1] is False
    record(office, 4000, 6000)
    second, is_new, _ = pull(settings, FEED, at=at)
    assert is_new and second.manifest["watermark"]["from"] == first.manifest["watermark"]["to"]
    rows = delivered(settings)
    assert set(map(tuple, rows)) == wanted()
    verdicts, keys = in_silver(FEED)
    print(f"6,000 rows in 2 steps: {len(rows):,} delivered, {len(rows) - 6000} of them by the overlap; in silver {dict(verdicts)}")
    assert verdicts == {"loaded": 6000, "repeated": len(rows) - 6000}
    assert {number for (number,) in keys} == set(ROWS["业务流水号"].to_pylist())


def test_an_empty_table_is_no_delivery(office, settings, cluster):
    assert pull(settings, FEED, at=f"127.0.0.1:{cluster.port}") == (None, False, ())
    assert delivered(settings) == []


def test_rows_committed_late_are_found_within_the_overlap_and_older_ones_by_since(office, settings, cluster):
    at = f"127.0.0.1:{cluster.port}"
    record(office, 0, 1000)
    newest = datetime.fromisoformat(max(ROWS["更新时间"].slice(0, 1000).to_pylist()))
    late = [row | {"更新时间": str(newest - timedelta(minutes=minutes))} for row, minutes in zip(ROWS.slice(1000, 6).to_pylist(), (10, 20, 30, 40, 50, 120), strict=True)]
    with cluster.connect() as slow:
        movements.add(slow, pa.Table.from_pylist(late))  # begun before the pull, committed after it
        pull(settings, FEED, at=at)
        slow.commit()
    names = {row["业务流水号"] for row in late}
    assert not names & {row[0] for row in delivered(settings)}
    pull(settings, FEED, at=at)
    found = names & {row[0] for row in delivered(settings)}
    print(f"late rows found by the next pull, overlap 1 hour: {len(found)} of 6; the other is 2 hours late")
    assert found == names - {late[5]["业务流水号"]}
    pull(settings, FEED, since=str(newest - timedelta(days=1)), at=at)
    assert names <= {row[0] for row in delivered(settings)}


def test_a_snapshot_does_not_see_what_is_committed_while_it_is_read(office, settings, cluster):
    """Writers replace all rows without pause (one change a transaction); each pull must hold one state of the table, whole."""
    record(office, 0, 3000)
    done = threading.Event()

    def rewrite() -> None:
        with cluster.connect() as connection:
            state = 0
            while not done.is_set():
                state += 1
                connection.execute("update registration.movement set 数据说明 = %s, 更新时间 = 更新时间 + interval '1 second'", [f"合成数据 {state}"])
                connection.commit()

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(8):
            pull(settings, FEED, since="2000-01-01 00:00:00", at=f"127.0.0.1:{cluster.port}")
    finally:
        done.set()
        writer.join()
    states = []
    for delivery, _ in landing.ledger(settings, FEED.id):
        rows = list(csv.DictReader(io.StringIO(as_sent(settings, delivery))))
        states.append({row["数据说明"] for row in rows})
        assert len(rows) == 3000
    print(f"{len(states)} pulls under constant change, states in one delivery: {max(map(len, states))}")
    assert all(len(state) == 1 for state in states)


def test_a_row_without_watermark_is_not_lost(office, settings, cluster):
    record(office, 0, 100)
    pull(settings, FEED, at=f"127.0.0.1:{cluster.port}")
    office.execute("update registration.movement set 更新时间 = null where 业务流水号 = %s", [ROWS["业务流水号"][3].as_py()])
    office.commit()
    pull(settings, FEED, at=f"127.0.0.1:{cluster.port}")
    newest = landing.ledger(settings, FEED.id)[-1][0]
    assert ROWS["业务流水号"][3].as_py() in as_sent(settings, newest)
    assert newest.manifest["watermark"]["to"] == max(ROWS["更新时间"].slice(0, 100).to_pylist())


def test_what_a_refused_delivery_held_is_fetched_again_even_if_others_followed(office, settings, cluster):
    at = f"127.0.0.1:{cluster.port}"
    pulled = []
    for last in (500, 900, 1500):
        record(office, last - 500 if last == 500 else pulled[-1][1], last)
        pulled.append((pull(settings, FEED, at=at)[0], last))
    landing.record_refusal(settings, pulled[1][0], Refused("REJECTED_BY_STEWARD", "as an example"))
    again, _, _ = pull(settings, FEED, at=at)
    assert again.manifest["watermark"]["from"] == pulled[0][0].manifest["watermark"]["to"]
    assert again.manifest["rows"] >= 1000
    assert {row[0] for row in delivered(settings)} == set(ROWS["业务流水号"].slice(0, 1500).to_pylist())
    assert pull(settings, FEED, at=at)[0].manifest["watermark"]["from"] == again.manifest["watermark"]["to"]


def test_a_system_that_still_gives_what_was_refused_is_not_passed_over_in_silence(office, settings, cluster):
    record(office, 0, 100)
    delivery, _, _ = pull(settings, FEED, at=f"127.0.0.1:{cluster.port}")
    landing.record_refusal(settings, delivery, Refused("CONTROL_TOTAL", "as an example"))
    with pytest.raises(Refused, match=f"still gives what was refused as delivery {delivery.delivery_id}"):
        pull(settings, FEED, at=f"127.0.0.1:{cluster.port}")


def test_a_changed_table_is_refused_or_told(office, settings, cluster):
    record(office, 0, 10)
    office.execute("alter table registration.movement add column 手机号码 text")
    office.commit()
    _, _, notes = pull(settings, FEED, at=f"127.0.0.1:{cluster.port}")
    assert "手机号码" in notes[0]
    office.execute("alter table registration.movement rename column 性别 to 性别代码")
    office.commit()
    with pytest.raises(Refused, match="性别.*自治区公安厅"):
        pull(settings, FEED, at=f"127.0.0.1:{cluster.port}")
    office.execute("alter table registration.movement rename to moved")
    office.commit()
    with pytest.raises(Refused, match="movement"):
        pull(settings, FEED, at=f"127.0.0.1:{cluster.port}")


def test_without_password_server_or_right_the_reason_is_said(office, settings, cluster, password):
    at = f"127.0.0.1:{cluster.port}"
    with pytest.raises(ServiceDown, match="127.0.0.1:1"):
        pull(settings, FEED, at="127.0.0.1:1")
    password.write_text("wrong")
    with pytest.raises(ServiceDown, match="password authentication failed"):
        pull(settings, FEED, at=at)
    password.unlink()
    with pytest.raises(ContractError, match="secrets/population_registration_password"):
        pull(settings, FEED, at=at)
    with pytest.raises(ContractError, match="Servers to pull from: none"):
        pull(settings, load_feed("population.resident"))


@pytest.mark.parametrize("kills", range(2, 1 + max(2, int(os.environ.get("GUIHU_KILLS", "2"))), 2))
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_every_place_nothing_is_lost_and_nothing_comes_twice_but_the_overlap(office, settings, cluster, point, kills):
    draw = random.Random(f"{point} {kills}")
    recorded, killed = 0, 0
    for step in range(4):
        more = min(recorded + draw.randint(500, 1500), len(ROWS))
        record(office, recorded, more)
        recorded = more
        if step % 2 == 0:
            killed += guihu_pull(settings, cluster, GUIHU_FAULT=point).returncode == -signal.SIGKILL
        done = guihu_pull(settings, cluster)
        assert done.returncode == 0, done.stderr
    rows = delivered(settings)
    assert killed == 2
    assert set(map(tuple, rows)) == wanted(0, recorded)
    assert not list((settings.home / "pull").rglob("*.csv"))
    print(f"killed {point} {killed} times: {recorded:,} recorded, {len(set(map(tuple, rows))):,} delivered, {len(rows) - recorded} repeated")


def guihu_pull(settings, cluster, **variables) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "spark_jobs.cli", "pull", FEED.id, "--at", f"127.0.0.1:{cluster.port}", "--format", "json"]
    environment = os.environ | {"GUIHU_HOME": str(settings.home), "PYTHONPATH": os.pathsep.join([str(CHECKOUT), os.environ.get("PYTHONPATH", "")])} | variables
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=120)
    if done.returncode == 0:
        assert json.loads(done.stdout.splitlines()[-1])["feed"] == FEED.id
    return done


def test_the_registration_system_follows_its_shares_and_repeats_itself():
    shares = [sum(row == kind for row in ROWS["变动类型"].to_pylist()) / len(ROWS) for kind in movements.KINDS]
    assert max(abs(found - wanted) for found, wanted in zip(shares, movements.KIND_SHARES, strict=True)) < 0.03
    assert movements.movements(6_000, 20_000, 4).equals(ROWS)
    born = [row["公民身份号码"] for row in ROWS.to_pylist() if row["变动类型"] == "出生"]
    assert len(set(born)) == len(born)
    assert len(set(ROWS["业务流水号"].to_pylist())) == len(ROWS)


def as_sent(settings, delivery: landing.Delivery) -> str:
    """The landed file with the numbers of its persons, which the vault keeps."""
    with vault.of(settings) as open_vault:
        return open_vault.restore(landing.landed_file(settings, delivery.sha256).read_bytes().decode())
