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
    """What needs no service first, on all cores; then pytest's exit code for the rest, with the whole stack running beside it."""
    passed = check(settings)
    with own_stack(settings, "test-home") as own:
        code = run_for(TEST_MINUTES, own, "-m", "pytest", "-m", "service", "--durations", "25", "tests")
    return 1 if code == NO_TESTS or not passed else code


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
    variables = environment(own) | {"GUIHU_STACK": "1"}
    process = subprocess.Popen([sys.executable, *arguments], cwd=CHECKOUT, env=variables)
    try:
        return process.wait(timeout=minutes * 60)
    except subprocess.TimeoutExpired:
        console.print(f"[red]stopped: longer than {minutes} minutes[/]")
        return 1
    finally:
        process.terminate()
        process.wait(timeout=30)
