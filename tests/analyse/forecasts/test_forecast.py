"""Forecasts of industry: they look at nothing after their origin, add up, beat the naive ones or say so, and their intervals hold what they state."""

import numpy as np
import pandas as pd
import pytest

from spark_jobs.analyse.forecast import BASE_COLUMNS, OWN_MODELS, SERIES, ForecastSettings, forecast_group, missing_origins, rolling_origins, wide
from spark_jobs.analyse.forecast_pooled import pooled_forecasts
from spark_jobs.analyse.forecast_publication import COVERAGES, PUBLISHED_COLUMNS, combine
from spark_jobs.analyse.forecast_record import model_errors, record, summary
from spark_jobs.analyse.reconciliation import reconciled, summing_matrix, with_aggregates
from tests.analyse.forecasts.synthetic_output import MONTHS, SETTINGS, calendar, leading, output

pytestmark = pytest.mark.service  # takes time; needs no service of the stack

KEYS = [*SERIES, "origin", "horizon"]


def test_intervals_hold_what_they_state_at_origins_that_did_not_make_them(forecast):
    by_horizon, by_level = summary(forecast.record, ["horizon"]), summary(forecast.record, ["level"])
    for row in [*by_horizon.itertuples(), *by_level.itertuples()]:
        print(f"{row[1]}: 80 % held {row.coverage_80_pct:.1f}, 95 % held {row.coverage_95_pct:.1f} of {row.intervals} series-origins")
    assert by_horizon["intervals"].min() >= 500
    for coverage in COVERAGES:
        held = forecast.record[f"is_within_{coverage}"].dropna()
        print(f"{coverage} % intervals held {100 * held.mean():.1f} % of {len(held)}")
        assert abs(100 * held.mean() - coverage) <= 5
        assert (by_horizon[f"coverage_{coverage}_pct"] - coverage).abs().max() <= 5


def test_cities_and_industries_add_up_at_every_origin_and_horizon(forecast):
    values = forecast.published.pivot(index=["origin", "horizon"], columns=["level", *SERIES], values="value")
    bottom = values["bottom"]
    sums = {"city": bottom.T.groupby("division_code").sum().T, "industry": bottom.T.groupby("industry_code").sum().T}
    off = [np.abs(values[level].to_numpy() - sums[level].to_numpy()).max() for level in sums] + [np.abs(values["total"].to_numpy()[:, 0] - bottom.sum(axis=1)).max()]
    print(f"largest difference of a sum: {max(off):.1e} 亿元, in {len(values)} sets of {values.shape[1]} series")
    assert max(off) <= 1e-6
    assert (values > 0).to_numpy().all()


def test_the_error_of_every_series_is_shown_against_the_seasonal_naive_forecast(forecast):
    found = summary(forecast.record, ["level", *SERIES])
    for row in found.itertuples():
        print(f"{row.level} {row.division_code} {row.industry_code}: MASE {row.mase:.3f}, skill {row.skill_vs_seasonal_naive:+.3f}, {row.forecasts} forecasts")
    better = {name: (found[f"skill_vs_{name}"] > 0).mean() for name in ("naive", "seasonal_naive")}
    print(f"of {len(found)} series {better['naive']:.1%} are better than naive, {better['seasonal_naive']:.1%} than seasonal naive, {(found['mase'] < 1).mean():.1%} have MASE < 1")
    assert len(found) == 14 * 6 + 14 + 6 + 1
    assert found["mase"].notna().all()
    assert better["seasonal_naive"] >= 0.9


def test_every_model_is_judged_at_every_horizon(forecast):
    found = model_errors(forecast.base, forecast.panel, ["horizon"])
    print(found.pivot(index="model", columns="horizon", values="mase").round(3).to_string())
    assert len(found) == 6 * SETTINGS.horizons
    assert (found.loc[found["model"] == "seasonal_naive", "skill_vs_seasonal_naive"] == 0).all()
    assert found["forecasts"].tolist() == [105 * (36 - horizon) for horizon in found["horizon"]]


def test_leading_indicators_see_the_cycle_three_months_ahead(forecast):
    total = forecast.base.query("division_code == '450000' and industry_code == 'all' and horizon <= 3")
    errors = model_errors(total, forecast.panel, ["horizon"]).groupby("model")["mae"].mean()
    print(errors.round(2).to_string())
    assert errors.idxmin() == "pooled"


def test_nothing_after_the_origin_is_looked_at(forecast):
    origin = pd.Timestamp("2024-01-01")
    then = forecast.panel[forecast.panel["month"] <= origin]
    some = then[then["division_code"] == "450100"]
    origins = [origin]
    known = leading()
    base = pd.concat([forecast_group(some, origins, SETTINGS), pooled_forecasts(then, known[known["month"] <= origin], calendar(), origins, SETTINGS)])
    compared = base.merge(forecast.base, on=[*KEYS, "model"], suffixes=("", "_later"))
    assert len(compared) == len(base) > 0
    np.testing.assert_allclose(compared["value"], compared["value_later"], rtol=1e-9)
    published = combine(then, forecast.base[forecast.base["origin"] <= origin], SETTINGS)
    later = forecast.published[forecast.published["origin"] <= origin]
    pd.testing.assert_frame_equal(published, later)
    print(f"{len(compared)} base forecasts and {len(later)} published ones are the same without the 8 months after their last origin")


def test_a_monthly_round_computes_the_newest_origin_only_and_keeps_what_was_published(forecast):
    newest = MONTHS[-1]
    stored, published = (frame[frame["origin"] < newest] for frame in (forecast.base, forecast.published))
    assert missing_origins(stored, rolling_origins(forecast.panel, 36)) == [newest]
    fresh = forecast_group(forecast.panel[forecast.panel["level"] == "total"], [newest], SETTINGS)
    np.testing.assert_allclose(fresh["value"], fresh.merge(forecast.base, on=[*KEYS, "model"])["value_y"], rtol=1e-9)
    made = combine(forecast.panel, forecast.base, SETTINGS, published=published)
    assert made["origin"].unique().tolist() == [newest]
    expected = forecast.published[forecast.published["origin"] == newest].reset_index(drop=True)
    pd.testing.assert_frame_equal(made, expected, rtol=1e-9)


def test_the_naive_forecasts_are_the_last_month_and_the_month_a_year_before(forecast):
    values = wide(forecast.panel)["450100", "06"]
    said = forecast.base[(forecast.base["division_code"] == "450100") & (forecast.base["industry_code"] == "06") & (forecast.base["origin"] == "2023-12-01")]
    said = said.pivot(index="month", columns="model", values="value")
    np.testing.assert_allclose(said["naive"], values["2023-12-01"])
    np.testing.assert_allclose(said["seasonal_naive"], values["2023-01-01":"2023-06-01"])
    assert said.index.tolist() == list(pd.date_range("2024-01-01", "2024-06-01", freq="MS"))


def hand_made(ets_misses: dict[str, float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A panel of two cities at 100 亿元 a month, and forecasts off by 1 (naive), 2 (seasonal naive) and what is given for each city (ets)."""
    months = pd.date_range("2022-01-01", "2023-12-01", freq="MS")
    bottom = pd.DataFrame([{"division_code": city, "industry_code": "06", "month": month, "value": 100.0} for city in ets_misses for month in months])
    panel = with_aggregates(bottom, SETTINGS)
    rows = []
    for division, industry in wide(panel).columns:
        parts = [division] if division in ets_misses else list(ets_misses)
        misses = {"naive": 1.0 * len(parts), "seasonal_naive": 2.0 * len(parts), "ets": sum(ets_misses[part] for part in parts)}
        for origin in months[-10:]:
            for horizon in range(1, 7):
                key = {"division_code": division, "industry_code": industry, "origin": origin, "month": origin + pd.DateOffset(months=horizon), "horizon": horizon}
                rows += [key | {"model": model, "value": 100.0 * len(parts) + miss} for model, miss in misses.items()]
    return panel, pd.DataFrame(rows)[BASE_COLUMNS]


def test_a_series_that_no_model_forecasts_better_than_naively_says_so_and_publishes_naive():
    panel, base = hand_made({"450100": 0.5, "450200": 3.0})
    published = combine(panel, base, SETTINGS)
    cities = published[published["level"] == "bottom"].groupby("division_code")
    assert cities["model"].unique().map(list).to_dict() == {"450100": ["ets"], "450200": ["naive"]}
    assert cities["beats_naive"].unique().map(list).to_dict() == {"450100": [True], "450200": [False]}
    assert published["origin"].min() == pd.Timestamp("2023-07-01")  # the first with 4 judged origins before it


def test_intervals_are_left_out_until_enough_forecasts_are_judged():
    published = combine(*hand_made({"450100": 0.5, "450200": 3.0}), SETTINGS)
    first = published[published["lower_80"].notna()].groupby("horizon")["origin"].min()
    assert first.to_dict() == {1: pd.Timestamp("2023-11-01"), 2: pd.Timestamp("2023-12-01")}


def test_the_record_says_what_came_true_and_how_good_it_was():
    panel, base = hand_made({"450100": 0.5, "450200": 3.0})
    change = np.where(panel["month"] == "2023-12-01", 1.1, 1.0)
    panel["value"] = panel["value"] * change
    published = combine(panel[panel["month"] < "2023-12-01"], base[base["origin"] < "2023-12-01"], SETTINGS)
    rows = record(published, base, panel)
    assert len(rows) == len(published) and rows["actual"].notna().sum() == (rows["month"] <= "2023-12-01").sum()
    city = rows[(rows["division_code"] == "450200") & (rows["level"] == "bottom") & (rows["origin"] == "2023-11-01")].set_index("horizon")
    assert city["actual"].loc[1] == pytest.approx(110.0) and np.isnan(city["actual"].loc[2])
    assert city["error"].loc[1] == pytest.approx(city["value"].loc[1] - 110.0)
    assert city["absolute_percentage_error"].loc[1] == pytest.approx(100 * (110.0 - city["value"].loc[1]) / 110.0)
    assert not city["is_within_95"].loc[1] and pd.isna(city["is_within_95"].loc[2])
    assert (city["naive_value"].loc[1], city["seasonal_naive_value"].loc[1]) == (101.0, 102.0)


def test_skill_and_mase_are_those_computed_by_hand():
    months = pd.date_range("2022-01-01", "2023-04-01", freq="MS")
    series = {"division_code": "450100", "industry_code": "06"}
    panel = pd.DataFrame([series | {"month": month, "value": 100.0 + number} for number, month in enumerate(months)])  # a year's change is always 12
    key = series | {"origin": months[-2], "month": months[-1], "horizon": 1}
    base = pd.DataFrame([key | {"model": model, "value": value} for model, value in (("naive", 114.0), ("seasonal_naive", 103.0))])
    published = pd.DataFrame([key | {"value": 118.0, "lower_80": 116.0, "upper_80": 120.0, "lower_95": 114.0, "upper_95": 122.0}])
    (row,) = summary(record(published, base, panel), ["horizon"]).to_dict("records")
    expected = {"mae": 3.0, "mape_pct": 300 / 115, "mase": 3 / 12, "skill_vs_naive": 1 - 3 / 1, "skill_vs_seasonal_naive": 1 - 3 / 12}
    expected |= {"coverage_80_pct": 0.0, "coverage_95_pct": 100.0}
    assert {name: row[name] for name in expected} == pytest.approx(expected)


def test_reconciled_forecasts_are_never_below_zero():
    series = pd.MultiIndex.from_tuples([("450000", "all"), ("450000", "06"), ("450100", "all"), ("450200", "all"), ("450100", "06"), ("450200", "06")], names=SERIES)
    summing = summing_matrix(series, SETTINGS)
    errors = np.random.default_rng(1).normal(0, 1, (6, 20))
    answer = reconciled(np.array([[10.0], [10.0], [30.0], [1.0], [20.0], [1.0]]), errors, summing)
    assert answer.min() >= 0
    np.testing.assert_allclose(answer[0], answer[4:].sum(axis=0), atol=1e-9)


@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda frame: frame[~((frame["division_code"] == "450300") & (frame["month"] == "2022-05-01"))], "series 450300 06: 2022-05 is missing"),
        (lambda frame: frame.assign(value=frame["value"].where(frame["month"] != "2020-02-01", 0.0)), "series 450100 06: 2020-02 is not above 0"),
        (lambda frame: pd.concat([frame, frame.tail(1)]), "series 451400 06: 2024-09 is there twice"),
        (lambda frame: frame.assign(month=frame["month"] + pd.Timedelta(days=14)), "a month is written as its first day, got 2017-01-15"),
        (lambda frame: frame.assign(division_code="450000"), "there twice|names a sum"),
    ],
)
def test_output_that_cannot_be_forecast_is_refused_by_series_and_month(spoil, message):
    with pytest.raises(ValueError, match=message):
        with_aggregates(spoil(output(industries=1)), SETTINGS)


def test_what_else_is_missing_is_named(forecast):
    last = [MONTHS[-1]]
    with pytest.raises(ValueError, match="leading: pmi of 2024-09 is missing"):
        pooled_forecasts(forecast.panel, leading().query("month < '2024-09-01' or indicator != 'pmi'"), calendar(), last, SETTINGS)
    with pytest.raises(ValueError, match="the calendar: festival_days of 2025-03 is missing"):
        pooled_forecasts(forecast.panel, leading(), calendar().query("month < '2025-03-01'"), last, SETTINGS)
    with pytest.raises(ValueError, match="the origin 2019-06 has 24 months"):
        forecast_group(forecast.panel, [pd.Timestamp("2019-06-01")], SETTINGS)
    with pytest.raises(ValueError, match="the origin 2024-10 is not within the history"):
        forecast_group(forecast.panel, [pd.Timestamp("2024-10-01")], SETTINGS)
    with pytest.raises(ValueError, match="no forecast of pooled for series 450000 06 at 2024-09, 6 months ahead"):
        combine(forecast.panel, forecast.base[(forecast.base["model"] != "pooled") | (forecast.base["month"] < "2025-03-01")], SETTINGS)
    with pytest.raises(ValueError, match="horizons must be 1 to 12, got 13"):
        ForecastSettings("450000", "all", horizons=13)


def test_the_frames_have_the_columns_they_promise(forecast):
    assert list(forecast.base.columns) == BASE_COLUMNS and list(forecast.published.columns) == PUBLISHED_COLUMNS
    assert set(forecast.base["model"]) == {*OWN_MODELS, "pooled"}
    assert len(forecast.base) == 105 * 36 * 6 * 6
    assert set(forecast.published["level"]) == {"bottom", "city", "industry", "total"}
