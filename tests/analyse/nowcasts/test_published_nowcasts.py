"""Our nowcasts and news against those of the New York Fed's own program, from its parameters and our vintages."""

import numpy as np
import pytest

from spark_jobs.analyse.nowcast import estimate, news, nowcast
from spark_jobs.analyse.vintages import as_known
from tests.analyse.nowcasts import published


@pytest.fixture(scope="module")
def next_panel(us_store):
    return as_known(us_store, published.DAY_OF_NEWS)


def test_there_are_ten_published_estimations_and_four_runs_of_news():
    assert (len(published.RUNS), len(published.NEWS_RUNS)) == (14, 4)


@pytest.mark.parametrize("name", published.RUNS)
def test_growth_of_the_second_quarter_of_2016_is_nowcast_as_published(first_panel, name):
    run = published.Run(name)
    fitted = run.fit(first_panel)
    differences = {}
    for series in run.model.series:
        period = "2016Q2" if series.frequency == "q" else "2016-06"
        differences[series.code] = abs(nowcast(first_panel, fitted, series.code, period)["value"] - run.smoothed(series.code))
    print(f"{name}: {len(differences)} series, GDP differs by {differences['GDPC1']:.1e}, the greatest difference is {max(differences.values()):.1e}")
    assert max(differences.values()) < 1e-9


@pytest.mark.parametrize("name", published.NEWS_RUNS)
def test_each_release_moves_the_third_quarter_as_published(first_panel, next_panel, name):
    run = published.Run(name)
    fitted = run.fit(first_panel)
    rows = news(first_panel, next_panel, fitted, "GDPC1", ["2016Q3"])
    table = {code: line for code, line in zip(run.codes, run.result["news_table"], strict=True) if not np.isnan(line).any()}
    releases = {row["series"]: [row[column] for column in ("forecast", "actual", "weight", "impact")] for row in rows if row["kind"] == "release"}
    assert releases.keys() == table.keys()
    for code, line in table.items():
        np.testing.assert_allclose(releases[code], line, rtol=1e-7, atol=1e-9)
    revised = [row for row in rows if row["kind"] == "revision"]
    assert sum(row["impact"] for row in revised) == pytest.approx(run.result["impact_revisions"].item(), abs=1e-9)
    change = nowcast(next_panel, fitted, "GDPC1", "2016Q3")["value"] - nowcast(first_panel, fitted, "GDPC1", "2016Q3")["value"]
    assert change == pytest.approx(sum(line[-1] for line in table.values()) + run.result["impact_revisions"].item(), abs=1e-9)
    print(
        f"{name}: {len(table)} releases as published, {len(revised)} revisions sum to the published {run.result['impact_revisions'].item():+.4f}, the nowcast moves {change:+.4f}"
    )


@pytest.mark.parametrize("name", published.RUNS)
def test_series_are_standardised_as_published(first_panel, name):
    run = published.Run(name)
    fitted = estimate(first_panel, run.model, 1, 1e-4, published.FIRST_DAY)
    np.testing.assert_allclose(list(fitted["means"].values()), run.result["Mx"].ravel(), rtol=1e-9)
    np.testing.assert_allclose(list(fitted["standard_deviations"].values()), run.result["Wx"].ravel(), rtol=1e-9)
