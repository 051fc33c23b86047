"""What is published at an origin: for each series the model that did best at earlier origins, made to add up, with intervals from errors that were really made.

At every origin only that is used which was known then: a forecast made at an earlier origin is judged once its month is known, and counts from then on.

choice        the model with the least mean absolute error over the judged forecasts of the series, all horizons together. It must beat both benchmarks,
              else `beats_naive` is False and the better benchmark is published
agreement     reconciliation.reconciled, by the judged errors of the chosen models
interval      value x exp(-+ quantile x error_scale). `error_scale` says how much more a series errs than others; the quantile is that of
              |log(actual / published)| / error_scale over the series and the last judged origins of the horizon, each with the scale that it had then; bottom
              series apart from sums. Which quantile follows what earlier intervals held: after 80 % intervals that held 70 % a higher one is taken (adaptive
              conformal inference, Gibbs and Candes 2021). forecast_record measures what they hold. Intervals are each series' own and do not add up
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spark_jobs.analyse.forecast import BENCHMARKS, SERIES, ForecastSettings, wide
from spark_jobs.analyse.reconciliation import levels, reconciled, summing_matrix

COVERAGES = (80, 95)  # per cent
INTERVAL_COLUMNS = [f"{side}_{coverage}" for coverage in COVERAGES for side in ("lower", "upper")]
PUBLISHED_COLUMNS = [*SERIES, "level", "origin", "month", "horizon", "model", "beats_naive", "base_value", "value", *INTERVAL_COLUMNS, "error_scale"]
LATELY = 24  # origins whose errors the intervals are drawn from: fewer have not seen both slopes of a cycle
ADAPTATION = 0.1  # of the share missed or held too much by one origin's intervals
PRIOR_ORIGINS = 4  # an error_scale counts as if the series had erred like all others at this many origins more


def combine(panel: pd.DataFrame, base: pd.DataFrame, settings: ForecastSettings, published: pd.DataFrame | None = None) -> pd.DataFrame:
    """Forecasts of every origin of `base` that `published` lacks, oldest first, with PUBLISHED_COLUMNS; what was published is evidence and stays as it is.

    panel  all series with their aggregates and the months known now; base  forecasts of all models for all of them
    An origin with fewer than `least_origins` judged origins before it has nothing to choose by and is left out; one with fewer judged publications has
    intervals of NaN. ValueError where a series, origin, horizon or model of `base` is missing, or where `published` is of other series than the panel.
    """
    evidence = _Evidence.read(wide(panel), base, settings)
    done = set() if published is None else evidence.take(published)
    summing = summing_matrix(evidence.series, settings)
    made = []
    for at, origin in enumerate(evidence.origins):
        judged = evidence.judged(at)
        if origin in done or judged[:, 0].sum() < settings.least_origins:
            continue
        chosen, beats = _choice(evidence, judged)
        own = np.arange(len(evidence.series))
        errors = (evidence.actual - evidence.base[chosen, own])[:, judged]
        evidence.value[:, at] = reconciled(evidence.base[chosen, own, at], errors, summing)
        evidence.scale[:, at] = _error_scale(np.log(evidence.actual / evidence.base[chosen, own]), judged)
        evidence.width[..., at, :] = _half_widths(evidence, judged, settings) * evidence.scale[:, at, None]
        made.append(_rows(evidence, at, chosen, beats, settings))
    return pd.concat(made, ignore_index=True) if made else pd.DataFrame(columns=PUBLISHED_COLUMNS)


@dataclass
class _Evidence:
    """All base forecasts, what came true, and what was published, as arrays; NaN where not known or not published."""

    series: pd.MultiIndex  # aggregates first
    origins: pd.DatetimeIndex
    months: np.ndarray  # origins x horizons
    models: np.ndarray
    base: np.ndarray  # models x series x origins x horizons
    actual: np.ndarray  # series x origins x horizons
    value: np.ndarray  # the same, as published
    scale: np.ndarray  # series x origins
    width: np.ndarray  # coverages x series x origins x horizons: half an interval, in logarithms

    @classmethod
    def read(cls, values: pd.DataFrame, base: pd.DataFrame, settings: ForecastSettings) -> "_Evidence":
        order = np.argsort(levels(values.columns, settings) == "bottom", kind="stable")
        series, models = values.columns[order], np.unique(base["model"])
        origins, horizons = pd.DatetimeIndex(sorted(pd.to_datetime(base["origin"].unique()))), settings.horizons
        if origins[-1] > values.index[-1]:
            raise ValueError(f"forecasts were made at {origins[-1]:%Y-%m}, the panel ends in {values.index[-1]:%Y-%m}")
        months = np.array([[origin + pd.DateOffset(months=ahead + 1) for ahead in range(horizons)] for origin in origins], dtype="datetime64[ns]")
        shape = (len(series), len(origins), horizons)
        actual = values.reindex(index=months.ravel(), columns=series).to_numpy().T.reshape(shape)
        empty = [np.full(size, np.nan) for size in ((len(models), *shape), shape, shape[:2], (len(COVERAGES), *shape))]
        evidence = cls(series, origins, months, models, empty[0], actual, *empty[1:])
        evidence.base[(np.searchsorted(models, base["model"]), *evidence.places(base))] = base["value"]
        if np.isnan(evidence.base).any():
            model, number, at, ahead = np.argwhere(np.isnan(evidence.base))[0]
            raise ValueError(f"no forecast of {models[model]} for series {' '.join(series[number])} at {origins[at]:%Y-%m}, {ahead + 1} months ahead")
        return evidence

    def places(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Series, origin and horizon of each row as places in the arrays."""
        series = self.series.get_indexer(pd.MultiIndex.from_frame(frame[SERIES]))
        if (series < 0).any():
            raise ValueError(f"a forecast of series {' '.join(frame[SERIES].iloc[int(np.argmin(series))])}, which the panel does not have")
        return series, self.origins.get_indexer(pd.to_datetime(frame["origin"])), frame["horizon"].to_numpy() - 1

    def take(self, published: pd.DataFrame) -> set[pd.Timestamp]:
        """Note what was published; returns its origins."""
        mine = published[pd.to_datetime(published["origin"]).isin(self.origins)]
        series, origin, horizon = self.places(mine)
        self.value[series, origin, horizon] = mine["value"]
        self.scale[series, origin] = mine["error_scale"]
        for number, coverage in enumerate(COVERAGES):
            self.width[number, series, origin, horizon] = np.log(mine[f"upper_{coverage}"] / mine["value"])
        return set(pd.to_datetime(mine["origin"].unique()))

    def judged(self, at: int) -> np.ndarray:
        """Origins x horizons: whether the month forecast was known at the origin numbered `at`."""
        return self.months <= self.origins[at].to_datetime64()


def _choice(evidence: _Evidence, judged: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The model of each series, and whether it beats both benchmarks."""
    errors = np.abs(evidence.base[..., judged] - evidence.actual[:, judged]).mean(axis=-1)  # models x series
    benchmark = np.isin(evidence.models, BENCHMARKS)
    best = np.where(benchmark[:, None], np.inf, errors).argmin(axis=0)
    best_benchmark = np.where(benchmark[:, None], errors, np.inf).argmin(axis=0)
    own = np.arange(errors.shape[1])
    beats = errors[best, own] < errors[best_benchmark, own]
    return np.where(beats, best, best_benchmark), beats


def _error_scale(log_errors: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """Root mean square of each series' errors against those of all series at the same horizon, drawn towards 1 where origins are few."""
    squares = np.where(judged, log_errors**2, np.nan)
    usual = np.nanmean(np.where(judged.any(axis=0), squares, 1.0), axis=(0, 1))
    origins = judged.any(axis=1).sum()
    mean = np.nanmean(squares / usual, axis=(1, 2))
    return np.sqrt((origins * mean + PRIOR_ORIGINS) / (origins + PRIOR_ORIGINS))


def _half_widths(evidence: _Evidence, judged: np.ndarray, settings: ForecastSettings) -> np.ndarray:
    """Coverages x series x horizons, in logarithms at an error_scale of 1; NaN where fewer than `least_origins` publications are judged."""
    errors = np.abs(np.log(evidence.actual / evidence.value))
    widths = np.full((len(COVERAGES), len(evidence.series), errors.shape[2]), np.nan)
    is_bottom = levels(evidence.series, settings) == "bottom"
    for horizon in range(errors.shape[2]):
        origins = np.flatnonzero(judged[:, horizon] & ~np.isnan(evidence.value[0, :, horizon]))
        if len(origins) < settings.least_origins:
            continue
        for alike in (is_bottom, ~is_bottom):
            own = errors[np.ix_(alike, origins)][..., horizon]
            shares = _quantiles_to_take(own, evidence.width[:, alike][:, :, origins, horizon])
            scaled = (own / evidence.scale[np.ix_(alike, origins)])[:, -LATELY:]
            widths[:, alike, horizon] = np.quantile(scaled, shares, method="higher")[:, None]
    return widths


def _quantiles_to_take(errors: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """For each coverage the share of errors an interval must hold now, from what the intervals of earlier origins held. `errors`: series x origins."""
    wanted = np.array(COVERAGES) / 100
    measured = ~np.isnan(widths[0, 0])
    held = (errors[:, measured] <= widths[..., measured]).mean(axis=1)  # coverages x origins
    return np.clip(wanted + ADAPTATION * (wanted[:, None] - held).sum(axis=1), 0, 1)


def _rows(evidence: _Evidence, at: int, chosen: np.ndarray, beats: np.ndarray, settings: ForecastSettings) -> pd.DataFrame:
    """The publication of one origin as a long frame."""
    horizons = evidence.months.shape[1]
    series, horizon = np.repeat(np.arange(len(evidence.series)), horizons), np.tile(np.arange(horizons), len(evidence.series))
    value = evidence.value[series, at, horizon]
    rows = {name: evidence.series.get_level_values(name).to_numpy()[series] for name in SERIES}
    rows |= {"level": levels(evidence.series, settings)[series], "origin": evidence.origins[at], "month": evidence.months[at, horizon], "horizon": horizon + 1}
    rows |= {"model": evidence.models[chosen[series]], "beats_naive": beats[series], "base_value": evidence.base[chosen[series], series, at, horizon], "value": value}
    for coverage, widths in zip(COVERAGES, evidence.width, strict=True):
        factor = np.exp(widths[series, at, horizon])
        rows |= {f"lower_{coverage}": value / factor, f"upper_{coverage}": value * factor}
    return pd.DataFrame(rows | {"error_scale": evidence.scale[series, at]})[PUBLISHED_COLUMNS]
