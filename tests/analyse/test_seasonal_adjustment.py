"""Planted effects are found, and what the program cannot do is said."""

import time

import numpy as np
import pandas as pd
import pytest

from spark_jobs.analyse import spring_festival, x13
from spark_jobs.analyse.residual_seasonality import qs_statistic
from spark_jobs.analyse.seasonal_adjustment import TooShort, adjust, adjust_many, fingerprint, with_model_of
from spark_jobs.analyse.x13 import AIRLINE, Settings, X13Refused


def test_the_parts_make_the_whole(passengers, planted):
    series, _ = planted()
    found = adjust(series, name="planted", is_flow=True)
    assert np.allclose(found.adjusted * found.seasonal * found.calendar, series, rtol=1e-9)
    assert np.allclose(found.trend * found.irregular, found.adjusted, rtol=1e-9)
    additive = adjust(series - series.mean(), name="around zero", is_flow=True)
    assert additive.mode == "additive"
    assert np.allclose(additive.adjusted + additive.seasonal + additive.calendar, series - series.mean(), atol=1e-6)


def test_planted_factors_and_a_planted_festival_are_recovered(planted, festival):
    errors, hits = [], 0
    for seed in (1, 2, 3):
        series, factors = planted(seed)
        found = adjust(series, name="planted", is_flow=True)
        monthly = found.seasonal.groupby(found.seasonal.index.month).mean().to_numpy()
        errors += list(np.abs(monthly / factors - 1))
        for name, effect in festival.items():
            coefficient = found.coefficients[f"User-defined Holiday: {name}"]
            hits += abs(coefficient.estimate - effect) < 2.6 * coefficient.standard_error
            assert abs(coefficient.t_value) > 4, name
    print(f"largest error of {len(errors)} monthly factors {max(errors):.2%}; {hits} of 9 coefficients within 2.6 standard errors")
    assert max(errors) < 0.01 and hits == 9


def test_without_the_festival_its_movement_stays_in_the_adjusted_series(planted):
    series, _ = planted()
    with_it, without = (adjust(series, name="planted", is_flow=True, spring_festival=offered) for offered in (True, False))
    movement = {label: found.adjusted[found.adjusted.index.month <= 2].diff().abs().mean() for label, found in (("with", with_it), ("without", without))}
    print(f"mean movement of January and February: {movement['with']:.2f} with the regressors, {movement['without']:.2f} without")
    assert movement["with"] < 0.6 * movement["without"]
    assert with_it.aicc < without.aicc and with_it.calendar.std() > 0.01 and (without.calendar - 1).abs().max() < 1e-9


def test_a_festival_that_is_not_there_is_left_out():
    months = pd.period_range("2010-01", periods=144, freq="M")
    kept = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        series = pd.Series(100 * np.exp(0.1 * np.sin(np.arange(144) * np.pi / 6) + np.cumsum(rng.normal(0, 0.005, 144)) + rng.normal(0, 0.01, 144)), months)
        kept += bool(adjust(series, name="no festival", is_flow=True, trading_days=False, arima=AIRLINE).coefficients)
    print(f"{kept} of 8 series without a festival keep regressors for it")
    assert kept <= 2


def test_seasonality_is_found_before_and_not_after(planted):
    series, _ = planted()
    found = adjust(series, name="planted", is_flow=True)
    assert qs_statistic(np.log(series))[1] < 1e-6
    assert not found.has_residual_seasonality and set(found.residual_seasonality) == {"qs", "f"}
    assert found.has_identifiable_seasonality and found.q < 1 and found.m_statistics["M7"] < 1 and len(found.m_statistics) == 11


def test_a_stock_has_its_own_festival():
    months = pd.period_range("2008-01", "2023-12", freq="M")
    rng = np.random.default_rng(4)
    effect = spring_festival.regressors(months, is_stock=True).to_numpy() @ [0.08, 0.0, -0.08]
    cash = pd.Series(100 * np.exp(0.005 * np.arange(len(months)) + 0.03 * np.sin(months.month * np.pi / 6) + effect + rng.normal(0, 0.004, len(months))), months)
    found = adjust(cash, name="cash", is_flow=False, is_stock=True)
    assert found.coefficients["User-defined Holiday: before"].estimate == pytest.approx(0.08, abs=0.015)
    with pytest.raises(ValueError, match="a flow or a stock"):
        Settings(is_flow=True, is_stock=True)


def test_outliers_are_named_with_their_month(planted):
    series, _ = planted(2)
    series["2016-07"] *= 1.2
    series["2020-01":] *= 0.85
    found = {(outlier.kind, str(outlier.period)) for outlier in adjust(series, name="planted", is_flow=True).outliers}
    assert found >= {("AO", "2016-07"), ("LS", "2020-01")}


def test_what_the_program_refuses_goes_to_stl_with_the_programs_words():
    flat = pd.Series(100.0, pd.period_range("2015-01", periods=60, freq="M"))
    with pytest.raises(X13Refused, match="南宁.*Differencing has annihilated the series"):
        x13.run(flat, "南宁", Settings(is_flow=True))
    found = adjust(flat, name="南宁", is_flow=True)
    assert found.method == "STL" and "Differencing has annihilated" in found.note and "STL instead" in found.note
    assert np.allclose(found.adjusted, 100)


def test_two_to_three_years_go_to_stl_and_less_is_refused(planted):
    series, factors = planted()
    found = adjust(series[:30], name="short", is_flow=True)
    assert found.method == "STL" and "2.5 years, X-13ARIMA-SEATS wants 3" in found.note and found.m_statistics == {} and found.q is None
    assert np.allclose(found.adjusted * found.seasonal, series[:30])
    assert adjust(series[:36], name="three years", is_flow=True).method == "X-13ARIMA-SEATS"
    with pytest.raises(TooShort, match="short: 23 periods"):
        adjust(series[:23], name="short", is_flow=True)
    with pytest.raises(TooShort, match="short: no value at all"):
        adjust(series[:0], name="short", is_flow=True)


def test_eighteen_quarters_of_the_gross_domestic_product_are_adjusted_without_trading_days(gdp):
    found = adjust(gdp, name="国内生产总值", is_flow=True)
    print(f"{len(gdp)} quarters: {found.method}, {found.model}; {found.note}")
    assert len(gdp) == 18 and found.method == "X-13ARIMA-SEATS" and not found.has_residual_seasonality
    assert "no regressors for trading days: 4.5 years" in found.note
    assert found.adjusted.pct_change().std() < 0.2 * gdp.pct_change().std()


def test_gaps_and_years_are_refused(planted):
    series, _ = planted()
    with pytest.raises(ValueError, match="planted: no number for 2012-03; 1 of 192 periods"):
        adjust(series.drop(pd.Period("2012-03", "M")), name="planted", is_flow=True)
    with pytest.raises(ValueError, match="only months and quarters"):
        adjust(pd.Series([1.0, 2.0, 3.0], pd.period_range("2020", periods=3, freq="Y")), name="years", is_flow=True)


def test_a_series_without_seasons_is_marked():
    rng = np.random.default_rng(0)
    noise = pd.Series(100 + rng.normal(0, 3, 120), pd.period_range("2010-01", periods=120, freq="M"))
    found = adjust(noise, name="noise", is_flow=False)
    assert found.has_identifiable_seasonality is False and "no identifiable seasonality" in found.note


def test_a_fingerprint_changes_with_each_thing_that_matters_and_with_nothing_else(planted):
    series, _ = planted()
    settings = Settings(is_flow=True, trading_days=True)
    changed = [
        fingerprint(series * (1 + 1e-12), settings),
        fingerprint(series[:-1], settings),
        fingerprint(series.set_axis(series.index + 1), settings),
        fingerprint(series, Settings(is_flow=True)),
        fingerprint(series, Settings(is_flow=True, trading_days=True, arima=AIRLINE)),
        fingerprint(series, Settings(is_flow=False, is_stock=True, trading_days=True)),
    ]
    assert len({fingerprint(series, settings), *changed}) == 7
    assert fingerprint(series.copy(), Settings(is_flow=True, trading_days=True)) == fingerprint(series, settings)


def test_a_batch_runs_what_changed_and_says_why_a_series_has_no_adjustment(house_prices):
    settings = Settings(is_flow=False, arima=AIRLINE)
    wanted = {city: (house_prices[city], settings) for city in list(house_prices)[:12]} | {"new": (house_prices["Nanning"][:20], settings)}
    begun = time.perf_counter()
    first = adjust_many(wanted)
    took = time.perf_counter() - begun
    again = adjust_many(wanted, {outcome.fingerprint: outcome.adjustment for outcome in first if outcome.adjustment})
    print(f"{len(first)} series in {took:.2f} s, {took / len(first):.3f} s each")
    assert [outcome.name for outcome in first] == list(wanted)
    assert sum(outcome.adjustment is not None for outcome in first) == 12 and "20 periods" in first[-1].refusal
    assert sum(outcome.is_reused for outcome in again) == 12
    alone = adjust(house_prices["Nanning"], name="Nanning", is_flow=False, arima=AIRLINE)
    together = adjust_many({"Nanning": (house_prices["Nanning"], settings)})[0].adjustment
    assert together.adjusted.equals(alone.adjusted)


def test_a_month_later_the_model_stays_and_only_the_numbers_are_new(planted):
    series, _ = planted()
    settings = Settings(is_flow=True)
    former = adjust(series[:-1], name="planted", is_flow=True, trading_days=False)
    fixed = with_model_of(former, settings)
    assert (fixed.arima, fixed.transform) == (former.model, "log")
    later = adjust(series, name="planted", is_flow=True, trading_days=False, arima=fixed.arima, transform=fixed.transform)
    assert later.model == former.model
    assert (later.adjusted[:-1] / former.adjusted - 1).abs().max() < 0.01
