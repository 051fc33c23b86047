"""Warning lights (五灯): red 过热, yellow 偏热, green 正常, light blue 偏冷, blue 过冷, and the composite warning index made of them.

Cut points are data with days of validity, never code: `indicator_code`, `valid_from`, `valid_to` (empty: open; the day itself is outside),
the four columns of CUTS in rising order, `is_inverted` (a high value is cold: unemployment) and `is_derived` (nobody decided on them, they
come from the series itself). A value on a cut point has the warmer light.
"""

from enum import IntEnum

import numpy as np
import pandas as pd

CUTS = ["light_blue_from", "green_from", "yellow_from", "red_from"]
TEN_YEARS = 120  # months
SMALLEST_SAMPLE = 60  # months: fewer have seen no whole cycle
DERIVED_QUANTILES = (0.1, 0.3, 0.7, 0.9)
COMPOSITE = "composite"
# Of ten indicators the monitoring centre's index has its zones at 19, 25, 35 and 41 of 30 points. Inferred from published values, not decreed.
COMPOSITE_CUT_POINTS = pd.DataFrame(
    [[COMPOSITE, pd.Timestamp("1990-01-01"), pd.NaT, 1900 / 30, 2500 / 30, 3500 / 30, 4100 / 30, False, False]],
    columns=["indicator_code", "valid_from", "valid_to", *CUTS, "is_inverted", "is_derived"],
)


class Light(IntEnum):
    """The light's score."""

    BLUE = 1
    LIGHT_BLUE = 2
    GREEN = 3
    YELLOW = 4
    RED = 5


LABELS = {Light.BLUE: "过冷", Light.LIGHT_BLUE: "偏冷", Light.GREEN: "正常", Light.YELLOW: "偏热", Light.RED: "过热"}


def lights(values: pd.DataFrame, cut_points: pd.DataFrame) -> pd.DataFrame:
    """One row a known value: `period`, `indicator_code`, `value`, `score` (1 to 5), `label`, `is_derived`.

    The cut points are those valid at the period's last day. ValueError where a value has none or several, or they do not rise.
    """
    _check(cut_points)
    long = values.rename_axis(index="period", columns="indicator_code").stack().rename("value").dropna().reset_index()
    long["day"] = long["period"].dt.end_time.dt.normalize()
    joined = long.reset_index().merge(cut_points, on="indicator_code", how="left")
    valid = joined[(joined["valid_from"] <= joined["day"]) & (joined["valid_to"].isna() | (joined["day"] < joined["valid_to"]))]
    times = valid["index"].value_counts().reindex(long.index, fill_value=0)
    if (times != 1).any():
        wrong = long.loc[(times != 1).to_numpy(), ["indicator_code", "period"]].astype(str).agg(" ".join, axis=1)
        raise ValueError(f"{len(wrong)} of {len(long)} values have not one set of cut points: {', '.join(wrong[:5])}")
    warmth = 1 + (valid["value"].to_numpy()[:, None] >= valid[CUTS].to_numpy(float)).sum(axis=1)
    # An inverted indicator has the same cuts read from the other side; a value on a cut is the warmer there too.
    coldness = 1 + (valid["value"].to_numpy()[:, None] > valid[CUTS].to_numpy(float)).sum(axis=1)
    score = np.where(valid["is_inverted"].astype(bool), 6 - coldness, warmth)
    return valid[["period", "indicator_code", "value"]].assign(score=score, label=[LABELS[Light(one)] for one in score], is_derived=valid["is_derived"]).reset_index(drop=True)


def warning_index(scores: pd.DataFrame, n_indicators: int, cut_points: pd.DataFrame = COMPOSITE_CUT_POINTS) -> pd.DataFrame:
    """100 × Σ score / (3 n) a period of `lights`: 100 where all are green. Columns `warning_index`, `n_scored`, `n_indicators`, `score`, `label`."""
    by_period = scores.groupby("period")["score"]
    index = 100 * by_period.sum() / (3 * by_period.count())
    zones = lights(index.to_frame(COMPOSITE), cut_points).set_index("period")
    return pd.DataFrame({"warning_index": index, "n_scored": by_period.count(), "n_indicators": n_indicators, "score": zones["score"], "label": zones["label"]})


def derived_cut_points(series: pd.Series, indicator_code: str, valid_from: pd.Timestamp, is_inverted: bool = False) -> pd.DataFrame:
    """Cut points at the 10th, 30th, 70th and 90th percentile of the last ten years before `valid_from`, marked as derived, with `n_months`.

    ValueError where fewer than 60 months are known, or so many values are equal that the percentiles do not rise.
    """
    before = series[series.index.end_time < valid_from].dropna().iloc[-TEN_YEARS:]
    before = before[before.index > before.index.max() - TEN_YEARS] if len(before) else before
    if len(before) < SMALLEST_SAMPLE:
        raise ValueError(f"{indicator_code}: {len(before)} months before {valid_from:%Y-%m-%d}; cut points want {SMALLEST_SAMPLE}")
    cuts = dict(zip(CUTS, before.quantile(DERIVED_QUANTILES), strict=True))
    row = {"indicator_code": indicator_code, "valid_from": valid_from, "valid_to": pd.NaT, **cuts, "is_inverted": is_inverted, "is_derived": True}
    _check(pd.DataFrame([row]))
    return pd.DataFrame([row | {"n_months": len(before)}])


def position_in_ten_years(series: pd.Series) -> pd.DataFrame:
    """`percentile` (0 to 100) of each known value among those of the 120 months that end with it, and their number `n_months`.

    The mean rank: values below it and half of those equal to it, itself included; a lone value stands at 50.
    """
    every = pd.period_range(series.index.min(), series.index.max(), freq="M")
    whole = series.reindex(every).astype(float)
    windows = whole.rolling(TEN_YEARS, min_periods=1)
    rank, count = windows.rank(method="average"), windows.count()
    return pd.DataFrame({"percentile": 100 * (rank - 0.5) / count, "n_months": count.astype(int)})[whole.notna()]


def _check(cut_points: pd.DataFrame) -> None:
    steps = np.diff(cut_points[CUTS].to_numpy(float), axis=1)
    if not (steps > 0).all():
        raise ValueError(f"cut points do not rise: {', '.join(cut_points['indicator_code'][~(steps > 0).all(axis=1)])}")
