"""Turning points of American series are those that are known, and those of made cycles are where they were put."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels

from spark_jobs.analyse.turning_points import turning_points

VINTAGE = Path(statsmodels.__file__).parent / "tsa/statespace/tests/results/frbny_nowcast/Nowcasting/data/US/2016-07-29.csv"


def american(code: str) -> pd.Series:
    read = pd.read_csv(VINTAGE)
    return read.set_index(pd.PeriodIndex(read["Date"], freq="M"))[code].dropna()


def dated(series: pd.Series) -> list[tuple[str, str]]:
    return [(row.kind, str(row.period)) for row in turning_points(series).itertuples()]


def months(values: np.ndarray, start: str = "2000-01") -> pd.Series:
    return pd.Series(values, pd.period_range(start, periods=len(values), freq="M"), name="made")


def test_american_payrolls_turn_where_the_labour_statistics_say():
    """Employment on nonfarm payrolls (Bureau of Labor Statistics): the losses of 1990-91, 2001-03 and 2008-10."""
    expected = [("peak", "1990-06"), ("trough", "1991-05"), ("peak", "2001-02"), ("trough", "2003-08"), ("peak", "2008-01"), ("trough", "2010-02")]
    found = dated(american("PAYEMS"))
    print(f"{len(found)} of {len(expected)} turns in {len(american('PAYEMS'))} months")
    assert found == expected


def test_american_unemployment_peaks_where_it_is_known_to():
    assert {("peak", "1992-06"), ("peak", "2003-06"), ("peak", "2009-10")} <= set(dated(american("UNRATE")))


def test_american_industry_turns_near_the_reference_dates_of_the_nber():
    found = dated(american("INDPRO"))
    near = {("peak", "1990-07"): 3, ("trough", "1991-03"): 0, ("peak", "2001-03"): 9, ("trough", "2001-11"): 1, ("peak", "2007-12"): 1, ("trough", "2009-06"): 0}
    distances = {f"{kind} {date}": min(abs((pd.Period(when, "M") - pd.Period(date, "M")).n) for is_kind, when in found if is_kind == kind) for kind, date in near}
    print(f"months from {len(near)} reference turns: {distances}")
    assert all(distances[f"{kind} {date}"] <= most for (kind, date), most in near.items())


def test_american_quarters_turn_by_the_rule_of_harding_and_pagan():
    gdp = american("GDPC1")
    gdp.index = gdp.index.asfreq("Q")
    assert {("peak", "1990Q3"), ("trough", "1991Q1"), ("peak", "2007Q4"), ("trough", "2009Q2")} == set(dated(gdp))


@pytest.mark.parametrize("length", [24, 40, 60, 90])
def test_smooth_cycles_turn_where_they_were_put(length):
    found = turning_points(months(100 + 10 * np.sin(2 * np.pi * np.arange(240) / length)))
    places = found["period"].map(lambda period: period.ordinal) - pd.Period("2000-01", "M").ordinal
    expected = [(place, kind) for number, kind in ((1, "peak"), (3, "trough")) for place in np.arange(number * length / 4, 240, length) if 6 <= round(place) < 234]
    assert len(found) == len(expected)
    assert all(min(abs(place - wanted) for wanted, is_kind in expected if is_kind == kind) <= 1 for place, kind in zip(places, found["kind"]))


def test_noise_moves_turns_by_a_few_months_and_makes_none():
    """Cycles of 60 months and a tenth of their height as noise."""
    off = []
    for seed in range(20):
        found = turning_points(months(100 + 10 * np.sin(2 * np.pi * np.arange(240) / 60) + np.random.default_rng(seed).normal(0, 1, 240)))
        places = (found["period"].map(lambda period: period.ordinal) - pd.Period("2000-01", "M").ordinal).to_numpy()
        assert len(found) <= 8
        off += [min(abs(place - np.arange(15, 240, 30))) for place in places]
    print(f"{len(off)} of 160 turns found; mean distance {np.mean(off):.1f}, largest {max(off)} months")
    assert len(off) >= 156 and np.mean(off) < 3


def test_a_strike_is_no_turn():
    steady = 100 + 0.5 * np.arange(120.0)
    steady[60] -= 25
    assert turning_points(months(steady)).empty


def test_an_extreme_month_in_a_downswing_does_not_become_its_trough():
    cycles = 100 + 10 * np.sin(2 * np.pi * np.arange(240) / 60)
    undisturbed = dated(months(cycles))
    cycles[30] -= 60  # half way from the peak to the trough of month 45
    assert dated(months(cycles)) == undisturbed and len(undisturbed) == 8


def test_peaks_and_troughs_alternate_keep_their_distance_and_are_not_exceeded_at_the_ends_in_any_series():
    checked, start = 0, pd.Period("2000-01", "M").ordinal
    for seed in range(120):
        values = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.02, 200)))
        found = turning_points(months(values))
        if found.empty:
            continue
        places, signs = found["period"].map(lambda period: period.ordinal).to_numpy() - start, found["kind"].map({"peak": 1, "trough": -1}).to_numpy()
        assert (signs[1:] != signs[:-1]).all() and (np.diff(places) >= 5).all() and (places[2:] - places[:-2] >= 15).all()
        assert (places >= 6).all() and (places < 194).all()
        assert (np.sign(np.diff(found["value"].to_numpy())) == -signs[:-1]).all()
        assert (signs[0] * values[: places[0]] <= signs[0] * values[places[0]]).all() and (signs[-1] * values[places[-1] :] <= signs[-1] * values[places[-1]]).all()
        checked += len(found)
    print(f"{checked} turns of 120 random walks")
    assert checked > 600


def test_a_series_upside_down_has_its_peaks_as_troughs():
    walk = np.cumsum(np.random.default_rng(1).normal(0, 1, 240))
    upright, turned = turning_points(months(walk)), turning_points(months(-walk))
    assert upright["period"].equals(turned["period"]) and (upright["kind"] != turned["kind"]).all() and len(upright) > 4


def test_gaps_years_and_short_series_are_refused():
    with pytest.raises(ValueError, match="a series with gaps"):
        turning_points(months(np.arange(60.0)).drop(pd.Period("2002-02", "M")))
    with pytest.raises(ValueError, match="24 periods; turning points want 30"):
        turning_points(months(np.arange(24.0)))
    with pytest.raises(ValueError, match="months or quarters"):
        turning_points(pd.Series(np.arange(50.0), pd.period_range("1970", periods=50, freq="Y")))
