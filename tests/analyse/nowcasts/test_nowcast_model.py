"""Series, transformations, blocks."""

import json

import numpy as np
import pandas as pd
import pytest

from spark_jobs.analyse.nowcast_model import Model, Series, models
from tests.analyse.nowcasts import published


def levels(*values: float) -> pd.Series:
    return pd.Series(values, index=pd.period_range("2023-01", periods=len(values), freq="M"), dtype=float)


MONTHLY = levels(100, 102, *[102] * 10, 110)  # January 2023 to January 2024
QUARTERLY = levels(*[np.nan, np.nan, 100, np.nan, np.nan, 102, np.nan, np.nan, 102, np.nan, np.nan, 102, np.nan, np.nan, 110])


@pytest.mark.parametrize(
    "transformation, february, january",
    [
        ("lin", 102, 110),
        ("log", np.log(102), np.log(110)),
        ("chg", 2, 8),
        ("ch1", None, 10),
        ("pch", 2, 800 / 102),
        ("pc1", None, 10),
        ("pca", 26.824179, ((110 / 102) ** 12 - 1) * 100),
    ],
)
def test_a_month_is_compared_with_the_month_before_or_the_year_before(transformation, february, january):
    found = Series("x", "m", transformation, ("global",)).transformed(MONTHLY)
    assert found["2024-01"] == pytest.approx(january)
    assert (found["2023-02"] == pytest.approx(february)) if february is not None else pd.isna(found["2023-02"])


@pytest.mark.parametrize(
    "transformation, second, fifth",
    [
        ("lin", 102, 110),
        ("log", np.log(102), np.log(110)),
        ("chg", 2, 8),
        ("ch1", None, 10),
        ("pch", 2, 800 / 102),
        ("pc1", None, 10),
        ("pca", 8.243216, ((110 / 102) ** 4 - 1) * 100),
    ],
)
def test_a_quarter_is_compared_with_the_quarter_before_or_the_year_before(transformation, second, fifth):
    found = Series("x", "q", transformation, ("global",)).transformed(QUARTERLY)
    assert found["2024-03"] == pytest.approx(fifth)
    assert (found["2023-06"] == pytest.approx(second)) if second is not None else pd.isna(found["2023-06"])
    assert found.dropna().index.month.isin([3, 6, 9, 12]).all()


def test_growth_after_a_month_that_nobody_published_is_unknown():
    found = Series("retail", "m", "pch", ("global",)).transformed(levels(100, np.nan, 102, 103))
    assert found.isna().to_list() == [True, True, True, False]


def test_what_cannot_be_transformed_is_an_error_and_names_the_month():
    with pytest.raises(ValueError, match="profit: pch needs values above zero, 2023-02 is -5"):
        Series("profit", "m", "pch", ("global",)).transformed(levels(3, -5, 4))
    with pytest.raises(ValueError, match="gdp is quarterly and has a value at 2023-02"):
        Series("gdp", "q", "pca", ("global",)).transformed(levels(np.nan, 100))
    with pytest.raises(ValueError, match="'sqrt'"):
        Series("x", "m", "sqrt", ("global",))


def test_the_model_of_the_united_states_is_the_new_york_feds(us_model):
    assert us_model.blocks == ["global", "labor", "real", "soft"]
    loading = {block: sum(block in series.blocks for series in us_model.series) for block in us_model.blocks}
    print(f"series: {len(us_model.series)}, of them loading on {loading}")
    assert (len(us_model.series), [series.code for series in us_model.series if series.frequency == "q"]) == (25, ["GDPC1", "ULCNFB"])
    assert loading == {"global": 25, "soft": 2, "real": 13, "labor": 4}


@pytest.mark.parametrize("run", published.RUNS)
def test_the_seed_transforms_each_series_as_the_published_specification_does(us_model, run):
    specification = {series.code: (series.frequency, series.transformation) for series in published.Run(run).model.series}
    assert {code: (us_model.one(code).frequency, us_model.one(code).transformation) for code in specification} == specification


def test_a_model_survives_json(us_model):
    assert Model.from_dictionary(json.loads(json.dumps(us_model.to_dictionary()))) == us_model


def test_a_target_that_is_no_series_of_its_model_is_an_error():
    model = {"model": "guangxi", "target": "gdp", "sample_start": "2010-01", "factors_per_block": "1", "factor_order": "1"}
    with pytest.raises(ValueError, match="its target gdp is none of its 0 series"):
        models([model], [])


def test_a_panel_that_lacks_a_series_or_its_values_is_an_error(us_model, first_panel):
    with pytest.raises(ValueError, match="the panel lacks PAYEMS"):
        us_model.transformed(first_panel.drop(columns="PAYEMS"))
    with pytest.raises(ValueError, match="fewer than two values since 2000-01: PAYEMS"):
        us_model.transformed(first_panel.assign(PAYEMS=first_panel["PAYEMS"].where(first_panel.index < "2000-01")))
