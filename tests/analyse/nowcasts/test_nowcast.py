"""Nowcasts of real vintages: why they move, and what is on record about them."""

import json
import time
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from spark_jobs.analyse.nowcast import estimate, interval, news, nowcast, track
from spark_jobs.analyse.vintages import as_known, vintage_dates
from tests.analyse.nowcasts import published

pytestmark = pytest.mark.service  # takes time; needs no service of the stack

PERIODS = ("previous", "current", "next")
ADVANCE_ESTIMATE, SECOND_ESTIMATE = date(2016, 7, 29), date(2016, 8, 26)


@pytest.fixture(scope="module")
def tracked(us_store, us_fit):
    """Nowcasts and news of all vintages, as frames."""
    days = vintage_dates(us_store)
    began = time.monotonic()
    nowcasts, moves = (sum(rows, []) for rows in zip(*track(us_store, [us_fit], days, "GDPC1", PERIODS), strict=True))
    seconds = time.monotonic() - began
    print(f"{len(days)} vintages, {len(nowcasts)} nowcasts and {len(moves)} rows of news in {seconds:.1f} s, {seconds / (len(days) - 1):.2f} s a pair")
    json.dumps([nowcasts, moves], allow_nan=False)
    return pd.DataFrame(nowcasts), pd.DataFrame(moves)


def day_before(store: pd.DataFrame, day: date) -> date:
    days = vintage_dates(store)
    return days[days.index(day) - 1]


def test_the_impacts_add_up_to_the_change_in_every_pair_of_vintages(tracked):
    nowcasts, moves = tracked
    explained = moves.groupby(["vintage_date", "period"])["impact"].sum()
    errors = {}
    for period, of_period in nowcasts.groupby("period"):
        changes = of_period.set_index("vintage_date")["value"].sort_index().diff().dropna()
        errors |= {(day, period): abs(change - explained.get((day, period), 0.0)) for day, change in changes.items()}
    pairs = {day for day, _ in errors}
    print(f"{len(errors)} changes in {len(pairs)} pairs of vintages; greatest error {max(errors.values()):.1e}")
    assert (len(pairs), len(errors)) == (55, 55 * 3 - 2)  # on two days a quarter began, whose successor had not been nowcast before
    assert explained.index.isin(errors).all()
    assert max(errors.values()) < 1e-9


def test_an_impact_is_the_weight_of_the_surprise(tracked):
    _, moves = tracked
    assert moves["weight"].notna().all()
    np.testing.assert_allclose(moves["weight"] * (moves["actual"] - moves["forecast"]), moves["impact"], atol=1e-12)
    print(f"rows of news: {moves['kind'].value_counts().to_dict()}")


def test_what_is_known_later_is_known_no_worse(tracked):
    nowcasts, _ = tracked
    steps = nowcasts.sort_values("vintage_date").groupby("period")["standard_error"].diff().dropna()
    print(f"{len(steps)} steps, {(steps < 0).sum()} of them narrow the error")
    assert (steps <= 1e-9).all()
    assert (steps < 0).sum() > 100


def test_every_nowcast_says_how_its_parameters_were_estimated(tracked, us_fit):
    nowcasts, _ = tracked
    assert (us_fit["iterations"], us_fit["converged"]) == (20, False)
    for name in ("iterations", "tolerance", "estimated_on", "log_likelihood", "converged"):
        assert (nowcasts[name] == us_fit[name]).all()


def test_once_gdp_is_published_it_is_the_value_and_its_surprise_the_only_news(us_store, us_fit):
    before, after = (as_known(us_store, day) for day in (day_before(us_store, ADVANCE_ESTIMATE), ADVANCE_ESTIMATE))
    growth = ((after.at["2016-06", "GDPC1"] / after.at["2016-03", "GDPC1"]) ** 4 - 1) * 100
    assert nowcast(after, us_fit, "GDPC1", "2016Q2") == {"value": pytest.approx(growth), "standard_error": 0.0}
    (row,) = news(before, after, us_fit, "GDPC1", ["2016Q2"])
    assert (row["kind"], row["series"], row["observed_period"], row["weight"]) == ("release", "GDPC1", "2016Q2", 1.0)
    assert row["forecast"] == nowcast(before, us_fit, "GDPC1", "2016Q2")["value"]
    assert row["actual"] == pytest.approx(growth)


def test_another_estimate_of_published_gdp_is_one_revision(us_store, us_fit):
    before, after = (as_known(us_store, day) for day in (day_before(us_store, SECOND_ESTIMATE), SECOND_ESTIMATE))
    (row,) = news(before, after, us_fit, "GDPC1", ["2016Q2"])
    assert (row["kind"], row["series"], row["observed_period"]) == ("revision", "GDPC1", "2016Q2")
    assert row["impact"] == pytest.approx(row["actual"] - row["forecast"])


def test_without_new_figures_there_is_no_news(first_panel, us_fit):
    assert news(first_panel, first_panel.copy(), us_fit, "GDPC1", ["2016Q1", "2016Q2", "2016Q3"]) == []


def test_a_withdrawn_figure_is_a_revision_without_parts(us_store, us_fit):
    before, after = (as_known(us_store, day) for day in (published.FIRST_DAY, published.DAY_OF_NEWS))
    after.loc["2016-05", "INDPRO"] = np.nan
    rows = news(before, after, us_fit, "GDPC1", ["2016Q3"])
    withdrawn = [row for row in rows if row["series"] is None]
    assert [row["kind"] for row in withdrawn] == ["revision"]
    assert withdrawn[0]["impact"] != 0
    assert ("revision", "INDPRO", "2016-05") not in {(row["kind"], row["series"], row["observed_period"]) for row in rows}
    change = nowcast(after, us_fit, "GDPC1", "2016Q3")["value"] - nowcast(before, us_fit, "GDPC1", "2016Q3")["value"]
    assert sum(row["impact"] for row in rows) == pytest.approx(change, abs=1e-9)


def test_published_gdp_that_is_withdrawn_is_nowcast_again(us_store, us_fit):
    before = as_known(us_store, ADVANCE_ESTIMATE)
    after = before.copy()
    after.loc["2016-06", "GDPC1"] = np.nan
    (row,) = news(before, after, us_fit, "GDPC1", ["2016Q2"])
    assert (row["kind"], row["actual"], row["weight"]) == ("revision", None, None)
    assert row["forecast"] + row["impact"] == pytest.approx(nowcast(after, us_fit, "GDPC1", "2016Q2")["value"])


def test_other_parameters_are_a_line_of_their_own(us_store, us_model, us_fit, first_panel):
    day = date(2016, 7, 15)
    panel = as_known(us_store, day)
    again = estimate(panel, us_model, maximum_iterations=5, tolerance=1e-5, estimated_on=day)
    rows = news(first_panel, panel, again, "GDPC1", ["2016Q2", "2016Q3"], previously_fitted=us_fit)
    for period in ("2016Q2", "2016Q3"):
        (line,) = [row for row in rows if row["kind"] == "estimation" and row["period"] == period]
        old, moved, new = (nowcast(*which, "GDPC1", period)["value"] for which in ((first_panel, us_fit), (first_panel, again), (panel, again)))
        assert line["impact"] == pytest.approx(moved - old, abs=1e-12)
        assert sum(row["impact"] for row in rows if row["period"] == period) == pytest.approx(new - old, abs=1e-9)
    assert not [row for row in news(first_panel, panel, us_fit, "GDPC1", ["2016Q2"], previously_fitted=us_fit) if row["kind"] == "estimation"]
    walk = list(track(us_store, [again, us_fit], [published.FIRST_DAY, day], "GDPC1", ["current"]))
    assert [nowcasts[0]["estimated_on"] for nowcasts, _ in walk] == ["2016-06-29", "2016-07-15"]


def test_a_vintage_is_never_judged_by_parameters_of_a_later_day(us_store, us_model, us_fit):
    later = us_fit | {"estimated_on": "2016-07-01"}
    with pytest.raises(ValueError, match="no parameters had been estimated by 2016-06-29"):
        next(track(us_store, [later], [published.FIRST_DAY], "GDPC1", PERIODS))


def test_there_is_no_news_between_two_models(us_store, us_fit, first_panel):
    other = us_fit | {"model": us_fit["model"] | {"name": "guangxi_gdp"}}
    with pytest.raises(ValueError, match="the fits are of more than one model: us_gdp, guangxi_gdp"):
        news(first_panel, first_panel, other, "GDPC1", ["2016Q2"], previously_fitted=us_fit)
    with pytest.raises(ValueError, match="the fits are of more than one model"):
        next(track(us_store, [us_fit, other], [published.FIRST_DAY], "GDPC1", PERIODS))


def test_vintages_are_followed_in_order(us_store, us_fit):
    with pytest.raises(ValueError, match="not in order"):
        next(track(us_store, [us_fit], [published.DAY_OF_NEWS, published.FIRST_DAY], "GDPC1", PERIODS))


def test_a_model_of_months_alone_or_with_a_block_of_one_series_works_as_well(us_store, us_model, first_panel):
    panel = as_known(us_store, published.DAY_OF_NEWS)
    monthly = ["PAYEMS", "CPIAUCSL", "INDPRO", "GACDISA066MSFRBNY"]
    for codes, target, period in ((monthly, "INDPRO", "2016-07"), ([*monthly, "GDPC1"], "GDPC1", "2016Q3")):
        model = replace(us_model, name="small", target=target, series=tuple(us_model.one(code) for code in codes))
        fitted = estimate(first_panel, model, maximum_iterations=5, tolerance=1e-5, estimated_on=published.FIRST_DAY)
        change = nowcast(panel, fitted, target, period)["value"] - nowcast(first_panel, fitted, target, period)["value"]
        assert sum(row["impact"] for row in news(first_panel, panel, fitted, target, [period])) == pytest.approx(change, abs=1e-9)
        assert change != 0


def test_stored_parameters_nowcast_as_those_in_memory(first_panel, us_fit):
    stored = json.loads(json.dumps(us_fit, allow_nan=False))
    assert stored == us_fit
    assert nowcast(first_panel, stored, "GDPC1", "2016Q3") == nowcast(first_panel, us_fit, "GDPC1", "2016Q3")
    print(f"a fit is {len(json.dumps(us_fit)):,} bytes of JSON, {len(us_fit['parameters'])} parameters")


def test_another_tolerance_gives_another_nowcast(first_panel, us_model, us_fit):
    loose = estimate(first_panel, us_model, maximum_iterations=20, tolerance=0.01, estimated_on=published.FIRST_DAY)
    assert loose["converged"]
    assert loose["iterations"] < us_fit["iterations"]
    difference = abs(nowcast(first_panel, loose, "GDPC1", "2016Q2")["value"] - nowcast(first_panel, us_fit, "GDPC1", "2016Q2")["value"])
    print(f"{loose['iterations']} iterations instead of {us_fit['iterations']} move the nowcast by {difference:.3f} points")
    assert difference > 0.01


def test_a_monthly_series_is_nowcast_by_month(us_store, us_fit):
    ((nowcasts, _),) = track(us_store, [us_fit], [published.FIRST_DAY], "UNRATE", PERIODS)
    assert [row["period"] for row in nowcasts] == ["2016-05", "2016-06", "2016-07"]
    assert nowcasts[0]["standard_error"] == 0 < nowcasts[1]["standard_error"] <= nowcasts[2]["standard_error"]


def test_a_month_is_no_period_of_a_quarterly_series(first_panel, us_fit):
    with pytest.raises(ValueError, match="2016-07 is no period of GDPC1"):
        nowcast(first_panel, us_fit, "GDPC1", "2016-07")


def test_an_interval_covers_what_it_says():
    low, high = interval(2.0, 1.0, 0.95)
    assert (low, high) == (pytest.approx(0.040036), pytest.approx(3.959964))
