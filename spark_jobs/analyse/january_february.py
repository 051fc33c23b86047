"""January and February in one figure: many Chinese statistics have no January, their February holds both months.

The sum is split by January's average share in the years that know both months, else by the number of days. The split moves nothing between
the two months and the rest of the year; what it cannot know is how the festival lay between January and February.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

DAYS_OF_JANUARY = 31


@dataclass(frozen=True)
class Split:
    """A series that has every month, the years whose two months were split, and what was done, in words."""

    series: pd.Series
    years: tuple[int, ...] = ()
    note: str = ""


def split(series: pd.Series, name: str, is_flow: bool) -> Split:
    """Split the February of every year that has no January (absent or NaN). ValueError unless the series is a monthly flow: rates do not add up."""
    if not is_flow or series.index.freqstr != "M":
        raise ValueError(f"{name}: only a monthly flow can be split into January and February")
    known = series.dropna().astype(float)
    years = sorted({month.year for month in known.index})
    both = [year for year in years if {_january(year), _february(year)} <= set(known.index)]
    combined = [year for year in years if _january(year) not in known.index and _february(year) in known.index]
    if not combined:
        return Split(known)
    share = float(np.mean([known[_january(year)] / (known[_january(year)] + known[_february(year)]) for year in both])) if both else None
    added = {}
    for year in combined:
        total = known[_february(year)]
        of_january = share if share is not None else DAYS_OF_JANUARY / (DAYS_OF_JANUARY + _february(year).days_in_month)
        added |= {_january(year): total * of_january, _february(year): total * (1 - of_january)}
    parts = pd.Series(added.values(), index=pd.PeriodIndex(added, freq="M"))
    whole = pd.concat([known.drop([_february(year) for year in combined]), parts]).sort_index()
    how = f"January's mean share {share:.4f} in {len(both)} years that know both" if both else "the number of days, as no year knows both"
    return Split(whole, tuple(combined), f"January and February are one figure in {len(combined)} of {len(years)} years; split by {how}")


def _january(year: int) -> pd.Period:
    return pd.Period(f"{year}-01", "M")


def _february(year: int) -> pd.Period:
    return pd.Period(f"{year}-02", "M")
