"""The verbs of `make`: demo, up, down, status, doctor, test, check, bench, clean.

Usage: python -m infra.stack VERB      (with the Python of the lake environment; make does that)
Exit codes: 0 done, 1 something is wrong with what was asked for, 2 wrong usage, 3 a service is down or may not start.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

from rich.markup import escape

from infra.operate import processes
from infra.operate.checking import check
from infra.operate.demo import demo
from infra.operate.doctor import doctor
from infra.operate.down import down
from infra.operate.faults import Fault, NotStarted
from infra.operate.progress import console
from infra.operate.status import status
from infra.operate.testing import bench, test
from infra.operate.up import up
from spark_jobs.settings import CHECKOUT, Settings, from_environment

TEMPORARY = ("log", "run", "spark")


def main() -> int:
    verbs = {
        "demo": demo,
        "up": up,
        "down": down,
        "status": status,
        "doctor": doctor,
        "test": test,
        "check": check,
        "bench": bench,
        "clean": clean,
    }
    options = argparse.ArgumentParser(prog="make", description="Start, watch, check and stop the lake.")
    options.add_argument("verb", choices=verbs)
    verb = verbs[options.parse_args().verb]
    try:
        answer = verb(from_environment())
    except Fault as problem:
        console.print(f"\n[red]not done:[/] {escape(str(problem))}\n(make doctor looks for causes; make down stops what did start)")
        return problem.exit_code
    except KeyboardInterrupt:
        console.print("\nstopped by you; make status shows what runs, make down ends it")
        return 130
    return answer if type(answer) is int else 0 if answer in (None, True) else 1


def clean(settings: Settings) -> bool:
    """Remove logs and temporary files, with FORCE=1 everything under the home. Refused while services run."""
    if processes.of_deployment(settings.home):
        raise NotStarted("services are running: make down first")
    everything = os.environ.get("FORCE") == "1"
    targets = [settings.home] if everything else [settings.home / name for name in TEMPORARY]
    for target in targets:
        remove_inside_home(target, settings.home)
    if not everything:
        console.print(f"data, keys and environments in {settings.home} are kept; FORCE=1 make clean removes them too")
    return True


def remove_inside_home(target: Path, home: Path) -> None:
    """Never outside the home, never a home that holds the checkout, never a folder that is not ours."""
    if home == CHECKOUT or home in CHECKOUT.parents or not target.resolve().is_relative_to(home):
        raise NotStarted(f"{target} is not a folder of the lake alone: nothing was removed")
    if target == home and home.exists() and not {"secrets", "run", "env"} & {entry.name for entry in home.iterdir()}:
        raise NotStarted(f"{home} does not look like a home of the lake: nothing was removed")
    if target.exists():
        shutil.rmtree(target)
        console.print(f"removed {target}")


if __name__ == "__main__":
    sys.exit(main())
