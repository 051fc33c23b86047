"""Processes of this deployment, known by the marks in their environment (GUIHU_SERVICE and GUIHU_HOME).

Usage by the supervisor: python -m infra.operate.processes end SERVICE
"""

import os
import sys
import time
from pathlib import Path

import psutil

from infra.operate.faults import NotStarted

MARK = "GUIHU_SERVICE"


def of_deployment(home: Path, service: str | None = None) -> list[psutil.Process]:
    """Every running process that belongs to the deployment in `home`, or to one service of it. Never this process."""
    found = []
    for process in psutil.process_iter():
        try:
            marks = process.environ()
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
        except (psutil.AccessDenied, psutil.NoSuchProcess):  # another user's, or just gone: not ours
            continue
        if marks.get("GUIHU_HOME") == str(home) and MARK in marks and service in (None, marks[MARK]):
            found.append(process)
    return found


def end(processes: list[psutil.Process], patience_seconds: float) -> list[psutil.Process]:
    """Ask each to stop, kill after the patience. Returns those that are still there (none, unless the kernel holds them)."""
    for ask in ("terminate", "kill"):
        for process in processes:
            try:
                getattr(process, ask)()
            except psutil.NoSuchProcess:
                continue
        processes = wait_for_end(processes, patience_seconds)
        if not processes:
            return []
    return processes


def end_or_fail(some: list[psutil.Process]) -> None:
    remaining = end(some, patience_seconds=12)
    if remaining:
        raise NotStarted("these processes do not end: " + ", ".join(map(describe, remaining)))


def wait_for_end(some: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after the seconds. A zombie runs no more: some machines' first process collects them late."""
    deadline = time.monotonic() + seconds
    while (left := [process for process in some if is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def memory_bytes(processes: list[psutil.Process]) -> int:
    """Memory of the processes together, shared pages counted once (PSS)."""
    total = 0
    for process in processes:
        try:
            total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total


def listening_on(port: int) -> psutil.Process | str | None:
    """Who listens on the port: a process, a remark when its owner cannot be seen, None when the port is free."""
    for connection in psutil.net_connections(kind="tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
            return psutil.Process(connection.pid) if connection.pid else "a process of another user"
    return None


def describe(process: psutil.Process) -> str:
    try:
        started = time.strftime("%H:%M:%S", time.localtime(process.create_time()))
        return f"process {process.pid} ({' '.join(process.cmdline())[:80] or process.name()}, since {started})"
    except psutil.NoSuchProcess:
        return f"process {process.pid} (just gone)"


def end_predecessors(service: str) -> None:
    """What a killed run of the service left behind; called by run-clean, itself already carrying the mark."""
    me_and_parents = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    left = [p for p in of_deployment(Path(os.environ["GUIHU_HOME"]), service) if p.pid not in me_and_parents]
    if left:
        print(f"ending what a killed {service} left behind: {', '.join(map(describe, left))}", flush=True)
        end(left, patience_seconds=5)


if __name__ == "__main__":
    end_predecessors(sys.argv[2])
