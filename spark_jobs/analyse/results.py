"""The gold tables that the analyses write: their columns and types, as dbt's source `analysis` describes them."""

import pandas as pd
import pyarrow as pa

from spark_jobs import delta
from spark_jobs.settings import Settings

TEXT, WHOLE, NUMBER, DAY, TRUTH = pa.string(), pa.int64(), pa.float64(), pa.date32(), pa.bool_()
SERIES = {"concept_code": TEXT, "division_code": TEXT}
STOOD = {"vintage_date": DAY, "superseded_date": DAY}
OUTPUT = {"division_code": TEXT, "industry_code": TEXT}
SCHEMAS: dict[str, dict[str, pa.DataType]] = {
    "fct_seasonal_adjustment": SERIES | {"month": DAY} | STOOD | dict.fromkeys(["adjusted", "trend", "seasonal", "calendar", "irregular", "adjusted_mom_pct"], NUMBER) | {"fingerprint": TEXT},
    "fct_seasonal_diagnostic": SERIES | STOOD | dict.fromkeys(["method", "mode", "model"], TEXT) | {"q": NUMBER, "q2": NUMBER}
    | dict.fromkeys(["m_statistics", "outliers", "coefficients"], TEXT) | {"has_identifiable_seasonality": TRUTH, "has_residual_seasonality": TRUTH, "note": TEXT, "fingerprint": TEXT},
    "fct_cycle_index": {"index_code": TEXT, "month": DAY} | STOOD | {"value": NUMBER, "parts_known": WHOLE, "parts": WHOLE},
    "fct_cycle_contribution": {"index_code": TEXT, "month": DAY, "concept_code": TEXT} | STOOD | {"contribution_pct": NUMBER, "growth_pct": NUMBER},
    "fct_warning_light": {"concept_code": TEXT, "month": DAY} | STOOD | {"value": NUMBER, "score": WHOLE, "label_zh": TEXT},
    "fct_turning_point": {"month": DAY, "kind": TEXT} | STOOD | {"value": NUMBER},
    "fct_nowcast": {"model": TEXT, "target": TEXT, "period": TEXT} | STOOD | dict.fromkeys(["value", "standard_error", "lower_80", "upper_80"], NUMBER)
    | {"estimated_on": DAY, "iterations": WHOLE, "tolerance": NUMBER, "log_likelihood": NUMBER, "converged": TRUTH, "fingerprint": TEXT},
    "fct_nowcast_news": {"model": TEXT, "target": TEXT, "period": TEXT, "vintage_date": DAY, "previous_vintage_date": DAY, "kind": TEXT, "series": TEXT, "observed_period": TEXT}
    | dict.fromkeys(["forecast", "actual", "weight", "impact"], NUMBER),
    "fct_nowcast_fit": {"model": TEXT, "estimated_on": DAY, "fit": TEXT},
    "fct_forecast_base": OUTPUT | {"origin": DAY, "month": DAY, "horizon": WHOLE, "model": TEXT, "value": NUMBER},
    "fct_forecast": OUTPUT | {"level": TEXT, "origin": DAY, "month": DAY, "horizon": WHOLE, "made_on": DAY, "is_backtest": TRUTH, "model": TEXT, "beats_naive": TRUTH}
    | dict.fromkeys(["base_value", "value", "lower_80", "upper_80", "lower_95", "upper_95", "error_scale", "naive_value", "seasonal_naive_value", "actual", "error", "absolute_percentage_error", "scaled_error"], NUMBER)
    | {"is_within_80": TRUTH, "is_within_95": TRUTH},
    "fct_forecast_record": {"level": TEXT} | OUTPUT | {"horizon": WHOLE, "forecasts": WHOLE, "intervals": WHOLE}
    | dict.fromkeys(["mae", "mape_pct", "mase", "skill_vs_naive", "skill_vs_seasonal_naive", "coverage_80_pct", "coverage_95_pct"], NUMBER) | {"filled_months": WHOLE},
    "fct_forecast_model": OUTPUT | {"model": TEXT, "forecasts": WHOLE} | dict.fromkeys(["mae", "mape_pct", "mase", "skill_vs_seasonal_naive"], NUMBER),
}  # fmt: skip


def write(settings: Settings, results: dict[str, pd.DataFrame]) -> None:
    """Each result as a gold table of its schema; the former version stays in the table's history. KeyError for a table or column that nobody declared."""
    for name, frame in results.items():
        delta.replace(settings.lake / "gold" / name, _table(frame, SCHEMAS[name]))


def write_missing(settings: Settings) -> None:
    """An empty table for every result that nothing could be said of yet: dbt reads them all."""
    for name, columns in SCHEMAS.items():
        if delta.version(settings.lake / "gold" / name) is None:
            delta.replace(settings.lake / "gold" / name, _table(pd.DataFrame(columns=list(columns)), columns))


def _table(frame: pd.DataFrame, columns: dict[str, pa.DataType]) -> pa.Table:
    if unknown := set(frame) - set(columns):
        raise KeyError(f"columns that the schema does not have: {', '.join(sorted(unknown))}")
    days = {name: pd.to_datetime(frame[name]).dt.date for name, kind in columns.items() if kind == DAY and len(frame)}
    return pa.Table.from_pandas(frame.assign(**days)[list(columns)], schema=pa.schema(list(columns.items())), preserve_index=False)
