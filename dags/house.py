"""What the DAG files share: the feeds as their contracts name them, and the way a `guihu` command is run and tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import Asset
from airflow.sdk.definitions.retry_policy import RetryDecision, RetryPolicy

CONTRACTS = Path(__file__).resolve().parent.parent / "expectations"
START = datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
NOTHING_CHANGED = 99  # Airflow marks the task as skipped, and a skipped task announces no new data


@dataclass(frozen=True)
class Feed:
    """Of a contract, what Airflow needs."""

    id: str
    name: str
    owner: str
    kind: str
    timetable: str
    schedule: str | None
    is_pulled: bool
    tags: tuple[str, ...]

    @property
    def dag_id(self) -> str:
        return f"ingest__{self.id.replace('.', '__')}"

    @property
    def pool(self) -> str:
        """Code lists have a lane of their own: feeds that look codes up wait for them, and must not stand in their way."""
        return "reference" if self.kind == "reference" else "engine"

    @property
    def asset(self) -> Asset:
        return Asset(f"silver.{self.id.replace('.', '__')}")


def read_feeds() -> list[Feed]:
    """One feed a contract; the publish gates in expectations/marts are not feeds."""
    paths = sorted(path for path in CONTRACTS.glob("*/*.yaml") if path.parent.name != "marts")
    return [as_feed(yaml.load(path.read_text(), Loader=yaml.CSafeLoader)) for path in paths]


def as_feed(contract: dict) -> Feed:
    traits = {trait["property"]: trait["value"] for trait in contract["customProperties"]}
    promises = {promise["property"]: promise for promise in contract["slaProperties"]}
    every, late = promises["frequency"], promises["latency"]
    return Feed(
        id=contract["id"],
        name=contract["name"],
        owner=contract["team"]["name"],
        kind=traits["kind"],
        timetable=f"every {every['value']} {every['unit']} ({every.get('schedule', 'no fixed hour')}), late after {late['value']} {late['unit']}",
        schedule=every.get("schedule"),
        is_pulled=any(server["type"] in ("postgres", "api") for server in contract["servers"]),
        tags=(contract["domain"], traits["kind"], "synthetic" if traits["synthetic"] else "real"),
    )


class OnlyWhileAServiceIsAway(RetryPolicy):
    """Exit code 3 (the engine is away) is tried again; data that were refused (1) will not get better by waiting."""

    def evaluate(self, exception, try_number, max_tries, context=None) -> RetryDecision:
        if str(exception).endswith("exit code 3."):
            return RetryDecision.retry(timedelta(seconds=30), "the engine is away")
        return RetryDecision.fail("refused, or a fault: see the log")

    def serialize(self) -> dict:
        return {}

    @classmethod
    def deserialize(cls, data: dict) -> "OnlyWhileAServiceIsAway":
        return cls()


def guihu(task_id: str, command: str, **options) -> BashOperator:
    """A task that becomes the command `guihu …`, so that a stop or a time-out reaches it."""
    defaults = {
        "retries": 3,
        "retry_policy": OnlyWhileAServiceIsAway(),
        "skip_on_exit_code": NOTHING_CHANGED,
        "execution_timeout": timedelta(hours=2),
        "pool": "engine",
    }
    return BashOperator(task_id=task_id, bash_command=f'exec "$GUIHU_ROOT/guihu" {command}', **(defaults | options))
