"""What a nowcast is made of: its series, how each is transformed, and the blocks whose factors it shares."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from statsmodels.tsa.statespace.dynamic_factor_mq import DynamicFactorMQ

MONTHS = {"m": 1, "q": 3}  # between two values of a series
GLOBAL = "global"
TRANSFORMATIONS = {  # the New York Fed's names → f(value, the value before, that of a year before, values in a year)
    "lin": lambda now, before, year_ago, per_year: now,
    "log": lambda now, before, year_ago, per_year: np.log(now),
    "chg": lambda now, before, year_ago, per_year: now - before,
    "ch1": lambda now, before, year_ago, per_year: now - year_ago,
    "pch": lambda now, before, year_ago, per_year: (now / before - 1) * 100,
    "pc1": lambda now, before, year_ago, per_year: (now / year_ago - 1) * 100,
    "pca": lambda now, before, year_ago, per_year: ((now / before) ** per_year - 1) * 100,
}
OF_POSITIVE_VALUES = {"log", "pch", "pc1", "pca"}
TRUTH = {"true": True, "false": False}


@dataclass(frozen=True)
class Series:
    """One series: `frequency` m or q, `transformation` a name in TRANSFORMATIONS, `blocks` with global first."""

    code: str
    frequency: str
    transformation: str
    blocks: tuple[str, ...]

    def __post_init__(self):
        if self.frequency not in MONTHS or self.transformation not in TRANSFORMATIONS or not self.blocks:
            raise ValueError(f"{self.code}: frequency {self.frequency!r}, transformation {self.transformation!r}, blocks {self.blocks}")

    def transformed(self, levels: pd.Series) -> pd.Series:
        """The levels, by month, in the unit that the model speaks in; missing where a level that it takes is missing.

        Raises ValueError at a quarterly value in a month that ends no quarter, and at a growth rate of a value that is not above zero.
        """
        known = levels.dropna()
        misplaced = known[known.index.month % MONTHS[self.frequency] != 0]
        if len(misplaced):
            raise ValueError(f"{self.code} is quarterly and has a value at {misplaced.index[0]}, which ends no quarter")
        if self.transformation in OF_POSITIVE_VALUES and (known <= 0).any():
            raise ValueError(f"{self.code}: {self.transformation} needs values above zero, {known[known <= 0].index[0]} is {known[known <= 0].iloc[0]}")
        step = MONTHS[self.frequency]
        return TRANSFORMATIONS[self.transformation](levels, levels.shift(step), levels.shift(12), 12 // step)


@dataclass(frozen=True)
class Model:
    """A nowcast: `target` is the code of the series it is for, `sample_start` a month such as 2000-01.

    Each block has `factors_per_block` factors that follow one vector autoregression of order `factor_order`.
    """

    name: str
    target: str
    sample_start: str
    factors_per_block: int
    factor_order: int
    series: tuple[Series, ...]

    @property
    def ordered(self) -> list[Series]:
        """Monthly series first, as the state space wants them."""
        return sorted(self.series, key=lambda series: MONTHS[series.frequency])

    @property
    def blocks(self) -> list[str]:
        return list(dict.fromkeys(block for series in self.ordered for block in series.blocks))

    def one(self, code: str) -> Series:
        """The series of this code; KeyError where the model has none."""
        return {series.code: series for series in self.series}[code]

    def transformed(self, panel: pd.DataFrame) -> pd.DataFrame:
        """The panel of levels (months × series) as the model takes it, from the start of the sample on.

        Raises ValueError where a series is missing or has no two values in the sample.
        """
        absent = [series.code for series in self.series if series.code not in panel]
        if absent:
            raise ValueError(f"the panel lacks {', '.join(absent)}")
        frame = pd.DataFrame({series.code: series.transformed(panel[series.code]) for series in self.ordered}).loc[self.sample_start :]
        short = frame.columns[frame.count() < 2].to_list()
        if short:
            raise ValueError(f"fewer than two values since {self.sample_start}: {', '.join(short)}")
        return frame

    def state_space(self, frame: pd.DataFrame, standardize: bool | tuple[pd.Series, pd.Series]) -> "DynamicFactorMQ":
        """The model over a transformed frame. Initial state a month ahead of it and a small noise on each observation: as the New York Fed has it."""
        from statsmodels.tsa.statespace.dynamic_factor_mq import DynamicFactorMQ

        monthly = sum(series.frequency == "m" for series in self.series)
        factors = {series.code: list(series.blocks) for series in self.ordered}
        orders, multiplicities = dict.fromkeys(self.blocks, self.factor_order), dict.fromkeys(self.blocks, self.factors_per_block)
        return DynamicFactorMQ(frame, monthly, factors, orders, multiplicities, idiosyncratic_ar1=True, standardize=standardize, init_t0=True, obs_cov_diag=True)

    def to_dictionary(self) -> dict[str, Any]:
        """Fields in the types that JSON gives back."""
        return asdict(self) | {"series": [asdict(series) | {"blocks": list(series.blocks)} for series in self.series]}

    @classmethod
    def from_dictionary(cls, fields: dict[str, Any]) -> "Model":
        series = tuple(Series(**one | {"blocks": tuple(one["blocks"])}) for one in fields["series"])
        return cls(**fields | {"series": series})


def models(model_rows: Iterable[dict[str, str]], series_rows: Iterable[dict[str, str]]) -> dict[str, Model]:
    """The models by name, from the rows of the seeds nowcast_model and nowcast_series. Every series loads on the global block.

    Raises ValueError where a target is no series of its model.
    """
    series_rows = list(series_rows)
    found = {}
    for row in model_rows:
        series = tuple(_series(one) for one in series_rows if one["model"] == row["model"])
        if row["target"] not in {one.code for one in series}:
            raise ValueError(f"model {row['model']}: its target {row['target']} is none of its {len(series)} series")
        found[row["model"]] = Model(row["model"], row["target"], row["sample_start"], int(row["factors_per_block"]), int(row["factor_order"]), series)
    return found


def one_thread() -> AbstractContextManager:
    """Linear algebra on one thread: of matrices of fifty rows a second one gains nothing, and where cores are shared it costs ten times the time."""
    return _linear_algebra().limit(limits=1, user_api="blas")


@cache
def _linear_algebra():
    import statsmodels.tsa.statespace.dynamic_factor_mq  # noqa: F401, a library that is not loaded yet is not found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _series(row: dict[str, str]) -> Series:
    """A block is a column of the seed, block_<name>, that says true or false."""
    blocks = [name.removeprefix("block_") for name, says in row.items() if name.startswith("block_") and TRUTH[str(says).lower()]]
    return Series(row["series_code"], row["frequency"], row["transformation"], (GLOBAL, *blocks))
