"""The QS test for seasonality, for series that X-13ARIMA-SEATS has not judged itself."""

import numpy as np
import pandas as pd
from scipy.stats import chi2

from spark_jobs.analyse.x13 import periods_per_year


def qs_statistic(series: pd.Series, differences: int = 1) -> tuple[float, float]:
    """QS statistic and its p value: positive autocorrelation of the differenced series at one and two years.

    QS = n(n+2) Σ max(0, r_ks)²/(n-ks), k = 1, 2, zero where r_s ≤ 0; chi-squared with 2 degrees of freedom under no seasonality
    (Maravall, "Brief description of the program TSW", 2006; X-13ARIMA-SEATS Reference Manual, 7.17).
    """
    per_year = periods_per_year(series.index)
    changes = np.diff(series.to_numpy(float), differences)
    changes = changes - changes.mean()
    n, variance = len(changes), float(changes @ changes)
    if n <= 2 * per_year or variance == 0:
        return 0.0, 1.0
    at_one_year, at_two_years = (max(0.0, float(changes[lag:] @ changes[:-lag]) / variance) for lag in (per_year, 2 * per_year))
    if at_one_year == 0:
        return 0.0, 1.0
    qs = n * (n + 2) * (at_one_year**2 / (n - per_year) + at_two_years**2 / (n - 2 * per_year))
    return qs, float(chi2.sf(qs, 2))
