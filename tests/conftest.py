"""One running stack a test run: `make test` starts it and names its home and ports in the environment."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from expectations.contract import load_all, load_feed
from spark_jobs.ingest import flow, landing
from spark_jobs.settings import CHECKOUT, HOST, Settings, from_environment

SHARED = {"guihu", "ingested", "released"}  # whoever asks for one of these works on the one stack of `make test`
CHROMIUM = "/usr/bin/chromium"
SIZES = ["--enterprises", "4000", "--penalties", "1000", "--residents", "8000", "--seed", "3"]


def pytest_collection_modifyitems(items) -> None:
    """Mark what works on the shared stack: `make test` runs it beside what has engines and folders of its own."""
    for item in items:
        if SHARED & set(item.fixturenames):
            item.add_marker("stack")


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """The stack of `make test`, or, where none runs, an engine of this test run's own."""
    if os.environ.get("GUIHU_STACK"):
        yield from_environment()
        return
    home = CHECKOUT / ".guihu" / "engine-home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    os.environ.update(GUIHU_HOME=str(home), GUIHU_PORT="18280", GUIHU_ENV=os.environ.get("GUIHU_ENV", str(CHECKOUT / ".guihu" / "env")))
    settings = from_environment()
    for name in ("connect_token", "thrift_password"):
        settings.secret(name)
    with (home / "engine.log").open("w") as log:
        engine = subprocess.Popen([CHECKOUT / "infra" / "engine" / "start.sh"], stdout=log, stderr=log, start_new_session=True)
    try:
        wait_for_port(settings.thrift_port, engine, home / "engine.log")
        yield settings
    finally:
        os.killpg(engine.pid, signal.SIGTERM)
        engine.wait(timeout=60)


def wait_for_port(port: int, engine: subprocess.Popen, log) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and engine.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.5)
    raise AssertionError(f"the engine did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def guihu():
    """Run `guihu …`; returns the finished process."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess:
        command = [str(CHECKOUT / "guihu"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=os.environ | variables, timeout=1500)

    return run


@pytest.fixture(scope="session")
def division_lake(tmp_path_factory) -> Settings:
    """A lake of its own, without an engine, that holds the lists of divisions alone."""
    home = tmp_path_factory.mktemp("divisions")
    lake, feed = Settings(home=home, environments=home, port=9), load_feed("reference.division")
    for path in sorted((CHECKOUT / "infra" / "demo" / "data" / "reference" / "division").glob("*.tsv")):
        delivery, _ = landing.receive(lake, feed, path)
        flow.ingest(lake, feed, [delivery])
    return lake


@pytest.fixture(scope="session")
def ingested(settings, guihu) -> list[dict]:
    """The outcome of every demonstration delivery, brought in by the command (Airflow may be at it at the same time: each is loaded once)."""
    subprocess.run([sys.executable, "-m", "infra.demo.deliver", "--home", str(settings.home), *SIZES], cwd=CHECKOUT, check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "infra.demo.online", "--home", str(settings.home)], cwd=CHECKOUT, check=True, capture_output=True)
    assert guihu("receive", "--inbox", "--format", "json").returncode == 0
    for feed in sorted(load_all(), key=lambda feed: not feed.startswith("reference.")):
        done = guihu("ingest", feed)
        assert done.returncode == 0, done.stderr
    return [{"feed": d.feed, "delivery_id": d.delivery_id, "file": d.file, **outcome} for d, outcome in landing.ledger(settings) if outcome]


@pytest.fixture(scope="session")
def released(guihu, ingested) -> dict[str, str]:
    """What build (with the models' unit tests), gate and release said."""
    said = {}
    for name, command in {"build": ["build", "--force", "--unit-tests"], "gate": ["gate", "gold"], "release": ["release"]}.items():
        done = guihu(*command)
        assert done.returncode == 0, f"guihu {name}: {done.stdout[-3000:]}{done.stderr[-1000:]}"
        said[name] = done.stdout
    return said


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, one for all tests: the driver can run only once in a process."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        yield chromium
        chromium.close()
