"""One engine a lake, and a catalog that is rebuilt from the Delta tables by one command: the real engine, on a port and a lake of its own."""

import fcntl
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from spark_jobs.duck import delta_reader
from spark_jobs.lake import LAYERS, session
from spark_jobs.settings import CHECKOUT, Settings
from tests.conftest import wait_for_port
from tests.faults import ways

pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]
START = CHECKOUT / "infra" / "engine" / "start.sh"


@pytest.fixture
def lake(tmp_path) -> Settings:
    """A lake with tables in judged and gold, whose engine may use three free ports."""
    way = ways.one_month(tmp_path, 1)
    way.finish()
    ways.write_gold(way.home, 10, 1)
    for table in ("judged/economy__gdp_quarterly", "gold/mart_half_made"):  # as a full disk leaves them
        (way.home / "lake" / table / "_delta_log").mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings(home=way.home, environments=Path(ways.ENVIRONMENTS), port=port)
    for name in ("connect_token", "thrift_password"):
        settings.secret(name)
    return settings


def test_a_second_engine_is_refused_and_a_killed_ones_catalog_comes_back_by_one_command(lake):
    engine = started(lake)
    try:
        second = subprocess.run([START], env=variables(lake), capture_output=True, text=True, timeout=60)
        assert second.returncode == 3
        holder = int(re.search(r"process (\d+)", second.stderr)[1])
        assert os.getpgid(holder) == engine.pid  # the first engine on a machine is a child of its starter, which keeps its archive of classes
        assert str(lake.home) in second.stderr
        first = rebuilt(lake)
        os.killpg(engine.pid, signal.SIGKILL)
        engine.wait(timeout=30)
        wait_until_gone(lake)
        engine = started(lake)  # the lock went with the process
        with session(lake) as spark:
            assert not {row.namespace for row in spark.sql("show databases").collect()} & set(LAYERS), "the catalog survived: this test shows nothing"
        assert rebuilt(lake) == first
        assert {name for name in first if name.startswith("gold.")} == {f"gold.{name}" for name in ways.GOLD}
        print(f"catalog lost and rebuilt: {len(first)} of {len(first)} tables, {sum(first.values()):,} rows as DuckDB counts them")
    finally:
        os.killpg(engine.pid, signal.SIGTERM)
        engine.wait(timeout=90)


def started(lake: Settings) -> subprocess.Popen:
    with (lake.home / "engine.log").open("a") as log:
        engine = subprocess.Popen([START], env=variables(lake), stdout=log, stderr=log, start_new_session=True)
    wait_for_port(lake.thrift_port, engine, lake.home / "engine.log")
    return engine


def wait_until_gone(lake: Settings) -> None:
    """The starter is gone at once, its Java a moment later: until then its lock and its doors are there."""
    with (lake.home / "run" / "engine.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


def rebuilt(lake: Settings) -> dict[str, int]:
    """Rebuild the catalog; rows of each table of the lake, which must be those that DuckDB reads from its folder."""
    done = subprocess.run([CHECKOUT / "guihu", "catalog"], env=variables(lake), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    tables = sorted({commit.parents[1] for layer in LAYERS for commit in (lake.lake / layer).glob("*/_delta_log/*.json")})
    expected = {f"{table.parent.name}.{table.name}": delta_reader().execute("select count(*) from delta_scan($1)", [str(table)]).fetchone()[0] for table in tables}
    with session(lake) as spark:
        assert {name: spark.table(name).count() for name in expected} == expected
        assert spark.table(f"silver.{ways.TABLE}").count() > 0
    return expected


def variables(lake: Settings) -> dict[str, str]:
    return os.environ | {"GUIHU_HOME": str(lake.home), "GUIHU_ENV": str(lake.environments), "GUIHU_PORT": str(lake.port)}
