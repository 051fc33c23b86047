"""The running stack: everything answers, nothing listens beyond loopback, doors ask for their key, status and doctor agree."""

import os
import subprocess
import sys
import time

import httpx
import psutil
import pytest
from pyhive import hive
from thrift.transport.TTransport import TTransportException

from infra.operate import doctor, processes
from infra.operate.airflow_api import Airflow
from infra.operate.services import Supervisor, services
from spark_jobs.settings import CHECKOUT, HOST, from_environment

pytestmark = [pytest.mark.service, pytest.mark.stack]


@pytest.fixture(scope="module")
def settings():
    return from_environment()


def test_every_service_runs_and_listens_on_its_own_ports(settings):
    states = Supervisor(settings).states()
    for service in services(settings):
        assert states[service.name]["statename"] == "RUNNING"
        members = {process.pid for process in processes.of_deployment(settings.home, service.name)}
        for port in service.ports:
            assert processes.listening_on(port).pid in members


def test_nothing_of_ours_can_be_reached_from_another_machine(settings):
    own = {process.pid for process in processes.of_deployment(settings.home)}
    assert own
    assert doctor.open_to_others(own) == []


def test_no_key_stands_on_a_command_line(settings):
    keys = [path.read_text().strip() for path in (settings.home / "secrets").iterdir()]
    lines = [" ".join(process.cmdline()) for process in processes.of_deployment(settings.home)]
    assert [line for line in lines if any(key in line for key in keys)] == []


def test_thrift_asks_for_its_password(settings):
    with pytest.raises(TTransportException, match="Error validating the login"):
        hive.connect(HOST, settings.thrift_port, username="guihu", password="wrong", auth="CUSTOM")
    with pytest.raises(TTransportException):
        hive.connect(HOST, settings.thrift_port, username="guihu")
    cursor = hive.connect(HOST, settings.thrift_port, username="guihu", password=settings.secret("thrift_password"), auth="CUSTOM").cursor()
    cursor.execute("select current_timezone()")
    assert cursor.fetchone() == ("Asia/Shanghai",)


def test_connect_asks_for_its_token(settings):
    """In a process of its own: a client keeps its sessions for good."""
    program = f"from pyspark.sql import SparkSession; print(SparkSession.builder.remote('sc://localhost:{settings.connect_port}/').create().sql('select 1').collect())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, env=os.environ)
    assert done.returncode != 0
    assert "No authentication token provided" in done.stderr


def test_airflow_asks_for_a_login_and_knows_its_pool(settings):
    assert httpx.get(f"http://{HOST}:{settings.airflow_port}/api/v2/dags", trust_env=False).status_code == 401
    airflow = Airflow(settings)
    assert airflow.unhealthy() == []
    assert airflow.import_errors() == []
    assert airflow.call("GET", "/pools/engine")["slots"] == 2


def test_partners_are_asked_for_their_token(settings):
    address = f"http://{HOST}:{settings.sharing_port}/delta-sharing/shares"
    for headers in ({}, {"Authorization": "Bearer made-up"}):
        answer = httpx.get(address, headers=headers, trust_env=False)
        assert (answer.status_code, answer.json()["errorCode"]) == (401, "UNAUTHENTICATED")


def test_doctor_finds_nothing_that_stops_the_lake(settings, capsys):
    assert doctor.doctor(settings), capsys.readouterr().out


def test_a_second_up_changes_nothing(settings):
    before = {service.name: Supervisor(settings).states()[service.name]["pid"] for service in services(settings)}
    done = subprocess.run([sys.executable, "-m", "infra.stack", "up"], cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
    assert {service.name: Supervisor(settings).states()[service.name]["pid"] for service in services(settings)} == before


def test_a_killed_scheduler_comes_back_without_orphans(settings):
    supervisor, airflow = Supervisor(settings), Airflow(settings)
    old = processes.of_deployment(settings.home, "scheduler")
    psutil.Process(supervisor.states()["scheduler"]["pid"]).kill()
    assert processes.wait_for_end(old, seconds=30) == []
    wait_until(lambda: supervisor.states()["scheduler"]["statename"] == "RUNNING" and not airflow.unhealthy())


def wait_until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.5)
