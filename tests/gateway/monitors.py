"""A gateway of the test's own on a free port, and monitors that speak to it over TCP."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from expectations.contract import load_feed
from spark_jobs.duck import delta_reader
from spark_jobs.ingest import flow, landing
from spark_jobs.ingest.hj212.packets import END, cut, packed
from spark_jobs.settings import CHECKOUT, HOST, Settings

FEED = "environment.pollutant_discharge"


class RunningGateway:
    """`guihu gateway` as a process, with a home that outlives it."""

    def __init__(self, home: Path):
        self.home, self.process, self.port = home, None, 0
        self.settings = Settings(home, Path(os.environ.get("GUIHU_ENV", CHECKOUT / ".guihu" / "env")), 18080)

    def start(self, *options: str, preexec_fn=None, **variables: str) -> None:
        command = [sys.executable, "-m", "spark_jobs.cli", "gateway", "--port", "0", *options]
        environment = os.environ | {"GUIHU_HOME": str(self.home), "PYTHONPATH": str(CHECKOUT)} | variables
        self.log = (self.home / f"gateway-{time.monotonic_ns()}.log").open("w+")
        self.process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=self.log, stderr=subprocess.STDOUT, preexec_fn=preexec_fn)
        deadline = time.monotonic() + 60
        while "gateway on" not in self.said():
            assert time.monotonic() < deadline and self.process.poll() is None, self.said()
            time.sleep(0.05)
        self.port = int(self.said().split(f"{HOST}:")[1].split(",")[0])

    def said(self) -> str:
        return Path(self.log.name).read_text()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=60)

    def connect(self) -> socket.socket:
        return socket.create_connection((HOST, self.port), timeout=30)

    def delivered(self) -> list[bytes]:
        """Every line of every delivery in landing."""
        lines: list[bytes] = []
        for delivery, _ in landing.ledger(self.settings, FEED):
            found, rest = cut(landing.landed_file(self.settings, delivery.sha256).read_bytes())
            assert rest == b""
            assert len(found) == delivery.manifest["rows"]
            lines += found
        return lines

    def in_silver(self) -> list[tuple]:
        """Bring every delivery into silver; number, item and verdict of each row there."""
        feed = load_feed(FEED)
        results = flow.ingest(self.settings, feed, landing.pending(self.settings, FEED))
        for result in results:
            outcome = result.outcome
            assert outcome["rows_in"] == outcome["rows_loaded"] + outcome["rows_quarantined"] + outcome["rows_repeated"]
        with delta_reader() as connection:
            return connection.execute(f"select request_number, item_code, _verdict from delta_scan('{self.settings.lake / 'judged' / feed.table}')").fetchall()

    def left_over(self) -> list[str]:
        return [path.name for path in (self.home / "gateway").glob("*/*")]


def answered(connection: socket.socket, count: int) -> list[bytes]:
    """The next `count` answers, without CRLF."""
    received = b""
    while received.count(END) < count:
        piece = connection.recv(65536)
        assert piece, f"closed after {received!r}"
        received += piece
    return received.split(END)[:-1]


def hourly(number: int, *, mn: str = "010000A8900016F000169DC0", flag: int = 5, value: str = "40.1", packet: str = "") -> bytes:
    """The packet of an hourly value; `number` makes its QN."""
    return packed(f"QN={20260801000000000 + number};ST=32;CN=2061;PW=123456;MN={mn};Flag={flag};{packet}CP=&&DataTime=20260801000000;w01018-Avg={value},w01018-Flag=N&&".encode())
