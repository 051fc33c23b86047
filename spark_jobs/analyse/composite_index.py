"""Composite index of business cycle indicators by the method of The Conference Board.

Source: The Conference Board, "Calculating the Composite Indexes" (business cycle indicators, with the technical notes of 26 January 2012);
the numbers in brackets below are its steps. Components are monthly (or quarterly) and seasonally adjusted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

PERCENT, DIFFERENCE, LEVEL, STANDARDISED = "percent", "difference", "level", "standardised"
KINDS = {  # how a component enters, step (1)
    PERCENT: "a quantity, price or index: symmetric percent change",
    DIFFERENCE: "a rate or what is in percent already: plain difference",
    LEVEL: "a spread of interest rates: the value itself",
    STANDARDISED: "a diffusion index such as a PMI: the value less its mean, by its standard deviation",
}
TREND = "trend_adjustment"  # name of the column beside the components' contributions
SMALLEST_SHARE = 0.5  # of the components, which all have the same say: with less than half of them known there is no index


@dataclass(frozen=True)
class Component:
    """How one indicator enters; an inverted one falls when business rises (unemployment, claims)."""

    kind: str
    is_inverted: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a component is one of {', '.join(KINDS)}; got {self.kind!r}")


@dataclass(frozen=True)
class CompositeIndex:
    """Index, its growth and what each component gave to it. All Series share one index of periods without gaps."""

    index: pd.Series  # average of the base year = 100
    growth_pct: pd.Series  # symmetric percent change of the index against the period before; NaN in the first
    contributions_pct: pd.DataFrame  # one column a component and `trend_adjustment`; a row adds up to growth_pct; NaN: not known
    factors: pd.Series  # standardisation factors, adding up to 1
    n_known: pd.Series  # components that the period's growth is made of
    n_components: int
    trend_adjustment_pct: float

    @property
    def coverage(self) -> pd.Series:
        """ "8 of 10" for each period."""
        return self.n_known.map(lambda known: f"{known} of {self.n_components}")


def composite_index(
    values: pd.DataFrame,
    components: Mapping[str, Component],
    base_year: int,
    coincident_growth_pct: pd.Series | None = None,
    factors: pd.Series | None = None,
) -> CompositeIndex:
    """Index of `values` (periods by components, NaN where not yet known).

    A leading or lagging index is given the growth of the coincident one, whose trend it takes over. `factors` of a former run keep the
    weights fixed between yearly revisions. ValueError where a period in the middle has too few components, or the base year is not covered.
    """
    changes = component_changes(values, components)
    factors = standardisation_factors(changes) if factors is None else factors[list(components)]
    contributions, n_known = component_contributions(changes, factors)
    growth = contributions.sum(axis=1, min_count=1)
    adjustment = 0.0 if coincident_growth_pct is None else _trend_adjustment(growth, coincident_growth_pct)
    contributions = contributions.assign(**{TREND: np.where(growth.notna(), adjustment, np.nan)})
    growth = contributions.sum(axis=1, min_count=1)
    index = rebased(chained(growth), base_year)
    every = index.index
    return CompositeIndex(index, growth.reindex(every), contributions.reindex(every), factors, n_known.reindex(every, fill_value=0), len(components), adjustment)


def component_changes(values: pd.DataFrame, components: Mapping[str, Component]) -> pd.DataFrame:
    """(1) The change of each component against the period before; the first period, which has none, is left out."""
    every = pd.period_range(values.index.min(), values.index.max(), freq=values.index.freq)
    values = values[list(components)].reindex(every).astype(float)
    changes = {code: (-1 if component.is_inverted else 1) * _change(values[code], component.kind) for code, component in components.items()}
    return pd.DataFrame(changes, index=every).iloc[1:]


def symmetric_percent_change(values: pd.Series) -> pd.Series:
    """200 (X_t - X_{t-1}) / (X_t + X_{t-1}): a rise and an equal fall cancel out. ValueError unless every value is above zero."""
    if (values <= 0).any():
        raise ValueError(f"{values.name}: a percent change wants values above zero; {int((values <= 0).sum())} of {values.count()} are not")
    return 200 * values.diff() / (values + values.shift())


def standardisation_factors(changes: pd.DataFrame) -> pd.Series:
    """(2) One over the standard deviation of each component's changes, divided by their sum: the volatile weigh little."""
    deviation = changes.std()
    if not (deviation > 0).all():
        raise ValueError(f"no standard deviation above zero for {', '.join(deviation.index[~(deviation > 0)])}")
    return (1 / deviation) / (1 / deviation).sum()


def component_contributions(changes: pd.DataFrame, factors: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    """(2), (3) What each component adds to the period's growth, in percent, and how many are known.

    Where some are not yet known (the ragged edge) the factors of the others are raised so that they add up to one again; without a steady
    component, whose factor is large, the month therefore swings more. Periods at the ends with less than half of the components known are
    left out; such a period in the middle is a ValueError.
    """
    known = changes.notna()
    weight = known.mul(factors).sum(axis=1)
    enough = known.mean(axis=1) >= SMALLEST_SHARE
    if not enough.any():
        raise ValueError("no period has half of the components")
    first, last = enough.idxmax(), enough[::-1].idxmax()
    within = slice(first, last)
    if not enough[within].all():
        raise ValueError(f"{', '.join(map(str, enough[within].index[~enough[within]]))}: less than {SMALLEST_SHARE:.0%} of the components are known")
    return changes[within].mul(factors).div(weight[within], axis=0), known[within].sum(axis=1)


def chained(growth_pct: pd.Series) -> pd.Series:
    """(5) Levels from symmetric percent changes: I_t = I_{t-1} (200 + i_t) / (200 - i_t), 100 at the period before the first change."""
    steps = (200 + growth_pct) / (200 - growth_pct)
    levels = np.concatenate([[100.0], 100 * steps.cumprod()])
    return pd.Series(levels, pd.period_range(growth_pct.index[0] - 1, growth_pct.index[-1], freq=growth_pct.index.freq))


def rebased(index: pd.Series, base_year: int) -> pd.Series:
    """(6) Average of the base year = 100. ValueError unless the whole year is there."""
    year = index[index.index.year == base_year]
    wanted = {"M": 12, "Q": 4}[index.index.freqstr[0]]
    if len(year) != wanted:
        raise ValueError(f"the base year {base_year} has {len(year)} of {wanted} periods")
    return index / year.mean() * 100


def _change(values: pd.Series, kind: str) -> pd.Series:
    if kind == PERCENT:
        return symmetric_percent_change(values)
    if kind == DIFFERENCE:
        return values.diff()
    return values if kind == LEVEL else (values - values.mean()) / values.std()


def _trend_adjustment(growth_pct: pd.Series, coincident_growth_pct: pd.Series) -> float:
    """(4) Mean growth of the coincident index less the own, over the periods that have both."""
    both = pd.concat([growth_pct, coincident_growth_pct], axis=1, keys=["own", "coincident"]).dropna()
    if both.empty:
        raise ValueError("the coincident index shares no period with this one")
    return float(both["coincident"].mean() - both["own"].mean())
