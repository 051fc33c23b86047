"""Seconds, CPU-seconds and memory of work that several processes share."""

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psutil

from infra.operate import processes
from infra.operate.services import services
from spark_jobs.settings import CHECKOUT, Settings

EVERY = 2.0  # seconds between two looks at the memory


def measured(settings: Settings, work: Callable) -> tuple[float, float]:
    """Seconds and CPU-seconds of the work: this process's children and the engine's tree."""

    def total() -> float:
        engine = sum(sum(p.cpu_times()[:4]) for p in processes.of_deployment(settings.home, "engine"))
        own = psutil.Process().cpu_times()
        return engine + own.children_user + own.children_system

    before, started = total(), time.monotonic()
    work()
    return time.monotonic() - started, total() - before


@dataclass
class Peak:
    """The most memory that the services and the commands took together, and each at that moment; megabytes."""

    total: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)


@contextlib.contextmanager
def peak_memory(settings: Settings) -> Iterator[Peak]:
    """Looked at each second while the block runs."""
    peak, ended = Peak(), threading.Event()

    def look() -> None:
        while not ended.wait(EVERY):
            now = memory(settings) | {"command": sum(map(_proportional, psutil.Process().children(recursive=True))) / 2**20}
            if sum(now.values()) > peak.total:
                peak.total, peak.parts = sum(now.values()), now

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


def memory(settings: Settings) -> dict[str, float]:
    """Megabytes of each service: pages that several processes share are shared out."""
    return {s.name: sum(map(_proportional, processes.of_deployment(settings.home, s.name))) / 2**20 for s in services(settings)}


def _proportional(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.NoSuchProcess:
        return 0


def clocked(work: Callable) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def guihu(*arguments: str, **variables: str) -> None:
    subprocess.run([CHECKOUT / "guihu", *arguments], check=True, capture_output=True, env=os.environ | variables)
