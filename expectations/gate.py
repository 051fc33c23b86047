"""The gates: Great Expectations judges counts that the passes have already made, and keeps the written record.

A gate gets one row of measured values; each expectation says between which bounds a value must lie, who owns it and what to do.
Nothing is counted here and no rule is written twice.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent / "marts"


@dataclass(frozen=True)
class Bound:
    """One expectation: the value called `column` lies between `low` and `high` (either may be None)."""

    column: str
    low: float | None
    high: float | None
    code: str
    severity: str
    owner: str
    message: str
    query: str = ""


@dataclass(frozen=True)
class Failure:
    """A bound that was not kept."""

    suite: str
    bound: Bound
    observed: Any


def mart_bounds() -> list[Bound]:
    """The publish gate of gold: `expectations/marts/*.yaml`, each with a DuckDB query that yields one number."""
    found = []
    for path in sorted(FOLDER.glob("*.yaml")):
        for item in yaml.safe_load(path.read_text(encoding="utf-8"))["gate"]:
            found.append(
                Bound(item["code"].lower().replace("-", "_"), item.get("minimum"), item.get("maximum"), item["code"], item["severity"], item["owner"], item["message"], item["query"])
            )
    return found


def run(suites: dict[str, tuple[dict[str, float], list[Bound]]], record: Path) -> list[Failure]:
    """Judge all suites in one process; write Great Expectations' own results to `record`. Returns the bounds that failed."""
    import great_expectations as gx
    import pandas as pd
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)  # a bar for each handful of numbers is noise in a log
    # all suites as columns of one row: a batch of its own for each costs five times as long
    row = {f"{name}: {column}": value for name, (values, _) in suites.items() for column, value in values.items()}
    batch = context.data_sources.add_pandas("counts").add_dataframe_asset("row").add_batch_definition_whole_dataframe("row").get_batch({"dataframe": pd.DataFrame([row])})
    judged = {f"{name}: {bound.code}": (name, bound) for name, (_, bounds) in suites.items() for bound in bounds}
    verdict = batch.validate(gx.ExpectationSuite(name=record.stem, expectations=[_expectation(gx, key, *one) for key, one in judged.items()]))
    failures = []
    for result in verdict.results:
        name, bound = judged[result.expectation_config.meta["key"]]
        if result.exception_info.get("raised_exception"):
            raise RuntimeError(f"the gate itself failed at {name} {bound.code}: {result.exception_info}")
        if not result.success:
            failures.append(Failure(name, bound, suites[name][0][bound.column]))
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(verdict.to_json_dict(), ensure_ascii=False, indent=1, default=str), encoding="utf-8")
    return failures


def _expectation(gx, key: str, suite: str, bound: Bound):
    return gx.expectations.ExpectColumnValuesToBeBetween(
        column=f"{suite}: {bound.column}",
        min_value=bound.low,
        max_value=bound.high,
        severity="critical" if bound.severity == "error" else "warning",
        meta={"key": key, "code": bound.code, "owner": bound.owner, "message": bound.message},
    )
