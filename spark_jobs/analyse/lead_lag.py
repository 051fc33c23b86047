"""Does an indicator lead, go with or lag behind the reference? Cross-correlation and Kullback-Leibler distance by lead.

A lead of k sets the indicator of period t against the reference of period t + k; below zero it lags. Kullback and Leibler, "On information
and sufficiency", Annals of Mathematical Statistics 22:1, 1951; its use for business cycle indicators is that of Japan's Economic Planning
Agency and of Chinese practice (K-L 信息量, 时差相关): both series are turned into shares of their sum and compared at each lead.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

LONGEST_LEAD = 12  # periods
COINCIDENT_WITHIN = 2  # periods: two months more or less are the same turn
SMALLEST_OVERLAP = 24  # periods


@dataclass(frozen=True)
class LeadLag:
    """What the two measures say. `by_lead`: columns `correlation`, `divergence`, `n`, index the lead."""

    by_lead: pd.DataFrame
    lead_by_correlation: int  # where it is largest in size
    correlation: float
    lead_by_divergence: int | None  # where the distance is smallest; None where a value is not above zero
    role: str  # "leading", "coincident", "lagging", by the correlation


def lead_lag(indicator: pd.Series, reference: pd.Series, longest_lead: int = LONGEST_LEAD) -> LeadLag:
    """Compare at every lead from -longest to +longest. Both are stationary or growth rates for the correlation; the distance wants values
    above zero, such as growth indices with the same period of the year before = 100. ValueError where fewer than 24 periods overlap."""
    leads = range(-longest_lead, longest_lead + 1)
    by_lead = pd.DataFrame([_at(indicator, reference, lead) for lead in leads], index=pd.Index(leads, name="lead"))
    if by_lead["n"].min() < SMALLEST_OVERLAP:
        raise ValueError(f"{indicator.name}: {by_lead['n'].min()} periods overlap; a comparison wants {SMALLEST_OVERLAP}")
    best = int(by_lead["correlation"].abs().idxmax())
    nearest = None if by_lead["divergence"].isna().any() else int(by_lead["divergence"].idxmin())
    return LeadLag(by_lead, best, float(by_lead.loc[best, "correlation"]), nearest, role(best))


def compared(indicators: pd.DataFrame, reference: pd.Series, longest_lead: int = LONGEST_LEAD) -> pd.DataFrame:
    """One row an indicator: both leads, the correlation and the role; the strongest first."""
    found = {code: lead_lag(indicators[code].dropna(), reference, longest_lead) for code in indicators}
    rows = {code: (one.role, one.lead_by_correlation, one.correlation, one.lead_by_divergence) for code, one in found.items()}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["role", "lead_by_correlation", "correlation", "lead_by_divergence"])
    return table.sort_values("correlation", key=abs, ascending=False)


def role(lead: int) -> str:
    """ "leading" from three periods on, "lagging" likewise, else "coincident"."""
    if abs(lead) <= COINCIDENT_WITHIN:
        return "coincident"
    return "leading" if lead > 0 else "lagging"


def divergence(reference: np.ndarray, indicator: np.ndarray) -> float:
    """Kullback-Leibler distance Σ p ln(p/q) of the shares of two positive series, in nats; 0 where they are proportional. ValueError for others."""
    if not ((reference > 0).all() and (indicator > 0).all()):
        raise ValueError("shares want values above zero")
    p, q = reference / reference.sum(), indicator / indicator.sum()
    return float(np.sum(p * np.log(p / q)))


def _at(indicator: pd.Series, reference: pd.Series, lead: int) -> dict[str, float]:
    shifted = indicator.set_axis(indicator.index + lead)
    both = pd.concat([shifted, reference], axis=1, keys=["indicator", "reference"]).dropna()
    is_positive = bool((both > 0).all(axis=None)) and len(both) > 0
    distance = divergence(both["reference"].to_numpy(float), both["indicator"].to_numpy(float)) if is_positive else np.nan
    return {"correlation": both["indicator"].corr(both["reference"]), "divergence": distance, "n": len(both)}
