"""What the New York Fed's own program made of two vintages, as statsmodels carries it: parameters, smoothed series, news."""

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels
from scipy.io import loadmat

from spark_jobs.analyse.nowcast import estimate
from spark_jobs.analyse.nowcast_model import Model, Series, models
from spark_jobs.analyse.vintages import store_from_changes

CHECKOUT = Path(__file__).resolve().parents[3]
RESULTS = Path(statsmodels.__file__).parent / "tsa/statespace/tests/results/frbny_nowcast"
VINTAGES = CHECKOUT / "infra/demo/data/economy/us_nowcast_vintages/us_vintages_long.csv"
FIRST_DAY, DAY_OF_NEWS, LAST_DAY = date(2016, 6, 29), date(2016, 7, 29), date(2016, 10, 28)
RUNS = sorted(path.stem for path in RESULTS.glob("*.mat"))
NEWS_RUNS = [run for run in RUNS if "news" in run]


def us_store() -> pd.DataFrame:
    return store_from_changes(pd.read_csv(VINTAGES).rename(columns={"vintage": "vintage_date"}))


def seeded_models() -> dict[str, Model]:
    return models(_seed("nowcast_model"), _seed("nowcast_series"))


def _seed(name: str) -> list[dict[str, str]]:
    with (CHECKOUT / f"dbt_project/seeds/{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shipped_panel(day: date) -> pd.DataFrame:
    panel = pd.read_csv(RESULTS / f"Nowcasting/data/US/{day}.csv", index_col="Date")
    return panel.set_axis(pd.PeriodIndex(pd.to_datetime(panel.index, format="%m/%d/%y"), freq="M"))


class Run:
    """One run of the program: its specification, and the fit that its parameters amount to."""

    def __init__(self, name: str):
        matlab = loadmat(RESULTS / f"{name}.mat")
        specification, self.result = matlab["Spec"][0, 0], {field: matlab["Res"][0, 0][field] for field in matlab["Res"].dtype.names}
        self.codes, frequencies, transformations = ([cell.item() for cell in specification[field].ravel()] for field in ("SeriesID", "Frequency", "Transformation"))
        blocks = [cell.item().lower() for cell in specification["BlockNames"].ravel()]
        loads = [tuple(block for block, here in zip(blocks, row, strict=True) if here) for row in specification["Blocks"]]
        series = tuple(Series(*fields) for fields in zip(self.codes, frequencies, transformations, loads, strict=True))
        self.model = Model(name, "GDPC1", "2000-01", specification["k"].item(), specification["p"].item(), series)
        self.parameters = matlab["params"].ravel()

    def fit(self, panel: pd.DataFrame) -> dict:
        names = estimate(panel, self.model, 1, 1e-4, FIRST_DAY)["parameters"]
        own = self._order_of_states()
        return {
            "model": self.model.to_dictionary(),
            "estimated_on": FIRST_DAY.isoformat(),
            "sample_start": "2000-01",
            "parameters": dict(zip(names, self.parameters.tolist(), strict=True)),
            "means": dict(zip(self.codes, self.result["Mx"].ravel().tolist(), strict=True)),
            "standard_deviations": dict(zip(self.codes, self.result["Wx"].ravel().tolist(), strict=True)),
            "initial_state": {"mean": self.result["Z_0"].ravel()[own].tolist(), "covariance": self.result["V_0"][np.ix_(own, own)].tolist()},
        }

    def smoothed(self, code: str) -> float:
        """Of the last month, June 2016, in the unit of the transformed series."""
        at = self.codes.index(code)
        return self.result["x_sm"][-1, at] * self.result["Wx"][0, at] + self.result["Mx"][0, at]

    def _order_of_states(self) -> np.ndarray:
        """The program keeps the five lags of each quarterly residual together, statsmodels the quarterly residuals of each lag."""
        quarterly = sum(series.frequency == "q" for series in self.model.series)
        before = len(self.result["Z_0"]) - 5 * quarterly
        return np.concatenate([np.arange(before), before + np.arange(5 * quarterly).reshape(quarterly, 5).ravel(order="F")])
