"""The gateway over real TCP: what it answers is on disk, what it keeps becomes deliveries, whatever the connection or a kill does."""

import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from spark_jobs.ingest.hj212.packets import packed, unpacked
from spark_jobs.settings import CHECKOUT
from tests.gateway.monitors import answered, hourly

pytestmark = pytest.mark.service
SAMPLES = (Path(__file__).parent / "hj212_annexC_samples.txt").read_text(encoding="utf-8").split("\n")[:-1]
KILLS = 10
POINTS = ["before segment write", "before segment sync", "after segment sync", "before segment is closed", "before segment is received", "bytes kept", "after segment is received"]


def test_every_published_sample_is_kept_and_answered_by_its_flag(gateway):
    gateway.start()
    with gateway.connect() as connection:
        for sample in SAMPLES:
            connection.sendall(packed(sample.encode()))
        connection.sendall(hourly(1))
        last = []
        while not last or b"QN=20260801000000001" not in last[-1]:
            last += answered(connection, 1)
    assert gateway.stop() == 0
    sent = [packed(sample.encode())[:-2] for sample in SAMPLES]
    assert sorted(gateway.delivered()) == sorted({*sent, hourly(1)[:-2]})
    said = [unpacked(line).decode() for line in last]
    kinds = {cn: sum(f"CN={cn}" in text for text in said) for cn in ("9011", "9012", "9013", "9014")}
    print(f"published samples: {len(SAMPLES)} sent, {len(set(sent))} kept, answers {kinds}")
    assert all(text.split(";")[1] == "ST=91" for text in said)
    assert min(kinds.values()) > 0


def test_half_messages_and_many_in_one_piece(gateway):
    gateway.start()
    messages = [hourly(number) for number in range(60)]
    stream = b"".join(messages)
    draw = random.Random(212)
    with gateway.connect() as connection:
        for byte in stream[:300]:
            connection.sendall(bytes([byte]))
        place = 300
        while place < len(stream):
            size = draw.choice([1, 2, 7, 50, 400])
            connection.sendall(stream[place : place + size])
            place += size
        replies = answered(connection, 60)
    assert len(replies) == 60
    assert gateway.stop() == 0
    assert gateway.delivered() == [message[:-2] for message in messages]


def test_a_wrong_CRC_is_kept_and_never_acknowledged(gateway):
    gateway.start()
    broken = hourly(1).replace(b"40.1", b"99.9")
    with gateway.connect() as connection:
        connection.sendall(broken + hourly(2))
        assert b"QN=20260801000000002" in answered(connection, 1)[0]
    assert gateway.stop() == 0
    assert gateway.delivered() == [broken[:-2], hourly(2)[:-2]]
    assert "HJ_CRC" in gateway.said()


def test_the_same_message_again_is_acknowledged_again_and_kept_once_even_by_the_next_process(gateway):
    gateway.start("--segment-seconds", "0.2")
    divided = [hourly(7, flag=7, packet=f"PNUM=2;PNO={number};") for number in (1, 2)]
    with gateway.connect() as connection:
        connection.sendall(hourly(1) * 3 + b"".join(divided))
        assert len(answered(connection, 5)) == 5
    time.sleep(0.6)
    with gateway.connect() as connection:
        connection.sendall(hourly(1))
        assert len(answered(connection, 1)) == 1
    gateway.stop()
    gateway.start()
    with gateway.connect() as connection:
        connection.sendall(divided[1] + hourly(1, value="40.2"))  # the second has the same number and other content: kept, for the judge
        assert len(answered(connection, 2)) == 2
    assert gateway.stop() == 0
    assert gateway.delivered() == [line[:-2] for line in (hourly(1), *divided, hourly(1, value="40.2"))]


def test_a_sender_that_is_no_monitor_is_closed_and_what_it_sent_is_kept(gateway):
    gateway.start()
    with gateway.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: lake\r\nAccept: */*\r\n\r\n")
        assert connection.recv(100) == b""
    with gateway.connect() as connection:
        connection.sendall(b"#" * 200_000)
        with pytest.raises((ConnectionError, AssertionError)):
            answered(connection, 1)
    with gateway.connect() as connection:
        connection.sendall(hourly(1)[:50])
    with gateway.connect() as connection:
        connection.sendall(hourly(2))
        answered(connection, 1)
    assert gateway.stop() == 0
    kept = gateway.delivered()
    assert kept[:3] == [b"GET / HTTP/1.1", b"Host: lake", b"Accept: */*"]
    assert {hourly(1)[:50], hourly(2)[:-2]} <= set(kept)


def test_an_edition_that_is_not_spoken_gets_flag_wrong(gateway):
    gateway.start("--edition", "2025")
    with gateway.connect() as connection:
        connection.sendall(hourly(1) + hourly(2, flag=9))
        first, second = answered(connection, 2)
    assert b"CN=9011" in first and b"QnRtn=6" in first
    assert b"CN=9014" in second and b"Flag=8" in second
    gateway.stop()


def test_segments_become_deliveries_by_number_and_by_time(gateway):
    gateway.start("--segment-messages", "10", "--segment-seconds", "1")
    with gateway.connect() as connection:
        for number in range(25):
            connection.sendall(hourly(number))
            answered(connection, 1)
        assert len(gateway.delivered()) == 20
        time.sleep(1.6)
        assert len(gateway.delivered()) == 25
    gateway.stop()
    assert gateway.left_over() == []


def test_one_gateway_a_home_and_a_free_port_are_asked_for(gateway):
    gateway.start()
    first, log = gateway.process, gateway.log
    with pytest.raises(AssertionError, match="another gateway runs"):
        gateway.start()
    gateway.process, gateway.log = first, log
    assert gateway.stop() == 0


@pytest.mark.parametrize("kill", range(int(os.environ.get("GUIHU_KILLS", "1"))))
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_every_place_each_acknowledged_message_is_delivered_exactly_once(gateway, point, kill):
    gateway.start("--segment-messages", "5", GUIHU_FAULT=f"{point}:{1 + kill % 3}")
    acknowledged = set(_talk(gateway, range(40)))
    assert gateway.process.wait(timeout=30) == -signal.SIGKILL
    gateway.start("--segment-messages", "5")
    assert set(_talk(gateway, range(40))) == set(range(40))
    assert gateway.stop() == 0
    assert sorted(gateway.delivered()) == sorted(hourly(number)[:-2] for number in range(40))
    assert gateway.left_over() == []
    print(f"killed {point}: {len(acknowledged)} of 40 acknowledged before")


def test_a_torn_last_line_is_cut_off_and_every_line_before_it_is_delivered(gateway):
    opened = gateway.home / "gateway" / "open"
    opened.mkdir(parents=True)
    (opened / "pollutant_discharge_left.hj212").write_bytes(hourly(1) + hourly(2) + hourly(3)[:70])
    (opened / "pollutant_discharge_empty.hj212").write_bytes(b"")
    gateway.start()
    assert gateway.delivered() == [hourly(1)[:-2], hourly(2)[:-2]]
    assert gateway.stop() == 0
    assert gateway.left_over() == []


def test_a_full_disk_ends_the_gateway_and_what_was_acknowledged_is_delivered_later(gateway):
    gateway.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)))
    acknowledged = _talk(gateway, range(1000))
    assert gateway.process.wait(timeout=30) == 3
    assert "cannot run" in gateway.said() and "Traceback" not in gateway.said()
    gateway.start()
    assert gateway.stop() == 0
    delivered = gateway.delivered()
    assert 50 < len(acknowledged) < 1000
    assert {hourly(number)[:-2] for number in acknowledged} <= set(delivered)
    assert len(delivered) == len(set(delivered))


def test_a_sender_that_takes_no_answers_is_held_back_and_the_others_are_served(gateway):
    gateway.start()
    with gateway.connect() as greedy, gateway.connect() as polite:
        greedy.settimeout(2)
        sent = _send_until_held_back(greedy)
        polite.sendall(hourly(1, mn="F" * 24))
        assert b"CN=9014" in answered(polite, 1)[0]
        memory = int(next(line for line in Path(f"/proc/{gateway.process.pid}/status").read_text().splitlines() if line.startswith("VmRSS")).split()[1])
    assert gateway.stop() == 0
    print(f"held back after {sent:,} messages without an answer taken; gateway {memory / 1024:.0f} MB")
    assert memory < 250 * 1024


@pytest.mark.timeout(600)
def test_killed_at_any_moment_under_load(gateway):
    """Twenty monitors talk without pause; the gateway is killed and started again. Each sends until it is acknowledged."""
    draw, acknowledged, sent, lock = random.Random(9014), set(), set(), threading.Lock()
    done = threading.Event()

    def monitor(station: int) -> None:
        number = 0
        while not done.is_set():
            name = station * 1_000_000 + number
            with lock:
                sent.add(name)
            if _talk(gateway, [name]):
                with lock:
                    acknowledged.add(name)
                number += 1
            else:
                time.sleep(0.05)

    gateway.start("--segment-messages", "200", "--segment-seconds", "0.5")
    monitors = [threading.Thread(target=monitor, args=(station,)) for station in range(20)]
    for thread in monitors:
        thread.start()
    for _ in range(KILLS):
        time.sleep(draw.uniform(0.2, 0.8))
        gateway.stop(signal.SIGKILL)
        gateway.start("--segment-messages", "200", "--segment-seconds", "0.5")
    done.set()
    for thread in monitors:
        thread.join()
    assert gateway.stop() == 0
    delivered = gateway.delivered()
    print(f"{KILLS} kills, {len(acknowledged):,} messages acknowledged, {len(delivered):,} delivered: "
          f"{len({hourly(n)[:-2] for n in acknowledged} - set(delivered))} lost, {len(delivered) - len(set(delivered))} twice")  # fmt: skip
    assert {hourly(number)[:-2] for number in acknowledged} <= set(delivered) <= {hourly(number)[:-2] for number in sent}
    assert len(delivered) == len(set(delivered))
    silver = gateway.in_silver()
    print(f"{len(silver):,} rows in silver, {len({number for number, *_ in silver}):,} messages")
    assert Counter(number for number, *_ in silver) == Counter(str(20260801000000000 + number) for number in sent if hourly(number)[:-2] in set(delivered))
    assert {verdict for *_, verdict in silver} == {"loaded"}


@pytest.mark.timeout(600)
def test_a_thousand_connections(gateway):
    """The monitors of the demonstration, a process of their own: each sends an hour, waits for the answer, sends the next."""
    gateway.start()
    command = [sys.executable, "-m", "infra.demo.monitors", "--port", str(gateway.port), "--monitors", "1000", "--hours", "20"]
    crowd = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=500)
    assert crowd.returncode == 0, crowd.stderr
    cpu = sum(float(ticks) for ticks in Path(f"/proc/{gateway.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]) / os.sysconf("SC_CLK_TCK")
    resident = next(line for line in Path(f"/proc/{gateway.process.pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    assert gateway.stop() == 0
    silver = gateway.in_silver()
    print(f"{crowd.stdout.strip()}; gateway {cpu:.1f} CPU-s, {resident}; in silver {Counter(verdict for *_, verdict in silver)}")
    broken = int(crowd.stdout.split(" with a wrong CRC")[0].rpartition(" ")[2])
    assert broken > 10 and len(gateway.delivered()) == 20_000 + broken
    assert Counter(verdict for *_, verdict in silver) == {"loaded": 100_000, "quarantined": broken}


def _talk(gateway, numbers) -> list[int]:
    """Send each message and wait for its answer; the numbers that were acknowledged before the connection broke."""
    acknowledged = []
    try:
        with gateway.connect() as connection:
            for number in numbers:
                connection.sendall(hourly(number))
                assert b"CN=9014" in answered(connection, 1)[0]
                acknowledged.append(number)
    except (OSError, AssertionError):
        return acknowledged
    return acknowledged


def _send_until_held_back(connection) -> int:
    """Send and take no answer; how many messages went out before the connection took no more."""
    sent = 0
    try:
        while True:
            connection.sendall(hourly(sent))
            sent += 1
    except TimeoutError:
        return sent
