"""Forecasts of monthly output, city by industry and every sum of them: what each model says at each origin.

An origin is the last month known. A base forecast says what one model, knowing nothing after the origin, expects of a later month; it depends on
the history, the origin and the settings only, so one that is stored is never computed again. What is made of them is in forecast_publication.

    panel = reconciliation.with_aggregates(bottom, settings)
    base  = forecast_group(any series of the panel, ...) in as many tasks as there are cores, and pooled_forecasts(panel, ...) once
    forecast_publication.combine(panel, base, settings)

Frames are long. A series is [division_code, industry_code]; `month` and `origin` are the first day of a month; `value` is in the caller's unit, 亿元.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

SEASON = 12  # months
LEAST_HISTORY = 36  # months: the airline model loses 13 to differences and has two seasonal cycles left to learn from
SERIES = ["division_code", "industry_code"]
BASE_COLUMNS = [*SERIES, "origin", "month", "horizon", "model", "value"]
BENCHMARKS = ("naive", "seasonal_naive")
OWN_MODELS = (*BENCHMARKS, "ets", "arima", "theta")


@dataclass(frozen=True)
class ForecastSettings:
    """How far and by what evidence to forecast, and how the sums are named."""

    region_code: str  # division_code of the sum over cities
    all_industries_code: str  # industry_code of the sum over industries
    horizons: int = 6  # months ahead, at most 12: the last year's month must be known
    least_origins: int = 4  # with known errors, before a model is chosen by them, and again before an interval is drawn from them

    def __post_init__(self) -> None:
        if not 1 <= self.horizons <= SEASON:
            raise ValueError(f"horizons must be 1 to {SEASON}, got {self.horizons}")


def rolling_origins(panel: pd.DataFrame, count: int) -> list[pd.Timestamp]:
    """The last `count` months of the panel, oldest first."""
    months = sorted(pd.to_datetime(panel["month"].unique()))
    return months[-count:]


def missing_origins(stored: pd.DataFrame, origins: Iterable[pd.Timestamp]) -> list[pd.Timestamp]:
    """The origins that no stored base forecast has."""
    have = set(pd.to_datetime(stored["origin"].unique()))
    return [origin for origin in origins if origin not in have]


def forecast_group(frame: pd.DataFrame, origins: list[pd.Timestamp], settings: ForecastSettings) -> pd.DataFrame:
    """Base forecasts of OWN_MODELS for whole series [division_code, industry_code, month, value], aggregates among them or not.

    The result has BASE_COLUMNS. Runs on one core and needs nothing but its arguments. ValueError where `wide` raises one, or where an origin has too little history.
    """
    values = wide(frame)
    found = {model: np.empty((values.shape[1], len(origins), settings.horizons)) for model in OWN_MODELS}
    ends = [_end(values.index, origin) for origin in origins]
    for number, series in enumerate(values):
        for model, rows in _forecasts_of(np.log(values[series].to_numpy()), ends, origins, settings.horizons).items():
            found[model][number] = np.exp(rows)
    return pd.concat([as_base(found[model], model, values.columns, origins) for model in OWN_MODELS], ignore_index=True)


def wide(frame: pd.DataFrame) -> pd.DataFrame:
    """The long frame as months by series, float, both in order. ValueError names the series and month that is missing, double, or not above 0 (models work on logarithms)."""
    frame = frame.assign(month=pd.to_datetime(frame["month"]))
    if not (frame["month"].dt.day == 1).all():
        raise ValueError(f"a month is written as its first day, got {frame.loc[frame['month'].dt.day != 1, 'month'].iloc[0]:%Y-%m-%d}")
    double = frame[frame.duplicated([*SERIES, "month"])]
    if len(double):
        raise ValueError(f"{_named(double.iloc[0])} is there twice")
    values = frame.pivot(index="month", columns=SERIES, values="value").astype(float).sort_index(axis=1)
    values = values.reindex(pd.date_range(values.index.min(), values.index.max(), freq="MS", name="month"))
    for wrong, what in ((values.isna(), "is missing"), (~(values > 0), "is not above 0")):
        if wrong.to_numpy().any():
            row, column = np.argwhere(wrong.to_numpy())[0]
            division, industry = values.columns[column]
            raise ValueError(f"series {division} {industry}: {values.index[row]:%Y-%m} {what} ({int(wrong.to_numpy().sum())} such in {wrong.size} values)")
    return values


def as_base(cube: np.ndarray, model: str, series: pd.MultiIndex, origins: list[pd.Timestamp]) -> pd.DataFrame:
    """The forecasts of one model, series x origins x horizons, as a long frame with BASE_COLUMNS."""
    horizons = cube.shape[2]
    index = pd.MultiIndex.from_product([range(len(series)), range(len(origins)), range(1, horizons + 1)])
    which, origin, horizon = (index.get_level_values(level).to_numpy() for level in range(3))
    months = np.array([[start + pd.DateOffset(months=ahead) for ahead in range(1, horizons + 1)] for start in origins], dtype="datetime64[ns]")
    keys = {name: series.get_level_values(name).to_numpy()[which] for name in SERIES}
    starts = pd.DatetimeIndex(origins).to_numpy()[origin]
    return pd.DataFrame(keys | {"origin": starts, "month": months[origin, horizon - 1], "horizon": horizon, "model": model, "value": cube.ravel()})


def _forecasts_of(log_values: np.ndarray, ends: list[int], origins: list[pd.Timestamp], horizons: int) -> dict[str, np.ndarray]:
    """Of one series in logarithms: by model, origins x horizons. `ends` are the numbers of months known at the origins."""
    from statsforecast.models import Naive, OptimizedTheta, SeasonalNaive  # 1.5 s: paid by the task that forecasts, not by whoever imports this module

    rows = {model: np.empty((len(ends), horizons)) for model in OWN_MODELS}
    fitted = {}
    for number, (end, origin) in enumerate(zip(ends, origins, strict=True)):
        known = log_values[:end]
        year_end = end - origin.month  # months known at the end of the year before
        if year_end not in fitted:
            fitted[year_end] = _estimated(log_values[:year_end])
        rows["naive"][number] = Naive().forecast(y=known, h=horizons)["mean"]
        rows["seasonal_naive"][number] = SeasonalNaive(SEASON).forecast(y=known, h=horizons)["mean"]
        rows["theta"][number] = OptimizedTheta(SEASON, decomposition_type="additive").forecast(y=known, h=horizons)["mean"]
        for model, estimate in fitted[year_end].items():
            rows[model][number] = estimate.forward(y=known, h=horizons)["mean"]
    return rows


def _estimated(log_values: np.ndarray) -> dict:
    """The models whose estimation is dear, estimated once a year on the months through its end; each origin of the next year filters its months with them.

    Measured on 40 seeded series at 4 origins, mean absolute error in logarithms against estimation at each origin: arima 0.0418 and 0.0415, ets 0.0452 and 0.0438;
    filtering takes a 20th and a 100th of the time.
    """
    from statsforecast.models import ARIMA, AutoETS

    models = {
        "ets": AutoETS(SEASON, model="AAA", damped=True),
        # the airline model: a search over orders takes 50 times as long
        "arima": ARIMA(order=(0, 1, 1), seasonal_order=(0, 1, 1), season_length=SEASON),
    }
    return {name: model.fit(log_values) for name, model in models.items()}


def _end(months: pd.DatetimeIndex, origin: pd.Timestamp) -> int:
    """Number of months through the origin."""
    if origin not in months:
        raise ValueError(f"the origin {origin:%Y-%m} is not within the history {months[0]:%Y-%m} to {months[-1]:%Y-%m}")
    end = months.get_loc(origin) + 1
    if end - origin.month < LEAST_HISTORY:
        raise ValueError(f"the origin {origin:%Y-%m} has {end - origin.month} months through the end of the year before; models are estimated on {LEAST_HISTORY} or more")
    return end


def _named(row: pd.Series) -> str:
    return f"series {row['division_code']} {row['industry_code']}: {row['month']:%Y-%m}"
