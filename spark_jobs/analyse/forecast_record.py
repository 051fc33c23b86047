"""The record of forecasts: each one ever published beside what came true, and how good they were.

The measure is the seasonal naive forecast: skill = 1 - mean absolute error / its mean absolute error on the same months, and MASE, the mean absolute
error over that which the seasonal naive forecast made one month after another within the history known at the origin (Hyndman and Koehler 2006).
"""

import numpy as np
import pandas as pd

from spark_jobs.analyse.forecast import SEASON, SERIES, wide
from spark_jobs.analyse.forecast_publication import COVERAGES


def record(published: pd.DataFrame, base: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    """The published forecasts, each with columns more: NaN, or NA where a truth, while its month is not known.

    naive_value, seasonal_naive_value   what the benchmarks said at that origin
    actual, error                       in the unit of the value; error = value - actual
    absolute_percentage_error           per cent of the actual
    scaled_error                        |error| over the mean |growth over a year| in the history through the origin; its mean is MASE
    is_within_80, is_within_95          whether the actual lies in the interval; NA where none was published
    """
    keys = [*SERIES, "origin", "month", "horizon"]
    rows = published
    for benchmark in ("naive", "seasonal_naive"):
        said = base.loc[base["model"] == benchmark, [*keys, "value"]].rename(columns={"value": f"{benchmark}_value"})
        rows = rows.merge(said, on=keys, how="left", validate="one_to_one")
    rows["actual"], usual = _truth(rows, wide(panel))
    rows["error"] = rows["value"] - rows["actual"]
    rows["absolute_percentage_error"] = 100 * rows["error"].abs() / rows["actual"]
    rows["scaled_error"] = rows["error"].abs() / usual
    for coverage in COVERAGES:
        within = rows["actual"].between(rows[f"lower_{coverage}"], rows[f"upper_{coverage}"]).astype("boolean")
        rows[f"is_within_{coverage}"] = within.mask(rows["actual"].isna() | rows[f"lower_{coverage}"].isna())
    return rows


def summary(record: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """How good the judged forecasts of the record were, a row for each value of `by`, such as ["horizon"] or the columns of a series.

    forecasts, intervals                                  numbers of judged forecasts, and of those with an interval
    mae, mape_pct, mase                                   mean absolute error in the unit of the value, in per cent of the actual, scaled
    skill_vs_naive, skill_vs_seasonal_naive               1 - mae / mae of the benchmark; below 0 the benchmark was better
    coverage_80_pct, coverage_95_pct                      how many intervals held, of `intervals`
    """
    judged = record[record["actual"].notna()]
    errors = {name: (judged[column] - judged["actual"]).abs() for name, column in (("own", "value"), ("naive", "naive_value"), ("seasonal", "seasonal_naive_value"))}
    groups = judged.assign(**errors).groupby(by)
    mae = groups["own"].mean()
    measures = {
        "forecasts": groups.size(),
        "intervals": groups["is_within_80"].count(),
        "mae": mae,
        "mape_pct": groups["absolute_percentage_error"].mean(),
        "mase": groups["scaled_error"].mean(),
        "skill_vs_naive": 1 - mae / groups["naive"].mean(),
        "skill_vs_seasonal_naive": 1 - mae / groups["seasonal"].mean(),
    }
    measures |= {f"coverage_{coverage}_pct": 100 * groups[f"is_within_{coverage}"].mean().astype(float) for coverage in COVERAGES}
    return pd.DataFrame(measures).reset_index()


def model_errors(base: pd.DataFrame, panel: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """How good every model was, chosen or not: a row for each model and value of `by`, with forecasts, mae, mape_pct, mase and skill_vs_seasonal_naive."""
    actual, usual = _truth(base, wide(panel))
    error = np.abs(base["value"].to_numpy() - actual)
    judged = base.assign(error=error, share=100 * error / actual, scaled=error / usual)[~np.isnan(actual)]
    measures = {"forecasts": ("error", "size"), "mae": ("error", "mean"), "mape_pct": ("share", "mean"), "mase": ("scaled", "mean")}
    found = judged.groupby([*by, "model"], as_index=False).agg(**measures)
    seasonal = found.loc[found["model"] == "seasonal_naive", [*by, "mae"]].rename(columns={"mae": "seasonal_mae"})
    found = found.merge(seasonal, on=by, how="left", validate="many_to_one")
    return found.assign(skill_vs_seasonal_naive=1 - found["mae"] / found["seasonal_mae"]).drop(columns="seasonal_mae")


def _truth(forecasts: pd.DataFrame, values: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """What came true of each forecast, NaN while it is not known; and the mean change over a year in its series' history through its origin."""
    series = values.columns.get_indexer(pd.MultiIndex.from_frame(forecasts[SERIES]))
    if (series < 0).any():
        raise ValueError(f"a forecast of series {' '.join(forecasts[SERIES].iloc[int(np.argmin(series))])}, which the panel does not have")
    month, origin = (values.index.get_indexer(pd.DatetimeIndex(forecasts[name])) for name in ("month", "origin"))
    actual = np.where(month >= 0, values.to_numpy()[month, series], np.nan)
    usual = (values - values.shift(SEASON)).abs().expanding().mean().to_numpy()
    return actual, usual[origin, series]
