"""An indicator that was moved by some months is found to lead by as many."""

import numpy as np
import pandas as pd
import pytest

from spark_jobs.analyse.lead_lag import compared, divergence, lead_lag


def business(months: int = 180) -> pd.Series:
    """Growth index, same month of the year before = 100, with irregular cycles."""
    noise = np.random.default_rng(11).normal(0, 1, months + 40)
    smooth = np.convolve(noise, np.hanning(13), mode="same")[20 : months + 20]
    return pd.Series(106 + 2 * smooth, pd.period_range("2010-01", periods=months, freq="M"), name="business")


@pytest.mark.parametrize("lead, role", [(6, "leading"), (3, "leading"), (2, "coincident"), (0, "coincident"), (-2, "coincident"), (-5, "lagging")])
def test_both_measures_find_the_lead(lead, role):
    reference = business()
    indicator = (reference.set_axis(reference.index - lead) * 1.01 + np.random.default_rng(0).normal(0, 0.3, len(reference))).rename("orders")
    found = lead_lag(indicator, reference)
    assert (found.lead_by_correlation, found.lead_by_divergence, found.role) == (lead, lead, role)
    assert found.correlation > 0.95
    assert found.by_lead.loc[0, "n"] == 180 - abs(lead) and len(found.by_lead) == 25


def test_what_moves_against_business_is_found_too():
    reference = business()
    found = lead_lag((212 - reference.set_axis(reference.index - 4)).rename("unemployment"), reference)
    assert found.lead_by_correlation == 4 and found.correlation == pytest.approx(-1)


def test_the_distance_by_hand_and_of_proportional_series():
    assert divergence(np.array([1.0, 3.0]), np.array([2.0, 2.0])) == pytest.approx(0.25 * np.log(0.5) + 0.75 * np.log(1.5))
    assert divergence(np.array([1.0, 3.0, 2.0]), np.array([10.0, 30.0, 20.0])) == pytest.approx(0, abs=1e-15)
    with pytest.raises(ValueError, match="above zero"):
        divergence(np.array([1.0, 3.0]), np.array([0.0, 2.0]))


def test_the_distance_is_left_out_where_growth_falls_below_zero():
    reference = business()
    found = lead_lag((reference - 106).rename("growth"), reference)
    assert found.lead_by_divergence is None and found.lead_by_correlation == 0


def test_a_table_has_the_strongest_first():
    reference = business()
    rng = np.random.default_rng(5)
    table = compared(
        pd.DataFrame({"noise": 100 + rng.normal(0, 1, 180), "orders": reference.shift(-5), "stocks": reference.shift(4)}, index=reference.index),
        reference,
    )
    assert list(table.index[:2]) == ["orders", "stocks"] or list(table.index[:2]) == ["stocks", "orders"]
    assert table.loc["orders", ["role", "lead_by_correlation"]].tolist() == ["leading", 5]
    assert table.loc["stocks", ["role", "lead_by_correlation"]].tolist() == ["lagging", -4]


def test_too_short_an_overlap_is_refused():
    with pytest.raises(ValueError, match="business: 18 periods overlap; a comparison wants 24"):
        lead_lag(business(30), business(30))
