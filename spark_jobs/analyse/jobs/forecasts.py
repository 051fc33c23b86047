"""Forecasts of the output of industry, city × industry and every sum, by the tasks of the engine, and their record.

Base forecasts of an origin are made once and kept: a month that arrives costs one origin. Forecasts of origins whose month was known long
before the run are marked as a backtest; those of the run's own last month are what was published. Writes fct_forecast_base (every
model's), fct_forecast (the published one with its intervals and, once it is known, what came true) and fct_forecast_record.
"""

from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pandas as pd

from spark_jobs.analyse import core
from spark_jobs.analyse.core import REGION
from spark_jobs.analyse.forecast import BASE_COLUMNS, LEAST_HISTORY, SERIES, ForecastSettings, forecast_group, missing_origins, rolling_origins
from spark_jobs.analyse.forecast_pooled import pooled_forecasts
from spark_jobs.analyse.forecast_publication import combine
from spark_jobs.analyse.forecast_record import model_errors, record, summary
from spark_jobs.analyse.reconciliation import with_aggregates
from spark_jobs.analyse.spring_festival import regressors

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SETTINGS = ForecastSettings(region_code=REGION, all_industries_code="TOTAL")
BASE, PUBLISHED, RECORD, MODELS = "fct_forecast_base", "fct_forecast", "fct_forecast_record", "fct_forecast_model"
SERIES_OF_A_TASK = 48
RECORDED = ["naive_value", "seasonal_naive_value", "actual", "error", "absolute_percentage_error", "scaled_error", "is_within_80", "is_within_95", "is_backtest"]
LONGEST_GAP = 12  # months of a series that may be filled; beyond that it is left out, and said
LEADING = {"electricity_use__current": "C", "pmi__current": "TOTAL"}  # electricity used by manufacture, purchasing managers
BASE_SCHEMA = "division_code string, industry_code string, origin timestamp, month timestamp, horizon bigint, model string, value double"


def run(reader: duckdb.DuckDBPyConnection, stored: dict[str, pd.DataFrame], spark: "SparkSession") -> dict[str, pd.DataFrame]:
    """The four tables, earlier origins taken over."""
    found = core.observations(reader, "concept_code = 'industry_output'")
    if found.empty:
        return {}
    made_on = found["vintage_date"].max()
    bottom, filled = _bottom(core.as_of(found, made_on))
    panel = with_aggregates(bottom, SETTINGS)
    series = panel[SERIES].drop_duplicates()
    former = _of_same_series(stored, series)
    origins = rolling_origins(panel, panel["month"].nunique() - LEAST_HISTORY)
    todo = missing_origins(former[BASE], origins) if BASE in former else origins
    base = pd.concat([*([former[BASE]] if BASE in former else []), *_base(spark, reader, panel, todo)], ignore_index=True)[BASE_COLUMNS]
    newly = combine(panel, base, SETTINGS, published=former.get(PUBLISHED)).assign(made_on=made_on)
    published, ended = continued(stored.get(PUBLISHED), newly, series)
    rows = record(published, base, panel[[*SERIES, "month", "value"]])
    rows["is_backtest"] = (rows["made_on"] - rows["origin"]).dt.days > 90  # a month is published 25 days after its end
    rows = pd.concat([rows, ended], ignore_index=True) if len(ended) else rows
    return {
        BASE: base,
        PUBLISHED: rows,
        RECORD: _with_gaps(summary(rows, ["level", *SERIES, "horizon"]), filled),
        MODELS: model_errors(base, panel[[*SERIES, "month", "value"]], by=SERIES),
    }


def _bottom(known: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Output of cities by industries [division_code, industry_code, month, value] without gaps, and how many months of a series were filled.

    A month that is missing (its figure is in quarantine) is filled by growth over the year before, interpolated between its neighbours.
    """
    cities = known[known["division_code"] != REGION]
    month = pd.PeriodIndex.from_fields(year=cities["year"], month=cities["last_month"], freq="M").to_timestamp()
    wide = cities.assign(month=month).pivot(index="month", columns=SERIES, values="value").astype(float)
    wide = wide.reindex(pd.date_range(wide.index.min(), wide.index.max(), freq="MS", name="month"))
    wide = wide.where(wide > 0)
    gaps = wide.isna().sum()
    usable = wide.loc[:, (gaps <= LONGEST_GAP) & wide.iloc[:12].notna().all()]
    growth = np.log(usable / usable.shift(12)).interpolate(limit_area=None, limit_direction="both")
    filled = usable.copy()
    for position in range(12, len(filled)):  # a gap may lie in the year before another
        filled.iloc[position] = filled.iloc[position].fillna(filled.iloc[position - 12] * np.exp(growth.iloc[position]))
    long = filled.stack(SERIES, future_stack=True).rename("value").reset_index()
    return long[[*SERIES, "month", "value"]], gaps[gaps > 0].rename("filled_months").reset_index()


def _with_gaps(record: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """The record with the months that were filled; a series with too many is there too, with no forecast and horizon 0."""
    told = record.merge(gaps, on=SERIES, how="outer")
    counts = ["horizon", "forecasts", "intervals", "filled_months"]
    return told.assign(level=told["level"].fillna("bottom"), **{name: told[name].fillna(0).astype(int) for name in counts})


def _base(spark: "SparkSession", reader: duckdb.DuckDBPyConnection, panel: pd.DataFrame, origins: list[pd.Timestamp]) -> list[pd.DataFrame]:
    """Base forecasts of some origins: each series' own models one task a group of series, the pooled model once."""
    if not origins:
        return []
    own = panel[[*SERIES, "month", "value"]]
    tasks = own.groupby(SERIES).ngroup() // SERIES_OF_A_TASK
    last = max(origins) + pd.DateOffset(months=SETTINGS.horizons)
    calendar = regressors(pd.period_range(own["month"].min(), last, freq="M"))
    facts = calendar.reset_index(names="period").assign(month=lambda f: f["period"].dt.to_timestamp()).drop(columns="period")
    pooled = pooled_forecasts(own, _leading(reader, own["month"].min(), max(origins)), facts, origins, SETTINGS)
    spark.conf.set("spark.sql.shuffle.partitions", int(tasks.max()) + 1)
    spark.conf.set("spark.sql.adaptive.enabled", "false")  # it would put the small groups into one task again

    def of_group(group: pd.DataFrame) -> pd.DataFrame:
        return forecast_group(group.drop(columns="task"), origins, SETTINGS)

    told = spark.createDataFrame(own.assign(task=tasks)).groupBy("task").applyInPandas(of_group, BASE_SCHEMA).toPandas()
    return [told, pooled]


def _leading(reader: duckdb.DuckDBPyConnection, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Leading series of the region by month [month, indicator, value], a missing month interpolated between its neighbours."""
    months = pd.period_range(first, last, freq="M")
    frames = []
    for indicator, industry in LEADING.items():
        rows = core.observations(reader, f"indicator_code = '{indicator}' and industry_code = '{industry}' and division_code = '{REGION}'")
        series = core.series_of(core.as_of(rows, rows["vintage_date"].max())).reindex(months).interpolate(limit_direction="both")
        frames.append(pd.DataFrame({"month": months.to_timestamp(), "indicator": indicator, "value": series.to_numpy()}))
    return pd.concat(frames, ignore_index=True)


def continued(former: pd.DataFrame | None, newly: pd.DataFrame, series: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every forecast that was ever published, with those of origins that were not: of the series of today, to be judged again, and of series
    that have ended, as their last judgement stands. An origin that was published is not published again, whatever series have come since.
    """
    if former is None:
        return newly, newly.iloc[:0]
    lives = pd.MultiIndex.from_frame(former[SERIES]).isin(pd.MultiIndex.from_frame(series[SERIES]))
    kept = former[lives].drop(columns=RECORDED, errors="ignore")
    fresh = newly[~newly["origin"].isin(former["origin"].unique())]
    return pd.concat([frame for frame in (kept, fresh) if len(frame)] or [newly], ignore_index=True), former[~lives]


def _of_same_series(stored: dict[str, pd.DataFrame], series: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """What is stored as evidence, if it is of the same series: one that comes or goes changes every sum, and all base forecasts are made anew."""
    if BASE not in stored or not series.sort_values(SERIES).reset_index(drop=True).equals(stored[BASE][SERIES].drop_duplicates().sort_values(SERIES).reset_index(drop=True)):
        return {}
    return {BASE: stored[BASE], PUBLISHED: stored[PUBLISHED].drop(columns=RECORDED, errors="ignore")}
