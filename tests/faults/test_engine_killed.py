"""kill -9 of the engine while it works: the supervisor starts it again, and the same command leaves the same rows, none twice."""

import os
import signal
import socket
import subprocess
import time

import psutil
import pytest

from spark_jobs.settings import CHECKOUT, HOST
from tests.faults.conftest import FEED, WHOLE

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]
IN_THE_ENGINE = {"GUIHU_LARGE_PARTS": "1"}


@pytest.mark.parametrize("seconds, year", [(1.5, 2060), (4.0, 2061)])
def test_an_engine_killed_during_ingest_loses_and_doubles_nothing(seconds, year, small_file, rows, settings, guihu, ingested):
    assert guihu("receive", FEED, str(small_file(year))).returncode == 0
    client = subprocess.Popen([CHECKOUT / "guihu", "ingest", FEED], env=os.environ | IN_THE_ENGINE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    time.sleep(seconds)
    os.kill(engine(settings).pid, signal.SIGKILL)
    said = client.communicate(timeout=240)[0]
    assert client.returncode in (0, 3), said
    wait_until_it_is_back(settings)
    again = guihu("ingest", FEED, "--skip-exit-code", "99", **IN_THE_ENGINE)
    assert again.returncode in (0, 99), again.stderr
    assert rows(year) == WHOLE


def engine(settings) -> psutil.Process:
    mark = str(settings.run / "engine.properties")
    return next(p for p in psutil.process_iter(["cmdline", "name"]) if p.info["name"] == "java" and mark in (p.info["cmdline"] or []))


def wait_until_it_is_back(settings) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, settings.thrift_port)) == 0:
                return
        time.sleep(1)
    raise AssertionError("the supervisor did not bring the engine back within 180 s")
