"""The Spring Festival (春节) as regressors: it moves between 21 January and 20 February, so calendar months do not hold it.

The days before, of and after the festival act differently (stocking up, standstill, slow return of workers), so each window has its own
regressor: the share of the window's days that fall into the month. This is the construction that X-13ARIMA-SEATS uses for Easter and its
companion program Genhol for any moving holiday (U.S. Census Bureau, X-13ARIMA-SEATS Reference Manual, 7.13; Lin and Liu, "Modeling
lunar calendar holiday effects in Taiwan", Taiwan Economic Forecast and Policy 33:1, 2002).

Each regressor is centred by its calendar month's mean over 76 years, four Metonic cycles of 19 years: the festival of an average year
belongs to the seasonal factors, the regressors carry only its movement, and they add up to zero in each year, so they cannot shift the
level. The mean is fixed: it does not move as a series grows.
"""

from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd

WINDOWS = {"before": (-20, -1), "during": (0, 6), "after": (7, 26)}  # first and last day, counted from new year's day
FIRST_YEAR, LAST_YEAR = 1975, 2050
# New year's day (正月初一) of each year since 1975, ten years a line but the first and last. Rule: GB/T 33661-2017 农历的编算和颁行.
# A table, not a library: 76 dates that never change; a test recomputes every one from the new moons and the sun.
NEW_YEAR_DAYS = """
02-11 01-31 02-18 02-07 01-28
02-16 02-05 01-25 02-13 02-02 02-20 02-09 01-29 02-17 02-06
01-27 02-15 02-04 01-23 02-10 01-31 02-19 02-07 01-28 02-16
02-05 01-24 02-12 02-01 01-22 02-09 01-29 02-18 02-07 01-26
02-14 02-03 01-23 02-10 01-31 02-19 02-08 01-28 02-16 02-05
01-25 02-12 02-01 01-22 02-10 01-29 02-17 02-06 01-26 02-13
02-03 01-23 02-11 01-31 02-19 02-08 01-28 02-15 02-04 01-24
02-12 02-01 01-22 02-10 01-30 02-17 02-06 01-26 02-14 02-02
01-23
"""


def regressors(months: pd.PeriodIndex, is_stock: bool = False) -> pd.DataFrame:
    """Columns `before`, `during`, `after` for the months, as shares of the window's days (between -1 and 1, centred).

    A stock at the end of a month holds what has flowed by then, so its regressors are the flow's added up from January.
    ValueError outside 1975-2050 and for anything but months.
    """
    if months.freqstr != "M":
        raise ValueError(f"the Spring Festival moves between months; asked for periods of {months.freqstr}")
    if months.min().year < FIRST_YEAR or months.max().year > LAST_YEAR:
        raise ValueError(f"Spring Festival dates are held for {FIRST_YEAR}-{LAST_YEAR}, asked for {months.min()} to {months.max()}")
    return _every_month(is_stock).loc[months]


def new_year_day(year: int) -> date:
    """First day of the first lunar month. ValueError outside 1975-2050."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"Spring Festival dates are held for {FIRST_YEAR}-{LAST_YEAR}, asked for {year}")
    return date.fromisoformat(f"{year}-{NEW_YEAR_DAYS.split()[year - FIRST_YEAR]}")


@cache
def _every_month(is_stock: bool) -> pd.DataFrame:
    months = pd.period_range(f"{FIRST_YEAR}-01", f"{LAST_YEAR}-12", freq="M")
    shares = pd.DataFrame({name: _shares(first, last) for name, (first, last) in WINDOWS.items()}, index=months)
    centred = shares - shares.groupby(months.month).transform("mean")
    return centred.groupby(months.year).cumsum() if is_stock else centred


def _shares(first: int, last: int) -> np.ndarray:
    """Share of each year's window in each month of 1975-2050. No window leaves its year: the festival lies between 21 January and 20 February."""
    shares = np.zeros((LAST_YEAR - FIRST_YEAR + 1, 12))
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        for offset in range(first, last + 1):
            shares[year - FIRST_YEAR, (new_year_day(year) + timedelta(days=offset)).month - 1] += 1 / (last - first + 1)
    return shares.ravel()
