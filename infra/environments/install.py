"""Install what is missing: uv, three locked environments, Java, the Delta jars, for tests also a browser and PostgreSQL.

Usage: infra/bootstrap [--test]        Runs on Python 3.9 with its standard library alone; a second run costs nothing.
Everything goes to GUIHU_ENV (default .guihu/env in the checkout), except what only apt-get can install, and that only as root.
"""

import argparse
import fcntl
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.environments import browser, jars, java, postgres, venvs
from infra.environments.shell import Missing, is_root, report

CHECKOUT = Path(__file__).resolve().parents[2]


def main() -> int:
    options = argparse.ArgumentParser(description="Install what the lake needs and this machine lacks.")
    options.add_argument("--test", action="store_true", help="also what only the tests need (pytest, ruff, a browser, fonts, PostgreSQL)")
    chosen = options.parse_args()
    target = Path(os.environ.get("GUIHU_ENV", CHECKOUT / ".guihu" / "env")).resolve()
    started = time.monotonic()
    try:
        install(target, with_tests=chosen.test)
    except Missing as problem:
        print(f"\nMissing: {problem.what}\nFix:     {problem.fix}", file=sys.stderr)
        return 1
    report(f"all installed in {target}", started)
    return 0


def install(target: Path, with_tests: bool) -> None:
    """Everything, in two lanes: one waits for the network while the other unpacks or compiles."""
    target.mkdir(parents=True, exist_ok=True)
    with OneAtATime(target / ".install.lock"), ThreadPoolExecutor(max_workers=2) as lanes:
        uv = venvs.find_or_install_uv(target)
        python = venvs.find_python(uv)
        work = [
            lanes.submit(install_engine, target, uv, python, with_tests),
            lanes.submit(install_services, target, uv, python),
        ]
        for lane in work:
            lane.result()
        if with_tests:
            browser.install_browser_and_fonts()
        if with_tests or is_root():  # without it the demonstration leaves out what it would pull
            postgres.install_postgres()


def install_engine(target: Path, uv: str, python: str, with_tests: bool) -> None:
    """The lake environment (Spark, Delta, dbt, Great Expectations, DuckDB), Java and the jars."""
    venvs.install(target, "lake", uv, python, extra="test" if with_tests else None)
    java_home = java.find_or_install(target, uv, python)
    jars.fetch_delta(target, java_home)
    jars.compile_thrift_password(target, java_home)


def install_services(target: Path, uv: str, python: str) -> None:
    """Airflow and Superset, each in its own environment: they need different versions of SQLAlchemy."""
    venvs.install(target, "superset", uv, python)
    venvs.install(target, "airflow", uv, python)


class OneAtATime:
    """A lock on the folder: a second installer waits for the first."""

    def __init__(self, path: Path):
        self.file = path.open("w")

    def __enter__(self):
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


if __name__ == "__main__":
    sys.exit(main())
