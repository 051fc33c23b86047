"""The pooled model: one regression for all series, that learns from leading indicators what no series is long enough to teach.

Explained is the growth of a month over the same month of the year before, in logarithms, divided by its spread in that series; one ridge regression a
horizon, over all series and months known at the origin. Explained by: the series' own growth at the origin, the two months before it and the year;
growth of the region, the city and the industry; growth of each leading indicator in three months; growth a year before the month to come, because a month
that was low then is grown over easily; and the calendar of that month, such as its days of the Spring Festival.

It is computed for the whole panel in one step, so that it does not depend on how series were split into tasks.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spark_jobs.analyse.forecast import SEASON, ForecastSettings, as_base, wide

MODEL = "pooled"
PENALTY = 0.02  # of the number of rows, columns being standardised: rows of one month are no independent witnesses
FIRST_EXPLAINED = 2 * SEASON  # months: growth itself begins after one year, growth a year before after two


def pooled_forecasts(
    panel: pd.DataFrame, leading: pd.DataFrame, calendar: pd.DataFrame, origins: list[pd.Timestamp], settings: ForecastSettings
) -> pd.DataFrame:
    """Base forecasts of the pooled model for every series of the panel (with its aggregates), with BASE_COLUMNS.

    leading   [month, indicator, value], values above 0, known through each origin: what is published later, the caller moves to the month in which it is known
    calendar  [month, a column a fact], known ahead: through the last origin and the horizons
    ValueError names the indicator or fact and the month that is missing.
    """
    values = wide(panel)
    growth = _growth(np.log(values))
    first, last = values.index[0], max(origins)
    facts = _complete(calendar.set_index("month"), first, last + pd.DateOffset(months=settings.horizons), "the calendar")
    indicators = leading.pivot(index="month", columns="indicator", values="value")
    known = _Known(growth.to_numpy(), _groups(growth, settings), _growth(np.log(_complete(indicators, first, last, "leading"))).to_numpy(), _growth(facts).to_numpy())
    cube = np.empty((values.shape[1], len(origins), settings.horizons))
    for number, origin in enumerate(origins):
        at = values.index.get_loc(origin)
        spread = known.growth[SEASON : at + 1].std(axis=0)
        for horizon in range(1, settings.horizons + 1):
            last_year = np.log(values.iloc[at + horizon - SEASON].to_numpy())
            cube[:, number, horizon - 1] = np.exp(last_year + _expected_growth(known, at, horizon, spread))
    return as_base(cube, MODEL, values.columns, origins)


@dataclass(frozen=True)
class _Known:
    """Growth over the year before, by month. A row is read only up to an origin, but for the calendar."""

    growth: np.ndarray  # months x series
    groups: np.ndarray  # 3 x series: the columns of `growth` with the region, the city and the industry of each
    leading: np.ndarray  # months x indicators
    calendar: np.ndarray  # months x facts


def _expected_growth(known: _Known, at: int, horizon: int, spread: np.ndarray) -> np.ndarray:
    """Growth of each series in the month `at` + `horizon`, by a regression on the months through `at`."""
    explained = range(FIRST_EXPLAINED + horizon, at + 1)
    x = np.concatenate([_features(known, month - horizon, horizon, spread) for month in explained])
    y = np.concatenate([known.growth[month] / spread for month in explained])
    now = _features(known, at, horizon, spread)
    centre, width = x.mean(axis=0), x.std(axis=0)
    width[width == 0] = 1.0  # a fact that never changed explains nothing, and is divided by anything
    z = (x - centre) / width
    weights = np.linalg.solve(z.T @ z + PENALTY * len(z) * np.eye(z.shape[1]), z.T @ (y - y.mean()))
    return (y.mean() + (now - centre) / width @ weights) * spread


def _features(known: _Known, at: int, horizon: int, spread: np.ndarray) -> np.ndarray:
    """What is known in the month `at` about growth `horizon` months later: series x features."""
    scaled = known.growth[at - SEASON + 1 : at + 1] / spread
    own = [scaled[-1], scaled[-2], scaled[-3], scaled.mean(axis=0), known.growth[at + horizon - SEASON] / spread]
    around = [scaled[-1][group] for group in known.groups] + [scaled[-3:].mean(axis=0)[group] for group in known.groups]
    shared = np.concatenate([known.leading[at - 2 : at + 1].ravel(), known.calendar[at + horizon]])
    return np.column_stack([*own, *around, np.tile(shared, (len(spread), 1))])


def _groups(growth: pd.DataFrame, settings: ForecastSettings) -> np.ndarray:
    place = {series: number for number, series in enumerate(growth.columns)}
    region, everything = settings.region_code, settings.all_industries_code
    return np.array([[place[region, everything], place[division, everything], place[region, industry]] for division, industry in growth.columns]).T


def _growth(frame: pd.DataFrame) -> pd.DataFrame:
    return frame - frame.shift(SEASON)


def _complete(frame: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp, source: str) -> pd.DataFrame:
    """The months from first to last, none missing."""
    frame = frame.set_axis(pd.to_datetime(frame.index)).reindex(pd.date_range(first, last, freq="MS")).astype(float)
    if frame.isna().to_numpy().any():
        row, column = np.argwhere(frame.isna().to_numpy())[0]
        raise ValueError(f"{source}: {frame.columns[column]} of {frame.index[row]:%Y-%m} is missing")
    return frame
