"""The engine's files: no key on a command line, loopback only, and a second engine on the same home is refused."""

import fcntl
import os
import subprocess

from spark_jobs.settings import CHECKOUT, from_environment

START = CHECKOUT / "infra" / "engine" / "start.sh"


def test_a_second_engine_on_the_same_home_is_refused_with_words(tmp_path):
    (tmp_path / "run").mkdir()
    variables = os.environ | {"GUIHU_HOME": str(tmp_path), "GUIHU_ENV": str(from_environment().environments), "GUIHU_PORT": "1"}
    with (tmp_path / "run" / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        print(4711, file=lock, flush=True)
        done = subprocess.run([START], env=variables, capture_output=True, text=True, timeout=20)
    assert done.returncode == 3
    assert f"Another engine is already running on {tmp_path}, process 4711" in done.stderr
    assert (tmp_path / "run" / "engine.lock").read_text() == "4711\n"
    assert "make down" in done.stderr


def test_keys_travel_in_files_that_only_the_owner_reads():
    script = START.read_text()
    assert "umask 077" in script
    command = script[script.index("engine=(") :]
    assert "token" not in command
    assert "password" not in command


def test_the_engine_and_airflow_are_bound_to_loopback():
    engine = (CHECKOUT / "infra" / "engine" / "spark.properties").read_text()
    for door in ("spark.connect.grpc.binding.address", "spark.hadoop.hive.server2.thrift.bind.host", "spark.driver.bindAddress"):
        assert any(line.split() == [door, "127.0.0.1"] for line in engine.splitlines()), door
    assert "AIRFLOW__API__HOST=127.0.0.1" in (CHECKOUT / "infra" / "airflow" / "environment").read_text()
    supervisor = (CHECKOUT / "infra" / "supervisor" / "supervisord.conf").read_text()
    assert "inet_http_server" not in supervisor
    assert "--skip-serve-logs" in supervisor, "the scheduler's log server listens on every address"


def test_no_file_of_this_room_names_a_package_registry():
    for path in (CHECKOUT / "infra").rglob("*"):
        if path.suffix in (".py", ".sh", ".xml", ".in", ".txt", ".properties", ".conf", "") and path.is_file() and "demo" not in path.parts:
            text = path.read_text(errors="ignore")
            for word in ("pypi" + ".org", "maven" + ".org", "pythonhosted" + ".org", "files.python"):
                assert word not in text, f"{path} names {word}"
