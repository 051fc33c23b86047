"""Who took what: one line of JSON for each export and each table that a partner reads, written to disk before it is handed over."""

import contextlib
import getpass
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from spark_jobs.files import exclusive
from spark_jobs.settings import Settings


def record(settings: Settings, door: str, **told) -> None:
    """Append the line; it is on the disk when this returns, and a line that a power cut tore stands alone."""
    line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "door": door, "by": getpass.getuser(), **told}
    path = audit_file(settings)
    with exclusive(settings.run / "locks" / "audit.lock"), path.open("ab+") as file:
        file.seek(-1 if file.tell() else 0, os.SEEK_END)
        torn = file.read(1) not in (b"\n", b"")
        file.write((b"\n" if torn else b"") + json.dumps(line, ensure_ascii=False, default=str).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def entries(settings: Settings) -> Iterator[dict]:
    """Every line, oldest first; one that a power cut tore says nothing."""
    for line in audit_file(settings).open("rb") if audit_file(settings).is_file() else ():
        with contextlib.suppress(ValueError):
            yield json.loads(line)


def shares_read(settings: Settings) -> dict[str, dict]:
    """Recipient → how often it read, how many rows and bytes it was given in all, and what it read last. Bytes are counted since the lines tell them."""
    found: dict[str, dict] = {}
    for line in entries(settings):
        if line["door"] == "share" and line.get("action") == "query":
            told = found.setdefault(line["recipient"], {"reads": 0, "rows": 0, "bytes": 0})
            told |= {"reads": told["reads"] + 1, "rows": told["rows"] + line["rows"], "bytes": told["bytes"] + line.get("bytes", 0)}
            told["last"] = {name: line[name] for name in ("at", "dataset", "release")}
    return found


def audit_file(settings: Settings) -> Path:
    folder = settings.home / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "audit.jsonl"
