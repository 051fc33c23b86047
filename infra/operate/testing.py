"""Every test, and the benchmarks, with services of their own: another home, other ports, the same environments."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from infra.operate.checking import check
from infra.operate.down import down
from infra.operate.progress import console
from infra.operate.services import environment
from infra.operate.up import up
from spark_jobs.settings import CHECKOUT, Settings

TEST_MINUTES, BENCH_MINUTES = 38, 60
PORT_OFFSET = 100
NO_TESTS = 5  # pytest's exit code when it found none


def test(settings: Settings) -> int:
    """What needs no service first, on all cores; then what works on the whole stack, beside what has engines and folders of its own."""
    passed = check(settings)
    with own_stack(settings, "test-home") as own, Lane(own, "service and not stack") as beside:
        code = run_for(TEST_MINUTES, own, *tests_marked("service and stack"))
        passed &= beside.passed()
    return 1 if code == NO_TESTS or not passed else code


def tests_marked(expression: str) -> tuple[str, ...]:
    return "-m", "pytest", "-m", expression, "--durations", "15", "tests"


class Lane:
    """A second pytest at the same time; what it says is shown when it has ended."""

    def __init__(self, own: Settings, expression: str) -> None:
        self.own, self.expression = own, expression

    def __enter__(self) -> "Lane":
        self.said = (self.own.home / "beside.log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen([sys.executable, *tests_marked(self.expression)], cwd=CHECKOUT, env=variables_of(self.own), stdout=self.said, stderr=subprocess.STDOUT)
        return self

    def passed(self) -> bool:
        """Wait for it and show what it said."""
        code = self.process.wait(timeout=TEST_MINUTES * 60)
        self.said.seek(0)
        print(self.said.read(), flush=True)
        return code == 0

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)
        self.said.close()


def bench(settings: Settings) -> int:
    """Speed and memory in one run, printed as a table."""
    with own_stack(settings, "bench-home") as own:
        return run_for(BENCH_MINUTES, own, "-m", "tests.bench")


@contextmanager
def own_stack(settings: Settings, name: str) -> Iterator[Settings]:
    """A fresh home and its running services; always stopped at the end. The home stays for whoever looks for a fault."""
    own = replace(settings, home=CHECKOUT / ".guihu" / name, port=settings.port + PORT_OFFSET)
    down(own)
    shutil.rmtree(own.home, ignore_errors=True)
    try:
        up(own)
        yield own
    finally:
        down(own)


def run_for(minutes: int, own: Settings, *arguments: str) -> int:
    """Exit code of this Python with the arguments; ended when it takes longer."""
    process = subprocess.Popen([sys.executable, *arguments], cwd=CHECKOUT, env=variables_of(own))
    try:
        return process.wait(timeout=minutes * 60)
    except subprocess.TimeoutExpired:
        console.print(f"[red]stopped: longer than {minutes} minutes[/]")
        return 1
    finally:
        process.terminate()
        process.wait(timeout=30)


def variables_of(own: Settings) -> dict[str, str]:
    return environment(own) | {"GUIHU_STACK": "1"}
