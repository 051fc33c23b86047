"""Nowcasts by a dynamic factor model of monthly and quarterly series, and the news that moves them from one vintage to the next.

The model is the New York Fed Staff Nowcast's (Bok, Caratelli, Giannone, Sbordone, Tambalotti 2017, Staff Report 830): every series loads on a
global factor and on those of its blocks, a quarterly one on the five months that its growth spans; factors and residuals are autoregressive.
It is estimated by expectation-maximisation (Banbura, Modugno 2014). Filter, smoother and news are statsmodels' DynamicFactorMQ.

A fit is a plain dictionary, good for JSON, that holds all that a later vintage needs:
model, estimated_on, sample_start, iterations, maximum_iterations, tolerance, log_likelihood, converged, parameters, means, standard_deviations, initial_state

Values are in the transformed unit of the target, such as per cent at an annual rate. A period is written 2016Q3 or 2016-07.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from spark_jobs.analyse.nowcast_model import Model, Series, one_thread
from spark_jobs.analyse.vintages import as_known

if TYPE_CHECKING:
    from statsmodels.tsa.statespace.dynamic_factor_mq import DynamicFactorMQResults

OFFSETS = {"previous": -1, "current": 0, "next": 1}
ROUNDING = 1e-9  # what impacts may miss of the change they explain, relative to a value above 1
WAY_OF_ESTIMATION = ("iterations", "tolerance", "estimated_on", "log_likelihood", "converged")


def estimate(panel: pd.DataFrame, model: Model, maximum_iterations: int, tolerance: float, estimated_on: date) -> dict[str, Any]:
    """The fit of the model to a panel of levels (months × series). `tolerance` is the relative gain of likelihood at which the iterations stop.

    Where they stop moves a nowcast by a tenth of a point: it is part of the fit, as is whether they had converged.
    Raises ValueError where the panel lacks a series, or one has no value, or but one, in the sample.
    """
    from statsmodels.tools.sm_exceptions import ModelWarning

    frame = model.transformed(panel)
    observed = frame.loc[frame.first_valid_index() : frame.last_valid_index()]
    state_space = model.state_space(observed, True)
    with warnings.catch_warnings(), one_thread():
        warnings.simplefilter("ignore", ModelWarning)  # that it did not converge stands in the fit
        result = state_space.fit_em(maxiter=maximum_iterations, tolerance=tolerance)
    likelihoods = result.mle_retvals.llf
    return {
        "model": model.to_dictionary(),
        "estimated_on": pd.Timestamp(estimated_on).date().isoformat(),
        "sample_start": str(observed.index[0]),
        "iterations": int(result.mle_retvals.iter),
        "maximum_iterations": maximum_iterations,
        "tolerance": tolerance,
        "log_likelihood": float(result.llf),
        "converged": len(likelihoods) > 1 and bool(abs(likelihoods[-1] - likelihoods[-2]) <= tolerance * (abs(likelihoods[-1]) + abs(likelihoods[-2])) / 2),
        "parameters": dict(zip(state_space.param_names, np.asarray(result.params).tolist(), strict=True)),
        "means": state_space._endog_mean.to_dict(),
        "standard_deviations": state_space._endog_std.to_dict(),
        "initial_state": {"mean": result.filter_results.initial_state.tolist(), "covariance": result.filter_results.initial_state_cov.tolist()},
    }


def nowcast(panel: pd.DataFrame, fitted: dict[str, Any], target: str, period: str) -> dict[str, float]:
    """`value` and `standard_error` of the target for a period. Once the figure itself is known it is the value, without error.

    The error is that of the figure were the parameters true; it does not count that they are estimated.
    """
    model = Model.from_dictionary(fitted["model"])
    month = _last_month(period, model.one(target))
    return _view(model.transformed(panel), fitted, month).nowcast(target, month)


def interval(value: float, standard_error: float, coverage: float) -> tuple[float, float]:
    """Lower and upper bound of the interval that covers the figure with the probability `coverage`."""
    half = NormalDist().inv_cdf((1 + coverage) / 2) * standard_error
    return value - half, value + half


def news(
    old_panel: pd.DataFrame, new_panel: pd.DataFrame, fitted: dict[str, Any], target: str, periods: Sequence[str], previously_fitted: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Why the nowcast of each period changed between two panels: rows of period, kind, series, observed_period, forecast, actual, weight, impact.

    release     a value that was not known: its forecast, the actual, the weight of the surprise, weight × surprise = impact
    revision    a value that was known as another (`forecast`). Withdrawn values are one row without series, since their impacts have no parts
    estimation  other parameters than `previously_fitted`, on the old panel
    A period whose figure is known is no longer nowcast: what changes it is its own release or revision alone, as with the New York Fed.

    The impacts of a period sum to its new nowcast less its old one; ArithmeticError where rounding spoils that.
    """
    model = _one_model([previously_fitted or fitted, fitted])
    months = [_last_month(period, model.one(target)) for period in periods]
    old, new = model.transformed(old_panel), model.transformed(new_panel)
    until = max(*months, old.index[-1], new.index[-1])
    before = _view(old, previously_fitted or fitted, until)
    return _news(before, _view(new, fitted, until), target, months)


def track(store: pd.DataFrame, fits: Sequence[dict[str, Any]], vintages: Sequence[date], target: str, periods: Sequence[str]) -> Iterator[tuple[list[dict], list[dict]]]:
    """Of each vintage in turn the rows of its nowcasts and the rows of the news since the vintage before (none for the first).

    `periods` are of previous, current, next, as seen on the day. The fit in force is the last one estimated by that day; ValueError where there is none.
    A period that was not nowcast at the vintage before has no news. Raises ValueError where the vintages are not in order.
    """
    if list(vintages) != sorted(set(vintages)):
        raise ValueError("the vintages are not in order")
    model = _one_model(fits)
    frequency = model.one(target).frequency
    horizon = max(_periods_on(vintages[-1], frequency, periods))
    before, day_before = None, None
    for day in vintages:
        fitted = _in_force(fits, day)
        frame = model.transformed(as_known(store, day))
        after = before if before and before.fitted is fitted and before.frame.equals(frame) else _view(frame, fitted, horizon)
        months = _periods_on(day, frequency, periods)
        labels = {"model": fitted["model"]["name"], "target": target, "vintage_date": day.isoformat()}
        nowcasts = [labels | {"period": after.label(target, month)} | after.nowcast(target, month) | {k: fitted[k] for k in WAY_OF_ESTIMATION} for month in months]
        followed = [month for month in months if before and month in _periods_on(day_before, frequency, periods)]
        rows = _news(before, after, target, followed) if followed else []
        yield nowcasts, [labels | {"previous_vintage_date": day_before.isoformat()} | row for row in rows]
        before, day_before = after, day


@dataclass(frozen=True)
class _View:
    """What a fit makes of a panel. `frame` is transformed, months × series; `result` is smoothed through the last month of interest."""

    model: Model
    frame: pd.DataFrame
    fitted: dict[str, Any]
    result: "DynamicFactorMQResults"

    def nowcast(self, target: str, month: pd.Period) -> dict[str, float]:
        if self.knows(target, month):
            return {"value": float(self.frame.at[month, target]), "standard_error": 0.0}
        row, at, smoothed = self.frame.columns.get_loc(target), self.result.model._index.get_loc(month), self.result.filter_results
        design, scale = smoothed.design[row, :, 0], self.fitted["standard_deviations"][target]
        variance = design @ smoothed.smoothed_state_cov[:, :, at] @ design + smoothed.obs_cov[row, row, 0]
        return {"value": float(smoothed.smoothed_forecasts[row, at] * scale + self.fitted["means"][target]), "standard_error": float(np.sqrt(variance) * scale)}

    def knows(self, series: str, month: pd.Period) -> bool:
        return month in self.frame.index and pd.notna(self.frame.at[month, series])

    def label(self, series: str, month: pd.Period) -> str:
        return str(month.asfreq(self.model.one(series).frequency.upper()))


def _news(before: _View, after: _View, target: str, months: list[pd.Period]) -> list[dict[str, Any]]:
    if after is before:
        return []
    first = {month: before.nowcast(target, month)["value"] for month in months}
    rows: dict[pd.Period, list[dict]] = {month: [] for month in months}
    if before.fitted != after.fitted:
        before = _after_step(rows, before, _view(before.frame, after.fitted, after.result.model._index[-1]), target, "estimation")
    known = [month for month in months if before.knows(target, month) or after.knows(target, month)]
    for month in known:
        rows[month] += _own_figure(before, after, target, month)
    open_months = {month: rows[month] for month in months if month not in known}
    still_there = before.frame.where(after.frame.reindex(before.frame.index).notna())
    if open_months and still_there.count().sum() < before.frame.count().sum():
        before = _after_step(open_months, before, _view(still_there, after.fitted, after.result.model._index[-1]), target, "revision")
    if open_months:
        _releases_and_revisions(open_months, before, after, target)
    for month in months:
        _check_sum(rows[month], first[month], after.nowcast(target, month)["value"], after.label(target, month))
    return [{"period": after.label(target, month)} | row for month in months for row in rows[month]]


def _after_step(rows: dict[pd.Period, list[dict]], before: _View, after: _View, target: str, kind: str) -> _View:
    """Note what a step changed that has no parts, and go on from there."""
    for month, noted in rows.items():
        noted.append(_row(kind, None, None, None, None, None, after.nowcast(target, month)["value"] - before.nowcast(target, month)["value"]))
    return after


def _own_figure(before: _View, after: _View, target: str, month: pd.Period) -> list[dict[str, Any]]:
    """The one row of a period whose figure is known, or was; none where nothing changed."""
    old, new = before.nowcast(target, month)["value"], after.nowcast(target, month)["value"]
    kind = "revision" if before.knows(target, month) else "release"
    actual, weight = (new, 1.0) if after.knows(target, month) else (None, None)
    return [_row(kind, target, after.label(target, month), old, actual, weight, new - old)] if old != new else []


def _releases_and_revisions(rows: dict[pd.Period, list[dict]], before: _View, after: _View, target: str) -> None:
    with one_thread():
        found = after.result.news(before.result, start=str(min(rows)), end=str(max(rows)), comparison_type="previous", revisions_details_start=True)
    kinds = {"release": (found.update_forecasts, found.update_realized, found.weights), "revision": (found.revised_prev, found.revised, found.revision_weights)}
    for kind, (forecasts, actuals, weights) in kinds.items():
        for month, noted in rows.items():
            for (at, series), weight in weights[month, target].items():
                forecast, actual = forecasts[at, series], actuals[at, series]
                noted.append(_row(kind, series, after.label(series, at), float(forecast), float(actual), float(weight), float(weight * (actual - forecast))))


def _row(kind, series, observed_period, forecast, actual, weight, impact) -> dict[str, Any]:
    return {"kind": kind, "series": series, "observed_period": observed_period, "forecast": forecast, "actual": actual, "weight": weight, "impact": impact}


def _check_sum(rows: list[dict[str, Any]], old: float, new: float, period: str) -> None:
    explained = sum(row["impact"] for row in rows)
    if not abs(explained - (new - old)) <= ROUNDING * max(1.0, abs(new)):
        raise ArithmeticError(f"the impacts of {period} sum to {explained}, the nowcast went from {old} to {new}")


def _view(frame: pd.DataFrame, fitted: dict[str, Any], until: pd.Period) -> _View:
    """Smooth the frame with the fit's parameters, from the start of its sample through `until`, or the end of the frame where that is later."""
    model = Model.from_dictionary(fitted["model"])
    months = pd.period_range(fitted["sample_start"], max(until, frame.index[-1]), freq="M")
    scale = tuple(pd.Series(fitted[name])[frame.columns] for name in ("means", "standard_deviations"))
    state_space = model.state_space(frame.reindex(months), scale)
    state_space.initialize_known(np.array(fitted["initial_state"]["mean"]), np.array(fitted["initial_state"]["covariance"]))
    with one_thread():
        return _View(model, frame, fitted, state_space.smooth([fitted["parameters"][name] for name in state_space.param_names], cov_type="none"))


def _one_model(fits: Sequence[dict[str, Any]]) -> Model:
    if any(fitted["model"] != fits[0]["model"] for fitted in fits):
        raise ValueError(f"the fits are of more than one model: {', '.join(fitted['model']['name'] for fitted in fits)}")
    return Model.from_dictionary(fits[0]["model"])


def _in_force(fits: Sequence[dict[str, Any]], day: date) -> dict[str, Any]:
    by_then = [fitted for fitted in fits if fitted["estimated_on"] <= day.isoformat()]
    if not by_then:
        raise ValueError(f"no parameters had been estimated by {day}")
    return max(by_then, key=lambda fitted: fitted["estimated_on"])


def _periods_on(day: date, frequency: str, periods: Sequence[str]) -> list[pd.Period]:
    """The last months of the periods that are previous, current, next on the day."""
    current = pd.Period(day, freq=frequency.upper())
    return [(current + OFFSETS[name]).asfreq("M", how="end") for name in periods]


def _last_month(period: str, series: Series) -> pd.Period:
    found = pd.Period(period)
    if found.freqstr[0] != series.frequency.upper():
        raise ValueError(f"{period} is no period of {series.code}, whose frequency is {series.frequency}")
    return found.asfreq("M", how="end")
