"""Deliver what does not come as a file: pull from the departments' systems, and let pollutant monitors talk to the gateway.

    python -m infra.demo.online --home .guihu

The systems run only as long as they are asked. A feed that has deliveries is left alone, so a second run brings nothing new.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.environments.postgres import PROGRAMS
from spark_jobs.settings import CHECKOUT

PULLED = ("population.movement", "environment.surface_water")
MONITORED = "environment.pollutant_discharge"
SIZES = ["--movements", "2000", "--readings", "2592"]
MONITORS = ["--monitors", "40", "--hours", "24"]


def main(arguments: list[str] | None = None) -> int:
    """Bring in what is missing and say what came."""
    options = _options(arguments)
    missing = [feed for feed in PULLED if not _has_deliveries(options.home, feed)]
    if missing and not (PROGRAMS / "initdb").exists():
        print(f"left out, since PostgreSQL 15 is not installed: {', '.join(missing)}")
    elif missing:
        with _running([sys.executable, "-m", "infra.demo.systems", "--home", str(options.home), *SIZES], "PostgreSQL on port"):
            for feed in missing:
                _run([str(CHECKOUT / "guihu"), "pull", feed], options.home)
    if not _has_deliveries(options.home, MONITORED):
        with _running([str(CHECKOUT / "guihu"), "gateway", "--port", "0"], "gateway on", options.home) as said:
            port = re.search(r":(\d+)", said)[1]
            _run([sys.executable, "-m", "infra.demo.monitors", "--port", port, *MONITORS], options.home)
    return 0


def _has_deliveries(home: Path, feed: str) -> bool:
    return any((home / "landing" / "deliveries" / feed).glob("*/received.json"))


def _run(command: list[str], home: Path) -> None:
    subprocess.run(command, cwd=CHECKOUT, env=os.environ | {"GUIHU_HOME": str(home)}, check=True)


@contextmanager
def _running(command: list[str], ready: str, home: Path | None = None) -> Iterator[str]:
    """The program until the end of the block; yields the line that says that it is ready."""
    variables = os.environ | ({"GUIHU_HOME": str(home)} if home else {})
    with subprocess.Popen(command, cwd=CHECKOUT, env=variables, stdout=subprocess.PIPE, text=True) as program:
        try:
            line = next((line for line in program.stdout if ready in line), None)
            if line is None:
                raise RuntimeError(f"{' '.join(command[:3])} ended before it was ready, with exit code {program.wait()}")
            yield line
        finally:
            program.send_signal(signal.SIGTERM)
            program.stdout.read()


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.demo.online", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="GUIHU_HOME")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
