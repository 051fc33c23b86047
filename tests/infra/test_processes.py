"""Processes of a deployment are found by their mark and ended with their children; nobody else's are touched."""

import configparser
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from infra.operate import processes, secrets
from infra.operate.faults import NotStarted
from infra.operate.services import services
from infra.stack import remove_inside_home
from spark_jobs.settings import CHECKOUT, from_environment

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"]


@pytest.fixture
def start(tmp_path):
    """Starts a process of a service of the deployment in tmp_path; all are ended after the test."""
    started = []

    def _start(service: str, command=SLEEP, home: Path = tmp_path, **options) -> subprocess.Popen:
        variables = os.environ | {"GUIHU_HOME": str(home), processes.MARK: service}
        process = subprocess.Popen(command, env=variables, **options)
        started.append(process)
        return process

    yield _start
    for process in started:
        process.kill()
        process.wait()


def pids(found) -> set[int]:
    return {process.pid for process in found}


def test_a_service_is_found_even_when_it_made_a_session_of_its_own(start, tmp_path):
    inside, apart = start("engine"), start("engine", start_new_session=True)
    other_service, other_home = start("superset"), start("engine", home=tmp_path / "another")
    time.sleep(0.3)
    assert pids(processes.of_deployment(tmp_path, "engine")) == {inside.pid, apart.pid}
    assert pids(processes.of_deployment(tmp_path)) == {inside.pid, apart.pid, other_service.pid}
    assert other_home.poll() is None


def test_ending_kills_what_does_not_listen(start, tmp_path):
    stubborn = start("engine", STUBBORN, stdout=subprocess.PIPE)
    assert stubborn.stdout.readline() == b"up\n"
    assert processes.end(processes.of_deployment(tmp_path), patience_seconds=1) == []
    assert stubborn.wait(timeout=5) == -9


def test_a_service_ends_what_its_killed_predecessor_left_before_it_starts(start, tmp_path):
    orphan, neighbour = start("scheduler", start_new_session=True), start("superset")
    time.sleep(0.3)
    variables = os.environ | {"GUIHU_HOME": str(tmp_path), "GUIHU_ENV": str(from_environment().environments), "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run([CHECKOUT / "infra" / "supervisor" / "run-clean", "scheduler", "echo", "started"], env=variables, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "started", done.stderr
    assert orphan.wait(timeout=5) == -15
    assert neighbour.poll() is None


def test_the_one_who_listens_on_a_port_is_named():
    with socket.create_server(("127.0.0.1", 0)) as server:
        owner = processes.listening_on(server.getsockname()[1])
        assert owner.pid == os.getpid()
        free = server.getsockname()[1]
    assert processes.listening_on(free) is None


def test_secrets_are_made_once_and_only_their_owner_may_read_them(tmp_path):
    settings = replace(from_environment(), home=tmp_path)
    secrets.make_all(settings)
    first = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    secrets.make_all(settings)
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == first
    assert len(set(first.values())) == len(first), "two secrets are the same"
    assert secrets.too_open(settings) == []
    (tmp_path / "secrets" / "connect_token").chmod(0o644)
    assert secrets.too_open(settings) == [tmp_path / "secrets" / "connect_token"]


def test_each_service_is_a_program_of_the_supervisor_and_no_two_share_a_port():
    known, programs = services(from_environment()), configparser.RawConfigParser()
    programs.read(CHECKOUT / "infra" / "supervisor" / "supervisord.conf")
    assert {f"program:{service.name}" for service in known} == {name for name in programs.sections() if name.startswith("program:")}
    assert all("/run-clean %(program_name)s " in programs[f"program:{service.name}"]["command"] for service in known)
    ports = [port for service in known for port in service.ports]
    assert len(set(ports)) == len(ports)


def test_clean_never_reaches_outside_the_home(tmp_path):
    home = tmp_path / "home"
    (home / "run").mkdir(parents=True)
    (tmp_path / "precious").mkdir()
    (home / "log").symlink_to(tmp_path / "precious")
    for target, claimed_home in ((home / ".." / "precious", home), (home / "log", home), (CHECKOUT, CHECKOUT), (CHECKOUT.parent, CHECKOUT.parent), (tmp_path / "precious", tmp_path / "precious")):
        with pytest.raises(NotStarted):
            remove_inside_home(target, claimed_home)
    assert (tmp_path / "precious").is_dir()
    remove_inside_home(home / "run", home)
    assert not (home / "run").exists()
