"""Seasonal adjustment of every flow of the region in each of its vintages, and of the main flows of the cities as last known.

The model of a series is chosen once, on its first vintage of the region, as statistical offices do between yearly reviews; later vintages
and the cities are estimated anew by that model. Writes fct_seasonal_adjustment and fct_seasonal_diagnostic.
"""

import json
from dataclasses import dataclass

import duckdb
import pandas as pd

from spark_jobs.analyse import core
from spark_jobs.analyse.core import REGION
from spark_jobs.analyse.seasonal_adjustment import Adjustment, Outcome, adjust_many, fingerprint, with_model_of
from spark_jobs.analyse.x13 import Settings

OF_CITIES = ("retail_sales", "industry_revenue", "budget_revenue", "electricity_use", "trade_total")
LEVELS = "indicator_code in (select indicator_code from dim_indicator where is_level and is_adjusted_for_season) and industry_code = 'TOTAL'"
FACTS, DIAGNOSTICS = "fct_seasonal_adjustment", "fct_seasonal_diagnostic"
KEYS = ["concept_code", "division_code", "vintage_date"]


@dataclass(frozen=True)
class Task:
    """One series in one vintage."""

    concept_code: str
    division_code: str
    vintage_date: pd.Timestamp
    superseded_date: pd.Timestamp | None
    series: pd.Series
    settings: Settings

    @property
    def name(self) -> str:
        return f"{self.concept_code} {self.division_code} {self.vintage_date:%Y-%m-%d}"

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.series, self.settings)


def run(reader: duckdb.DuckDBPyConnection, stored: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Both tables; what `stored` has of an equal fingerprint is taken over."""
    tasks = _tasks(core.observations(reader, f"{LEVELS} and division_code like '45%'"))
    if not tasks:
        return {}
    first = {task.concept_code: task for task in reversed(tasks) if task.division_code == REGION}
    chosen = _done(list(first.values()), stored)
    models = dict(zip((row.concept_code for row in chosen[DIAGNOSTICS].itertuples()), chosen[DIAGNOSTICS].itertuples(), strict=True))
    others = [task for task in tasks if task is not first[task.concept_code]]
    later = _done([_by_model(task, models[task.concept_code]) for task in others], stored)
    return {table: pd.concat([chosen[table], later[table]], ignore_index=True).sort_values(KEYS) for table in (FACTS, DIAGNOSTICS)}


def _tasks(found: pd.DataFrame) -> list[Task]:
    """Region in all vintages, cities in their last, oldest first."""
    tasks = []
    for (concept, division), rows in found.groupby(["concept_code", "division_code"]):
        if division != REGION and concept not in OF_CITIES:
            continue
        days = core.known_days(rows)
        for day, next_day in zip(days, [*days[1:], pd.NaT], strict=True):
            if division == REGION or pd.isna(next_day):
                tasks.append(_task(core.as_of(rows, day), concept, division, day, next_day))
    return sorted(tasks, key=lambda task: (task.vintage_date, task.concept_code, task.division_code))


def _task(known: pd.DataFrame, concept: str, division: str, day: pd.Timestamp, next_day: pd.Timestamp) -> Task:
    series = core.series_of(known)
    has_january = (series.index.month == 1).any()
    return Task(concept, division, day, next_day, series, Settings(is_flow=True, trading_days=True, is_january_february_combined=not has_january))


def _by_model(task: Task, former: Adjustment) -> Task:
    if former.method is None:  # nothing could be said of the first vintage
        return task
    return Task(**{**task.__dict__, "settings": with_model_of(former, task.settings)})


def _done(tasks: list[Task], stored: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Rows of the tasks: taken over, or made now, two programs at a time."""
    made = _known(stored)
    missing = {task.name: (task.series, task.settings) for task in tasks if task.fingerprint not in made}
    outcomes = {outcome.name: outcome for outcome in adjust_many(missing)}
    facts, diagnostics = [], []
    for task in tasks:
        if task.name in outcomes:
            facts.append(_facts(task, outcomes[task.name].adjustment))
            diagnostics.append(_diagnostic(task, outcomes[task.name]))
        else:
            former_facts, former = made[task.fingerprint]
            facts.append(former_facts.assign(vintage_date=task.vintage_date))
            diagnostics.append(former | {"vintage_date": task.vintage_date})
    stands_until = pd.DataFrame({"concept_code": t.concept_code, "division_code": t.division_code, "vintage_date": t.vintage_date, "superseded_date": t.superseded_date} for t in tasks)
    return {FACTS: pd.concat(facts, ignore_index=True).merge(stands_until, on=KEYS), DIAGNOSTICS: pd.DataFrame(diagnostics).merge(stands_until, on=KEYS)}


def _known(stored: dict[str, pd.DataFrame]) -> dict[str, tuple[pd.DataFrame, dict]]:
    if DIAGNOSTICS not in stored:
        return {}
    facts = dict(iter(stored[FACTS].drop(columns="superseded_date").groupby("fingerprint")))
    diagnostics = stored[DIAGNOSTICS].drop(columns="superseded_date")
    return {row["fingerprint"]: (facts.get(row["fingerprint"], pd.DataFrame()), row) for row in diagnostics.to_dict("records")}


def _facts(task: Task, adjustment: Adjustment | None) -> pd.DataFrame:
    """One row a month; `adjusted_mom_pct` is the change of the adjusted series on the month before."""
    if adjustment is None:
        return pd.DataFrame()
    adjusted = adjustment.adjusted
    return pd.DataFrame(
        {
            "concept_code": task.concept_code,
            "division_code": task.division_code,
            "month": adjusted.index.to_timestamp(),
            "vintage_date": task.vintage_date,
            "adjusted": adjusted.to_numpy(),
            "trend": adjustment.trend.to_numpy(),
            "seasonal": adjustment.seasonal.to_numpy(),
            "calendar": adjustment.calendar.to_numpy(),
            "irregular": adjustment.irregular.to_numpy(),
            "adjusted_mom_pct": 100 * adjusted.pct_change(fill_method=None).to_numpy(),
            "fingerprint": task.fingerprint,
        }
    )


def _diagnostic(task: Task, outcome: Outcome) -> dict:
    found = outcome.adjustment
    head = {"concept_code": task.concept_code, "division_code": task.division_code, "vintage_date": task.vintage_date}
    if found is None:
        return head | {"fingerprint": task.fingerprint, "method": None, "note": outcome.refusal}
    return head | {
        "fingerprint": task.fingerprint,
        "method": found.method,
        "mode": found.mode,
        "model": found.model,
        "q": found.q,
        "q2": found.q2,
        "m_statistics": json.dumps(found.m_statistics),
        "outliers": ", ".join(f"{one.kind} {one.period}" for one in found.outliers),
        "coefficients": json.dumps({name: [c.estimate, c.t_value] for name, c in found.coefficients.items()}, ensure_ascii=False),
        "has_identifiable_seasonality": found.has_identifiable_seasonality,
        "has_residual_seasonality": found.has_residual_seasonality,
        "note": found.note,
    }
