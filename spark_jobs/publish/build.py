"""build: one dbt process makes core and marts from silver, over the engine's Thrift door."""

import os
import subprocess

from spark_jobs.lake import check_engine
from spark_jobs.settings import CHECKOUT, Settings

SMALL_LAKE = 200 << 20  # bytes of silver


class BuildFailed(RuntimeError):
    """dbt ended with an error; its own output says which model or test."""


def build(settings: Settings, select: str | None = None, unit_tests: bool = False) -> None:
    """Run `dbt build`: seeds, models and the tests of their data. Unit tests say nothing about data: they run where asked for.

    dbt's output is passed through. Raises BuildFailed where a model or a test fails.
    """
    check_engine(settings)
    project = CHECKOUT / "dbt_project"
    command = [str(settings.environments / "lake" / "bin" / "dbt"), "build", "--project-dir", str(project), "--profiles-dir", str(project)]
    command += ["--target-path", str(settings.home / "dbt" / "target"), "--log-path", str(settings.home / "dbt" / "log")]
    command += ["--select", select] if select else []
    command += [] if unit_tests else ["--exclude-resource-type", "unit_test"]
    if subprocess.run(command, env=environment(settings), check=False).returncode != 0:
        raise BuildFailed(f"dbt did not succeed; its log is {settings.home / 'dbt' / 'log' / 'dbt.log'}")


def environment(settings: Settings) -> dict[str, str]:
    """What dbt_project/profiles.yml asks for."""
    small = _lake_bytes(settings) < SMALL_LAKE
    return {
        **os.environ,
        "GUIHU_PARTITIONS": "1" if small else "4",
        "GUIHU_COMPILE": "false" if small else "true",
        "GUIHU_LAKE": str(settings.lake),
        "GUIHU_PORT_THRIFT": str(settings.thrift_port),
        "GUIHU_THRIFT_PASSWORD": settings.secret("thrift_password"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def _lake_bytes(settings: Settings) -> int:
    return sum(path.stat().st_size for layer in ("judged", "silver") for path in (settings.lake / layer).glob("*/*.parquet"))
