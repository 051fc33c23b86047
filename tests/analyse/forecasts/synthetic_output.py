"""Seeded output of cities by industries as the demonstration has it: sizes, a common cycle, seasons, the Spring Festival, noise; and what leads the cycle."""

from datetime import date

import numpy as np
import pandas as pd

from spark_jobs.analyse.forecast import ForecastSettings

SETTINGS = ForecastSettings(region_code="450000", all_industries_code="all")
MONTHS = pd.date_range("2017-01-01", "2024-09-01", freq="MS")
CITIES = [f"45{number:02d}00" for number in range(1, 15)]
INDUSTRIES = [f"{number:02d}" for number in range(6, 46)]
FESTIVALS = [date(2017, 1, 28), date(2018, 2, 16), date(2019, 2, 5), date(2020, 1, 25), date(2021, 2, 12), date(2022, 2, 1), date(2023, 1, 22), date(2024, 2, 10), date(2025, 1, 29)]
IDLE_DAYS = range(-7, 14)  # around the first day of the festival
LEAD = 3  # months by which the indicators run before the cycle


def output(industries: int, seed: int = 7) -> pd.DataFrame:
    """[division_code, industry_code, month, value] in 亿元 of 14 cities; noise of 3 to 5 per cent a series."""
    random = np.random.default_rng(seed)
    months = len(MONTHS)
    cycle = _cycle(seed)[LEAD : LEAD + months]
    season = {industry: _season(random) for industry in INDUSTRIES[:industries]}
    own_cycle = {industry: 0.5 * np.cumsum(random.normal(0, 0.006, months)) for industry in season}
    idle = calendar()["festival_days"].to_numpy()[:months] / len(IDLE_DAYS)
    rows = []
    for city in CITIES:
        for industry in season:
            level, growth, exposure, noise = random.lognormal(1.5, 1.0), random.normal(0.004, 0.002), random.uniform(0.5, 1.5), random.uniform(0.03, 0.05)
            logs = np.log(level) + growth * np.arange(months) + exposure * cycle + own_cycle[industry] + np.cumsum(random.normal(0, 0.006, months))
            logs += season[industry][MONTHS.month - 1] - random.uniform(0.1, 0.3) * idle + random.normal(0, noise, months)
            rows.append(pd.DataFrame({"division_code": city, "industry_code": industry, "month": MONTHS, "value": np.exp(logs)}))
    return pd.concat(rows, ignore_index=True)


def leading(seed: int = 7) -> pd.DataFrame:
    """[month, indicator, value]: electricity used by manufacture in 万千瓦时 and the purchasing managers' index, both before the cycle of `output` with that seed."""
    random = np.random.default_rng(seed + 1)
    months = len(MONTHS)
    ahead = _cycle(seed)[2 * LEAD : months + 2 * LEAD]
    power = 500_000 * np.exp(0.003 * np.arange(months) + ahead + random.normal(0, 0.01, months))
    index = 50 + 20 * np.diff(_cycle(seed)[2 * LEAD - 1 : months + 2 * LEAD]) + random.normal(0, 0.3, months)
    return pd.concat([pd.DataFrame({"month": MONTHS, "indicator": name, "value": values}) for name, values in (("power", power), ("pmi", index))], ignore_index=True)


def calendar() -> pd.DataFrame:
    """[month, festival_days], through a year after the last month of output."""
    months = pd.date_range(MONTHS[0], MONTHS[-1] + pd.DateOffset(months=12), freq="MS")
    days = [pd.Timestamp(festival) + pd.Timedelta(days=day) for festival in FESTIVALS for day in IDLE_DAYS]
    counted = pd.Series(1, index=[day.replace(day=1) for day in days]).groupby(level=0).sum()
    return pd.DataFrame({"month": months, "festival_days": counted.reindex(months, fill_value=0).to_numpy()})


def _cycle(seed: int) -> np.ndarray:
    """A smooth swing of some years about 0, in logarithms, beginning LEAD months before the output and going on after it."""
    random = np.random.default_rng(seed + 2)
    months = len(MONTHS) + 3 * LEAD
    steps = np.zeros(months)
    for month in range(1, months):
        steps[month] = 0.85 * steps[month - 1] + random.normal(0, 0.004)
    return np.cumsum(steps)


def _season(random: np.random.Generator) -> np.ndarray:
    swing = 0.08 * np.sin(2 * np.pi * (np.arange(12) + random.uniform(0, 12)) / 12) + random.normal(0, 0.03, 12)
    return swing - swing.mean()
