"""What the diagnostics file (.udg) of X-13ARIMA-SEATS says: keys as in the program's Reference Manual, 2.7 and appendix."""

import re
from dataclasses import dataclass

import pandas as pd

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SEASONALITY_TESTS = {"stable": "f2.fsd8", "moving": "f2.msf", "kruskal_wallis": "f2.kw"}  # of table D8, the seasonal-irregular ratios


@dataclass(frozen=True)
class Coefficient:
    """A regression coefficient: of the logs where the mode is multiplicative, so about a share."""

    estimate: float
    standard_error: float
    t_value: float


@dataclass(frozen=True)
class Outlier:
    """AO additive outlier, LS level shift, TC temporary change."""

    kind: str
    period: pd.Period
    coefficient: Coefficient


def mode(facts: dict[str, str]) -> str:
    """"multiplicative" or "additive": `finmode` where the program chose, `samode` where it was told."""
    said = facts.get("finmode", facts["samode"])
    for known in ("multiplicative", "additive"):
        if said.startswith(known):
            return known
    raise ValueError(f"unknown mode of adjustment: {said!r}")


def coefficients(facts: dict[str, str]) -> dict[str, Coefficient]:
    """Regressors but outliers, by group and name: "User-defined Holiday: during"."""
    return {key.replace("$", ": "): found for key, found in _regressors(facts).items() if not key.startswith("AutoOutlier$")}


def outliers(facts: dict[str, str], periods: pd.PeriodIndex) -> tuple[Outlier, ...]:
    """Outliers that the program found itself, in the order of time."""
    found = [_outlier(key.removeprefix("AutoOutlier$"), fact, periods) for key, fact in _regressors(facts).items() if key.startswith("AutoOutlier$")]
    return tuple(sorted(found, key=lambda outlier: outlier.period))


def m_statistics(facts: dict[str, str]) -> dict[str, float]:
    """M1 to M11 as far as the program has them: M8 to M11 want six years."""
    return {f"M{n}": float(facts[f"f3.m{n:02}"]) for n in range(1, 12) if f"f3.m{n:02}" in facts}


def seasonality_tests(facts: dict[str, str]) -> dict[str, float]:
    """Statistic (`stable`) and p value (`stable_p`, 0 to 1) of each test of table D8."""
    tests = {}
    for name, key in SEASONALITY_TESTS.items():
        if key in facts:
            statistic, percent = (float(word) for word in facts[key].split())
            tests |= {name: statistic, f"{name}_p": percent / 100}
    return tests


def has_identifiable_seasonality(facts: dict[str, str]) -> bool | None:
    """The program's combined test; None where it was not made."""
    return {"yes": True, "no": False}.get(facts.get("f2.idseasonal", ""))


def residual_seasonality(facts: dict[str, str]) -> dict[str, float]:
    """p values (0 to 1) of the tests for seasonality in the adjusted series: QS, and F over the whole series."""
    found = {}
    if "qssadj" in facts:
        found["qs"] = float(facts["qssadj"].split()[1])
    if "d11.f" in facts:
        found["f"] = float(facts["d11.f"].split()[1]) / 100
    return found


def number(facts: dict[str, str], key: str) -> float | None:
    """A single figure; None where the program did not compute it."""
    return float(facts[key]) if key in facts else None


def _regressors(facts: dict[str, str]) -> dict[str, Coefficient]:
    """Lines `Group$name: estimate error t`; groups are written with a capital ("1-Coefficient Trading Day" too), AR and MA are the model's."""
    lines = {key: value.split() for key, value in facts.items() if re.match(r"(1-)?[A-Z][^$]*\$", key) and not key.startswith(("AR$", "MA$"))}
    return {key: Coefficient(*map(float, words)) for key, words in lines.items() if len(words) == 3}


def _outlier(code: str, coefficient: Coefficient, periods: pd.PeriodIndex) -> Outlier:
    """AO2012.Jan, LS2008.4."""
    kind, year, within = re.fullmatch(r"([A-Z]+)(\d{4})\.(\w+)", code).groups()
    period = pd.Period(f"{year}-{MONTHS.index(within) + 1:02}", "M") if within in MONTHS else pd.Period(f"{year}Q{within}", periods.freq)
    return Outlier(kind, period, coefficient)
