"""Files that are either whole or absent, and locks that end with their process."""

import contextlib
import fcntl
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from spark_jobs.faultpoint import faultpoint

DRAFT = ".draft-"


def write_json(path: Path, document: Any) -> None:
    """Write through a draft: a reader sees the old document or the new one."""
    with draft(path.parent) as file:
        file.write(json.dumps(document, ensure_ascii=False, indent=1, default=str).encode())
        file.flush()
        faultpoint("document written")
        keep(file, path)


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@contextlib.contextmanager
def draft(folder: Path) -> Iterator[BinaryIO]:
    """A new file in the folder under a passing name; what `keep` does not rename is removed at the end.

    Drafts that killed processes left there go first: a living process holds the lock of its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _remove_dead_drafts(folder)
    with _locked_draft(folder) as file:
        try:
            yield file
        except OSError as fault:
            fault.filename = fault.filename or file.name  # a full disk names no file
            raise
        finally:
            Path(file.name).unlink(missing_ok=True)


def keep(file: BinaryIO, path: Path) -> None:
    """Give the draft its name, its bytes synced before and its name after: no power cut takes it away."""
    file.flush()
    os.fsync(file.fileno())
    path.parent.mkdir(parents=True, exist_ok=True)
    Path(file.name).replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def exclusive(path: Path, wait: bool = True) -> Iterator[None]:
    """Hold the lock file for the time of the block; another process waits. A killed process lets go by dying.

    With `wait` False another process does not wait: BlockingIOError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _locked_draft(folder: Path) -> BinaryIO:
    while True:
        file = (folder / f"{DRAFT}{uuid.uuid4().hex}").open("xb")
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()  # another process took it for dead before it was locked


def _remove_dead_drafts(folder: Path) -> None:
    for path in folder.glob(f"{DRAFT}*"):
        with contextlib.suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:  # renamed meanwhile, or alive
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
