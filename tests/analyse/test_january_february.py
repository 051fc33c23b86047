"""January and February in one figure are split, and it is said how."""

import numpy as np
import pandas as pd
import pytest

from spark_jobs.analyse.january_february import split
from spark_jobs.analyse.seasonal_adjustment import adjust


def _output(years_with_january: int, years: int = 8) -> pd.Series:
    """Monthly output of 100 in January, 50 in February and 90 else, the first two in one figure in the later years."""
    months = pd.period_range("2015-01", periods=12 * years, freq="M")
    output = pd.Series(90.0, months)
    output[months.month == 1], output[months.month == 2] = 100.0, 50.0
    for year in range(2015 + years_with_january, 2015 + years):
        output[f"{year}-02"] += output[f"{year}-01"]
        output = output.drop(pd.Period(f"{year}-01", "M"))
    return output


def test_the_sum_is_split_by_the_share_of_the_years_that_know_both_months():
    parted = split(_output(3), "output", is_flow=True)
    print(f"{len(parted.years)} of 8 years split: {parted.note}")
    assert parted.years == (2018, 2019, 2020, 2021, 2022)
    assert parted.series["2020-01"] == pytest.approx(100) and parted.series["2020-02"] == pytest.approx(50)
    assert "0.6667 in 3 years" in parted.note


def test_where_no_year_knows_both_months_the_days_decide_and_the_note_says_so():
    parted = split(_output(0), "output", is_flow=True)
    assert parted.series["2019-01"] == pytest.approx(150 * 31 / 59) and parted.series["2020-01"] == pytest.approx(150 * 31 / 60)
    assert "number of days" in parted.note


def test_a_split_loses_nothing():
    before = _output(2)
    after = split(before, "output", is_flow=True).series
    assert after.groupby(after.index.year).sum().to_numpy() == pytest.approx(before.groupby(before.index.year).sum().to_numpy())
    assert len(after) == 96


def test_january_may_be_there_without_a_number():
    with_empty = _output(3).reindex(pd.period_range("2015-01", "2022-12", freq="M"))
    assert split(with_empty, "output", is_flow=True).series.equals(split(_output(3), "output", is_flow=True).series)


def test_a_rate_is_not_split_and_a_whole_series_stays():
    with pytest.raises(ValueError, match="only a monthly flow"):
        split(_output(3), "growth", is_flow=False)
    assert split(_output(8), "output", is_flow=True).note == ""


def test_an_adjustment_of_combined_months_says_what_was_done_and_without_being_asked_refuses():
    rng = np.random.default_rng(5)
    output = _output(3) * np.exp(rng.normal(0, 0.01, len(_output(3))))
    with pytest.raises(ValueError, match="2018-01.*5 of 96 periods are missing"):
        adjust(output, name="output", is_flow=True)
    found = adjust(output, name="output", is_flow=True, is_january_february_combined=True)
    assert "January and February are one figure in 5 of 8 years" in found.note
    assert "no regressors for spring festival" in found.note and "5 years" in found.note
    assert found.adjusted.std() / found.adjusted.mean() < 0.03
