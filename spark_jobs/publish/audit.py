"""Who took what: one line of JSON for each export, written to disk before the folder gets its name."""

import getpass
import json
import os
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


def audit_file(settings: Settings) -> Path:
    folder = settings.home / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "audit.jsonl"
