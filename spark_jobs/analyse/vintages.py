"""What was known on a day: a store of vintages, and the panel of series that it held then.

A store is a frame with one row for each value that a series has had for a period:

series           its code
period           first day of the month; of a quarterly figure, of the quarter's last month
vintage_date     the day on which the value became known
superseded_date  the day on which another took its place; missing where it still stands
value            a number; missing where the issuer withdrew the figure
"""

from datetime import date

import pandas as pd


def store_from_changes(changes: pd.DataFrame) -> pd.DataFrame:
    """The store that a log of changes amounts to. `changes` has series, period, vintage_date, value: a row wherever a value is new or another.

    Raises ValueError where a log gives a series two values for one period on one day.
    """
    identity = ["series", "period", "vintage_date"]
    twice = changes[changes.duplicated(identity, keep=False)]
    if len(twice):
        raise ValueError(f"{len(twice)} changes share series, period and day with another, as does {twice.iloc[0][identity].to_list()}")
    ordered = changes.assign(period=_days(changes["period"]), vintage_date=_days(changes["vintage_date"])).sort_values(identity)
    return ordered.assign(superseded_date=ordered.groupby(["series", "period"])["vintage_date"].shift(-1))[[*identity, "superseded_date", "value"]].reset_index(drop=True)


def vintage_dates(store: pd.DataFrame) -> list[date]:
    """The days on which anything became known or was superseded, in order."""
    days = pd.concat([_days(store["vintage_date"]), _days(store["superseded_date"])]).dropna().unique()
    return sorted(day.date() for day in days)


def as_known(store: pd.DataFrame, day: date) -> pd.DataFrame:
    """The panel as known at the end of the day: months without a gap (PeriodIndex) × series, missing where nothing was known.

    Raises ValueError where nothing was known yet, or two values of one series and period stand at once.
    """
    moment, vintage, superseded = pd.Timestamp(day), _days(store["vintage_date"]), _days(store["superseded_date"])
    standing = store[(vintage <= moment) & (superseded.isna() | (superseded > moment))].dropna(subset="value")
    if standing.empty:
        raise ValueError(f"nothing was known on {day}")
    twice = standing[standing.duplicated(["series", "period"])]
    if len(twice):
        raise ValueError(f"on {day} two values stand for {twice.iloc[0]['series']} {twice.iloc[0]['period']}")
    months = pd.PeriodIndex(_days(standing["period"]), freq="M")
    panel = standing.assign(period=months).pivot(index="period", columns="series", values="value").astype(float)
    return panel.reindex(pd.period_range(months.min(), months.max(), freq="M"))


def _days(column: pd.Series) -> pd.Series:
    return column.astype("datetime64[ns]")
