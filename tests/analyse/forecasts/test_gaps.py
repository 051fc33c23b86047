"""A month of output that is missing because its figure is in quarantine: filled where the series has few of them, told where it has many."""

import numpy as np
import pandas as pd

from spark_jobs.analyse.forecast_record import SERIES
from spark_jobs.analyse.jobs import forecasts

MONTHS = pd.period_range("2017-01", "2020-12", freq="M")


def known(missing: dict[str, list[str]]) -> pd.DataFrame:
    """Output of one city that grows by 10 per cent a year, without some months."""
    rows = [
        {"division_code": "450100", "industry_code": industry, "year": month.year, "last_month": month.month, "value": 100 * 1.1 ** (number // 12) * (1 + month.month / 100)}
        for industry in missing
        for number, month in enumerate(MONTHS)
        if str(month) not in missing[industry]
    ]
    return pd.DataFrame(rows)


def test_a_missing_month_is_last_years_with_the_growth_of_its_neighbours():
    bottom, gaps = forecasts._bottom(known({"32": ["2019-05"], "31": []}))
    filled = bottom[(bottom["industry_code"] == "32") & (bottom["month"] == "2019-05-01")]["value"].item()
    whole = bottom[(bottom["industry_code"] == "31") & (bottom["month"] == "2019-05-01")]["value"].item()
    assert np.isclose(filled, whole)
    assert gaps.to_dict("records") == [{"division_code": "450100", "industry_code": "32", "filled_months": 1}]


def test_a_month_that_is_missing_in_two_years_is_filled_from_the_one_before():
    bottom, _ = forecasts._bottom(known({"32": ["2019-05", "2020-05"], "31": []}))
    months = bottom[bottom["month"] == "2020-05-01"].set_index("industry_code")["value"]
    assert np.isclose(months["32"], months["31"])
    assert len(bottom) == 2 * len(MONTHS)


def test_a_series_with_more_than_a_year_of_gaps_has_no_forecast_and_the_record_says_so():
    bottom, gaps = forecasts._bottom(known({"32": [str(month) for month in MONTHS[20:34]], "31": []}))
    assert set(bottom["industry_code"]) == {"31"}
    record = pd.DataFrame([{"level": "bottom", "division_code": "450100", "industry_code": "31", "horizon": 1, "forecasts": 5, "intervals": 3}])
    told = forecasts._with_gaps(record, gaps).set_index(SERIES)
    assert told.loc[("450100", "32"), ["horizon", "forecasts", "filled_months"]].tolist() == [0, 0, 14]
    assert told.loc[("450100", "31"), ["horizon", "forecasts", "filled_months"]].tolist() == [1, 5, 0]
