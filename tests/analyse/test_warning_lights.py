"""Lights follow the cut points of their day; the composite is 100 where all is green."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spark_jobs.analyse.warning_lights import COMPOSITE, COMPOSITE_CUT_POINTS, CUTS, derived_cut_points, lights, position_in_ten_years, warning_index


def cut_points(code: str, cuts: list[float], valid_from: str = "2000-01-01", valid_to: str | None = None, is_inverted: bool = False) -> dict:
    days = {"valid_from": pd.Timestamp(valid_from), "valid_to": pd.Timestamp(valid_to) if valid_to else pd.NaT}
    return {"indicator_code": code, **days, **dict(zip(CUTS, cuts)), "is_inverted": is_inverted, "is_derived": False}


def one_light(code: str, value: float, *rows: dict, month: str = "2024-05") -> tuple[int, str]:
    found = lights(pd.DataFrame({code: [value]}, index=pd.period_range(month, periods=1, freq="M")), pd.DataFrame(rows))
    return found["score"].iloc[0], found["label"].iloc[0]


@pytest.mark.parametrize(
    "growth, light",
    [(-1.0, (1, "过冷")), (2.0, (2, "偏冷")), (4.9, (2, "偏冷")), (5.0, (3, "正常")), (9.0, (4, "偏热")), (12.0, (5, "过热")), (40.0, (5, "过热"))],
)
def test_a_value_has_the_light_of_its_zone_and_on_a_cut_the_warmer(growth, light):
    assert one_light("industry", growth, cut_points("industry", [2, 5, 9, 12])) == light


@pytest.mark.parametrize("rate, light", [(3.0, (5, "过热")), (4.0, (5, "过热")), (4.5, (4, "偏热")), (5.2, (3, "正常")), (6.0, (2, "偏冷")), (7.0, (1, "过冷"))])
def test_unemployment_is_cold_where_it_is_high(rate, light):
    assert one_light("unemployment", rate, cut_points("unemployment", [4, 5, 5.5, 6.5], is_inverted=True)) == light


def test_cut_points_change_on_their_day_and_the_past_keeps_its_light():
    rows = cut_points("m2", [8, 10, 14, 16], valid_to="2020-01-01"), cut_points("m2", [6, 8, 11, 13], valid_from="2020-01-01")
    assert one_light("m2", 12.0, *rows, month="2019-12") == (3, "正常")
    assert one_light("m2", 12.0, *rows, month="2020-01") == (4, "偏热")
    on_the_last_day = cut_points("m2", [8, 10, 14, 16], valid_to="2019-12-31"), cut_points("m2", [6, 8, 11, 13], valid_from="2019-12-31")
    assert one_light("m2", 12.0, *on_the_last_day, month="2019-12") == (4, "偏热")


def test_a_value_without_cut_points_is_refused_and_so_are_two_sets_and_cuts_that_do_not_rise():
    with pytest.raises(ValueError, match="1 of 1 values have not one set of cut points: m2 1999-05"):
        one_light("m2", 12.0, cut_points("m2", [8, 10, 14, 16]), month="1999-05")
    with pytest.raises(ValueError, match="have not one set"):
        one_light("m2", 12.0, cut_points("m2", [8, 10, 14, 16]), cut_points("m2", [6, 8, 11, 13]))
    with pytest.raises(ValueError, match="do not rise: m2"):
        one_light("m2", 12.0, cut_points("m2", [8, 14, 10, 16]))


def scored(scores: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"period": pd.Period("2024-05", "M"), "score": scores})


@pytest.mark.parametrize(
    "points, index, label",
    [
        *[(10, 33.33, "过冷"), (18, 60.0, "过冷"), (19, 63.33, "偏冷"), (24, 80.0, "偏冷"), (25, 83.33, "正常")],
        *[(30, 100.0, "正常"), (34, 113.33, "正常"), (35, 116.67, "偏热"), (41, 136.67, "过热"), (50, 166.67, "过热")],
    ],
)
def test_ten_indicators_and_their_zones(points, index, label):
    """113.3 is a value that the monitoring centre has published as green; 34 points of ten indicators make it."""
    scores = [points // 10 + (place < points % 10) for place in range(10)]
    found = warning_index(scored(scores), 10).iloc[0]
    assert (round(found["warning_index"], 2), found["label"], found["n_scored"]) == (index, label, 10)


def test_the_index_of_those_that_are_known_says_how_many():
    found = warning_index(scored([3, 3, 4, 2, 3, 3, 3]), 10).iloc[0]
    assert (found["warning_index"], found["n_scored"], found["n_indicators"]) == (100, 7, 10)


def test_the_composites_cut_points_are_as_written():
    assert COMPOSITE_CUT_POINTS[CUTS].iloc[0].round(2).tolist() == [63.33, 83.33, 116.67, 136.67]


def test_derived_cut_points_give_the_lights_their_shares_and_are_marked():
    months = pd.period_range("2010-01", periods=180, freq="M")
    growth = pd.Series(np.random.default_rng(2).normal(6, 2, 180), months)
    day = pd.Timestamp("2025-01-01")
    derived = derived_cut_points(growth, "industry", day)
    assert derived["is_derived"].all() and derived["n_months"].iloc[0] == 120
    found = lights(growth.to_frame("industry")[-120:], derived.assign(valid_from=pd.Timestamp("2000-01-01")))
    counts = found["score"].value_counts().sort_index().tolist()
    print(f"lights of {len(found)} months, blue to red: {counts}")
    assert counts == [12, 24, 48, 24, 12] and found["is_derived"].all()
    with pytest.raises(ValueError, match="industry: 40 months before"):
        derived_cut_points(growth[-40:], "industry", day)
    with pytest.raises(ValueError, match="do not rise"):
        derived_cut_points(growth * 0 + 5, "industry", day)


def test_derived_cut_points_know_nothing_of_what_came_later():
    growth = pd.Series(np.r_[np.arange(120.0), np.full(60, 1000.0)], pd.period_range("2010-01", periods=180, freq="M"))
    assert derived_cut_points(growth, "industry", pd.Timestamp("2020-01-01"))[CUTS[-1]].iloc[0] == pytest.approx(107.1)


def test_the_position_among_the_last_ten_years_forgets_what_is_older():
    rising = pd.Series(np.arange(200.0), pd.period_range("2005-01", periods=200, freq="M"))
    found = position_in_ten_years(rising)
    assert found["n_months"].iloc[-1] == 120 and found["n_months"].iloc[0] == 1
    assert found["percentile"].iloc[-1] == pytest.approx(100 * 119.5 / 120) and found["percentile"].iloc[0] == 50
    high_once = rising * 0 + np.where(np.arange(200) == 10, 9.0, 1.0)
    assert position_in_ten_years(high_once)["percentile"].iloc[-1] == 50
    assert position_in_ten_years(high_once)["percentile"].iloc[129] < 50  # January 2006 to December 2015: the high value is still inside


def test_the_position_by_counting_and_months_without_a_value():
    rng = np.random.default_rng(3)
    series = pd.Series(rng.normal(size=150).round(1), pd.period_range("2010-01", periods=150, freq="M")).drop(pd.Period("2020-02", "M"))
    found = position_in_ten_years(series)
    last = series[series.index > series.index[-1] - 120]
    assert len(found) == 149 and found["n_months"].iloc[-1] == 119
    assert found["percentile"].iloc[-1] == pytest.approx(100 * ((last < last.iloc[-1]).sum() + 0.5 * (last == last.iloc[-1]).sum()) / 119)


def test_an_index_on_the_edge_of_a_zone_has_the_warmer_light():
    """The zones lie at 19, 25, 35 and 41 of 30 points; the seed must not round them up past the index that falls on them."""
    seed = pd.read_csv(Path(__file__).parents[2] / "dbt_project/seeds/warning_cut_point.csv")
    zones = seed.loc[seed["indicator_code"] == COMPOSITE, CUTS].iloc[0]
    assert (zones <= [100 * points / 30 for points in (19, 25, 35, 41)]).all()
    assert zones.to_list() == pytest.approx(COMPOSITE_CUT_POINTS[CUTS].iloc[0].to_list(), abs=1e-7)
