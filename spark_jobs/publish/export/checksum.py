"""SHA-256 of what an export wrote; of a large file while it is still being written, so that hashing costs no time of its own."""

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

PIECE = 8 << 20  # bytes
PAUSE = 0.02  # seconds between two looks at a growing file
SUMS = "SHA256SUMS"


@contextlib.contextmanager
def following(path: Path) -> Iterator[dict[str, str]]:
    """Hash a file that the block appends to; after the block the digest stands in the dictionary under its name."""
    digest, done, digests = hashlib.sha256(), threading.Event(), {}
    follower = threading.Thread(target=_follow, args=(path, digest, done))
    follower.start()
    try:
        yield digests
    finally:
        done.set()
        follower.join()
    digests[path.name] = digest.hexdigest()


def write_sums(folder: Path, known: dict[str, str]) -> None:
    """SHA256SUMS of every file of the folder, as `sha256sum --check` reads it."""
    files = sorted(path for path in folder.iterdir() if path.name != SUMS)
    lines = [f"{known.get(path.name) or _digest(path)}  {path.name}\n" for path in files]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def _follow(path: Path, digest, done: threading.Event) -> None:
    while not path.is_file() and not done.wait(PAUSE):
        pass
    if not path.is_file():
        return  # nothing was written: whoever writes says why
    with path.open("rb") as file:
        while True:
            last = done.is_set()
            while piece := file.read(PIECE):
                digest.update(piece)
            if last:
                return
            done.wait(PAUSE)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
