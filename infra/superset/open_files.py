"""The serving files that this worker holds open: opening one takes 20 ms, a further connection to an open one almost nothing.

A file is known by what it is, not by its name alone: one that was made again under another policy is opened anew. What it is stands among the
settings, because DuckDB refuses one name with two settings: while somebody still reads the former file, others wait, and nobody is answered from it.
"""

import threading
import time
from collections import OrderedDict
from pathlib import Path

import duckdb

from spark_jobs import duck

HARDENED = duck.HARDENED | {"temp_directory": "", "max_temp_directory_size": "0B"}
HELD = 8  # files: one a role that reads at the same time
PATIENCE = 5  # seconds

_held: OrderedDict[Path, tuple[str, duckdb.DuckDBPyConnection]] = OrderedDict()
_lock = threading.Lock()


def connection(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection of its own to the file, read-only. Raises duckdb.ConnectionException where a former file of this name is still being read."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with _lock:
                return _held_open(path).cursor()
        except duckdb.ConnectionException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _held_open(path: Path) -> duckdb.DuckDBPyConnection:
    """The connection that keeps the file open; the file that nobody asked for longest is let go.

    It is let go by forgetting: to close it would close the connections of those who still read.
    """
    status = path.stat()
    identity = f"{status.st_dev}-{status.st_ino}-{status.st_mtime_ns}"
    if path in _held and _held[path][0] != identity:
        del _held[path]
    if path not in _held:
        _held[path] = identity, duckdb.connect(str(path), read_only=True, config=HARDENED | {"custom_user_agent": identity})
    _held.move_to_end(path)
    while len(_held) > HELD:
        _held.popitem(last=False)
    return _held[path][1]
