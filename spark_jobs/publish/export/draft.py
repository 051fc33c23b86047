"""A folder that is either whole under its name or absent: written under a passing name, renamed at the end; what a killed process left goes with the next."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from spark_jobs.files import exclusive

PASSING = ".export-"


@contextlib.contextmanager
def draft(home: Path, lock: Path) -> Iterator[Path]:
    """A new folder in `home`; removed at the end unless `name` took it. A living process holds the lock of its own."""
    home.mkdir(parents=True, exist_ok=True)
    with exclusive(lock):
        _remove_dead(home)
        path = Path(tempfile.mkdtemp(prefix=PASSING, dir=home))
        descriptor = _locked(path)
    try:
        yield path
    finally:
        os.close(descriptor)
        shutil.rmtree(path, ignore_errors=True)


def name(path: Path, folder: Path, lock: Path) -> None:
    """Give the draft its name. The same request wrote the same bytes before: that folder is replaced."""
    with exclusive(lock):
        if folder.exists():
            shutil.rmtree(folder)
        path.rename(folder)
        folder.chmod(0o755)


def _remove_dead(home: Path) -> None:
    for left in home.glob(f"{PASSING}*"):
        with contextlib.suppress(BlockingIOError):  # alive
            os.close(_locked(left))
            shutil.rmtree(left)


def _locked(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor
