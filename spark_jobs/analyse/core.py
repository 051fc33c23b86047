"""What the analyses read and write: observations of the core as they were known on a day, and gold tables of results.

An analysis is a function of what was known on a day. Its results carry that day as `vintage_date` and the day from which another result
stood in their place as `superseded_date`: tables of results can be asked for any past day like the observations themselves.
"""

from collections.abc import Iterable

import duckdb
import pandas as pd

from spark_jobs import delta
from spark_jobs.duck import delta_reader
from spark_jobs.settings import Settings

REGION = "450000"
OBSERVATIONS = """
select o.indicator_code, i.concept_code, o.division_code, o.industry_code, i.convention, i.frequency, p.last_month,
  p.year, o.vintage_date, o.superseded_date, o.value, i.is_accumulated, i.measures
from fct_observation as o join dim_indicator as i using (indicator_code) join dim_period as p using (period)
"""
MONTHS = {"monthly": 1, "quarterly": 3}


def connection(settings: Settings) -> duckdb.DuckDBPyConnection:
    """The core and every seed and result in gold as views under their own names."""
    reader = delta_reader()
    for log in sorted((settings.lake / "gold").glob("*/_delta_log")):
        if delta.version(log.parent) is not None:
            reader.execute(f"create view {log.parent.name} as select * from delta_scan('{log.parent}')")
    return reader


def stored(reader: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Those of the tables that an earlier run has written."""
    there = {name for (name,) in reader.execute("select view_name from duckdb_views()").fetchall()}
    return {name: reader.execute(f"select * from {name}").df() for name in tables if name in there}


def observations(reader: duckdb.DuckDBPyConnection, where: str) -> pd.DataFrame:
    """Observations with their indicator and period, every vintage, columns as in OBSERVATIONS; dates as datetime64."""
    return reader.execute(f"select * from ({OBSERVATIONS}) as observations where {where}").df()


def known_days(found: pd.DataFrame) -> list[pd.Timestamp]:
    """The days on which something became known, oldest first."""
    return sorted(found["vintage_date"].unique())


def as_of(found: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """The rows as they were known on a day."""
    return found[(found["vintage_date"] <= day) & (found["superseded_date"].isna() | (found["superseded_date"] > day))]


def panel(known: pd.DataFrame) -> pd.DataFrame:
    """Months by indicator of one division and industry, from what was known on a day."""
    return pd.DataFrame({code: series_of(rows) for code, rows in known.groupby("indicator_code")}).sort_index()


def series_of(rows: pd.DataFrame) -> pd.Series:
    """One indicator by months; a quarter stands in its last month, gaps stay gaps.

    A sum since January becomes months (quarters) by difference; where January is not published alone, February holds both months.
    """
    rows = rows.sort_values(["year", "last_month"])
    values = rows["value"].astype(float)
    if rows["is_accumulated"].iloc[0] and rows["measures"].iloc[0] == "level":
        step = MONTHS[rows["frequency"].iloc[0]]
        before = rows.groupby("year")["last_month"].shift()
        is_first = before.isna() & (rows["last_month"] <= max(step, 2))
        values = (values - values.groupby(rows["year"]).shift().where(before.notna(), 0.0)).where(is_first | (rows["last_month"] - before == step))
    index = pd.PeriodIndex.from_fields(year=rows["year"], month=rows["last_month"], freq="M")
    return pd.Series(values.to_numpy(), index=index, name=rows["indicator_code"].iloc[0]).dropna()


def change_log(states: Iterable[tuple[pd.Timestamp, pd.DataFrame]], keys: list[str]) -> pd.DataFrame:
    """States of a result, oldest first, as rows with `vintage_date` and `superseded_date`: a row stands until another value takes its place or a state lacks it."""
    days, frames = zip(*states, strict=True)
    numbered = [frame.assign(vintage_date=day, number=number) for number, (day, frame) in enumerate(zip(days, frames, strict=True))]
    every = pd.concat([frame for frame in numbered if len(frame)] or numbered[:1], ignore_index=True).sort_values([*keys, "vintage_date"])
    values = [column for column in every.columns if column not in (*keys, "vintage_date", "number")]
    former = every.groupby(keys, sort=False)[[*values, "number"]].shift()
    is_same = ((every[values] == former[values]) | (every[values].isna() & former[values].isna())).all(axis=1)
    is_new = ~is_same | (former["number"] != every["number"] - 1)
    last = every.groupby(is_new.cumsum())["number"].transform("max")
    until = last.map(dict(enumerate(pd.DatetimeIndex([*days[1:], pd.NaT]))))
    return every.assign(superseded_date=until)[is_new].drop(columns="number").reset_index(drop=True)
