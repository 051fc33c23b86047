"""The ledger of written files: SHA-256 of each, in a chain in which every entry holds the hash of the one before.

A flipped bit in a Parquet file is read as other data without an error more often than not; here it is found. Cutting off the end of the
ledger is only found by whoever kept the hash of its last entry (`guihu verify` prints it): print it, mail it, have it stamped.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from spark_jobs.files import exclusive
from spark_jobs.settings import Settings

FIRST = "0" * 64


@dataclass(frozen=True)
class Entry:
    """A file as it was written; `path` is relative to the home of the deployment."""

    previous: str
    path: str
    sha256: str
    size_bytes: int

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps([self.previous, self.path, self.sha256, self.size_bytes]).encode()).hexdigest()


def ledger_path(settings: Settings) -> Path:
    return settings.home / "ledger" / "files.jsonl"


def record(settings: Settings, files: Mapping[Path, Path]) -> None:
    """Append files to the chain and sync it: the path of each → where its bytes lie now. Call it before a commit or a rename names them."""
    ledger = ledger_path(settings)
    with ThreadPoolExecutor(2) as pool:
        digests = list(pool.map(sha256_of, files.values()))
    with exclusive(settings.run / "locks" / "ledger.lock"):
        ledger.parent.mkdir(parents=True, exist_ok=True)
        previous = _last_digest(ledger)
        with ledger.open("a+", encoding="utf-8") as file:
            for (path, content), digest in zip(files.items(), digests, strict=True):
                entry = Entry(previous, str(path.relative_to(settings.home)), digest, content.stat().st_size)
                file.write(json.dumps(vars(entry) | {"digest": entry.digest}) + "\n")
                previous = entry.digest
            file.flush()
            os.fsync(file.fileno())


def entries(settings: Settings) -> Iterator[tuple[int, Entry | None, str]]:
    """Line number, entry (None where the line is no entry) and the digest that the line claims. A last line that a crash has torn is none."""
    ledger = ledger_path(settings)
    content = ledger.read_bytes() if ledger.is_file() else b""
    for number, line in enumerate(content[: content.rfind(b"\n") + 1].splitlines(), 1):
        try:
            told = json.loads(line)
            claimed = told.pop("digest")
            yield number, Entry(**told), claimed
        except (ValueError, TypeError, KeyError):
            yield number, None, ""


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _last_digest(ledger: Path) -> str:
    """Digest of the last whole line. A line that a crash has torn is cut off: its files were never committed."""
    if not ledger.is_file():
        return FIRST
    content = ledger.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        os.truncate(ledger, len(whole))
    lines = whole.splitlines()
    return json.loads(lines[-1])["digest"] if lines else FIRST
