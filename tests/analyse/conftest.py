"""Series that the statistical tests share."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spark_jobs.analyse import spring_festival

PASSENGERS = [  # thousands on international air lines a month, 1949-1960: Box and Jenkins, Time Series Analysis, series G
    112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118, 115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140,
    145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166, 171, 180, 193, 181, 183, 218, 230, 242, 209, 191, 172, 194,
    196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201, 204, 188, 235, 227, 234, 264, 302, 293, 259, 229, 203, 229,
    242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278, 284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306,
    315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336, 340, 318, 362, 348, 363, 435, 491, 505, 404, 359, 310, 337,
    360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405, 417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432,
]  # fmt: skip
FESTIVAL = {"before": 0.06, "during": -0.12, "after": -0.05}  # planted effects on the logs
DATA = Path(__file__).parents[2] / "infra" / "demo" / "data" / "economy"


@pytest.fixture(scope="session")
def passengers() -> pd.Series:
    return pd.Series(PASSENGERS, pd.period_range("1949-01", periods=144, freq="M"), dtype=float)


@pytest.fixture(scope="session")
def house_prices() -> dict[str, pd.Series]:
    """Chains of the monthly price index of new homes, December 2010 = 100, by city."""
    read = pd.read_csv(DATA / "house_price" / "merged_housing_data_eng.csv")
    read.index = pd.PeriodIndex.from_fields(year=read["year"], month=read["month"], freq="M")
    return {city: ((rows["new_home_price_index"].sort_index() / 100).cumprod() * 100).round(6) for city, rows in read.groupby("city")}


@pytest.fixture(scope="session")
def gdp() -> pd.Series:
    """National GDP at current prices, 100 million yuan a quarter, fourth quarter 2021 to first quarter 2026."""
    lines = (DATA / "gdp_quarterly" / "nbs_quarterly_gdp_current_prices.csv").read_text(encoding="utf-8-sig").splitlines()
    rows = {name.strip(): [cell.strip(" ,") for cell in cells] for name, *cells in (line.split("\t,") for line in lines)}
    heads, figures = rows["Indicators"], rows["Gross Domestic Product, Current Quarter (100 million yuan)"]
    by_quarter = {f"{head[3:]}Q{head[0]}": float(figure) for head, figure in zip(heads, figures) if head}
    return pd.Series(by_quarter.values(), pd.PeriodIndex(by_quarter, freq="Q")).sort_index()


@pytest.fixture(scope="session")
def festival() -> dict[str, float]:
    """The effects of the Spring Festival that `planted` puts into the logs."""
    return FESTIVAL


@pytest.fixture(scope="session")
def planted() -> Callable[..., tuple[pd.Series, np.ndarray]]:
    return _planted


def _planted(seed: int = 1, years: int = 16, noise: float = 0.004) -> tuple[pd.Series, np.ndarray]:
    """A flow of known seasonal factors (their geometric mean is 1) and a known Spring Festival."""
    rng, months = np.random.default_rng(seed), pd.period_range("2010-01", periods=12 * years, freq="M")
    logs = 0.1 * np.sin(2 * np.pi * np.arange(12) / 12) + 0.03 * np.cos(4 * np.pi * np.arange(12) / 12)
    level = 0.004 * np.arange(len(months)) + np.cumsum(rng.normal(0, 0.003, len(months)))
    festival = spring_festival.regressors(months).to_numpy() @ list(FESTIVAL.values())
    return pd.Series(100 * np.exp(level + logs[months.month - 1] + festival + rng.normal(0, noise, len(months))), months), np.exp(logs)
