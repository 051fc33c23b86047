"""erase: destroy the key of one subject, and keep who did it, when and why, without the number."""

import json
import os
from datetime import UTC, datetime

from spark_jobs import vault
from spark_jobs.files import exclusive
from spark_jobs.settings import Settings


def erase(settings: Settings, number: str, name: str, because: str) -> int:
    """Number of keys destroyed; 0 where the vault does not know the number."""

    def record(keys: int) -> None:
        line = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "by": name, "because": because, "keys": keys}
        path = settings.home / "ledger" / "erasures.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(settings.run / "locks" / "erasures.lock"), path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    with vault.of(settings) as open_vault:
        return open_vault.erase(number, record)
