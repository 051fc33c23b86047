"""The composite index is The Conference Board's, step by step, and its change is wholly explained by its components."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels

from spark_jobs.analyse.composite_index import (
    DIFFERENCE,
    LEVEL,
    PERCENT,
    STANDARDISED,
    TREND,
    Component,
    chained,
    component_changes,
    component_contributions,
    composite_index,
    rebased,
    standardisation_factors,
    symmetric_percent_change,
)
from spark_jobs.analyse.turning_points import turning_points

VINTAGE = Path(statsmodels.__file__).parent / "tsa/statespace/tests/results/frbny_nowcast/Nowcasting/data/US/2016-07-29.csv"
PARTS = {"output": Component(PERCENT), "rate": Component(DIFFERENCE), "orders": Component(STANDARDISED), "idle": Component(PERCENT, is_inverted=True)}


@pytest.fixture
def values() -> pd.DataFrame:
    rng, months = np.random.default_rng(7), pd.period_range("2018-01", "2022-12", freq="M")
    cycle = np.sin(np.arange(60) * 2 * np.pi / 40)
    return pd.DataFrame(
        {
            "output": 100 * np.exp(0.003 * np.arange(60) + 0.03 * cycle + rng.normal(0, 0.002, 60)),
            "rate": 4 + cycle + rng.normal(0, 0.1, 60),
            "orders": 50 + 3 * cycle + rng.normal(0, 0.5, 60),
            "idle": 5 - cycle + rng.normal(0, 0.1, 60),
        },
        index=months,
    )


def test_the_published_example_of_the_working_week():
    """The Conference Board, "Updating the Composite Indexes": weekly hours March and April 1998, and the leading index of April."""
    hours = pd.Series([41.8, 41.4], pd.period_range("1998-03", periods=2, freq="M"), name="hours")
    change = symmetric_percent_change(hours)["1998-04"]
    assert round(change, 2) == -0.96
    contributions, _ = component_contributions(pd.DataFrame({"hours": [change], "others": [0.0]}, index=hours.index[1:]), pd.Series({"hours": 0.189, "others": 0.811}))
    assert round(contributions.loc["1998-04", "hours"], 2) == -0.18
    level = chained(pd.Series([0.06], hours.index[1:]))
    assert round(105.2 * level["1998-04"] / 100, 1) == 105.3


def test_the_whole_way_by_hand_for_two_components():
    months = pd.period_range("2020-12", periods=14, freq="M")
    output, rate = [100, 102, 101, 104, 103, 106, 108, 107, 109, 112, 111, 114, 113, 115], [5, 5.2, 5.1, 5.3, 5.6, 5.5, 5.4, 5.8, 5.9, 5.7, 6, 6.1, 6.4, 6.3]
    changes = [[200 * (b - a) / (b + a) for a, b in zip(output, output[1:])], [b - a for a, b in zip(rate, rate[1:])]]
    weights = [1 / np.std(change, ddof=1) for change in changes]
    growth = [(one * weights[0] + other * weights[1]) / sum(weights) for one, other in zip(*changes)]
    level = [100.0]
    for step in growth:
        level.append(level[-1] * (200 + step) / (200 - step))
    expected = [one / (sum(level[1:13]) / 12) * 100 for one in level]
    found = composite_index(pd.DataFrame({"output": output, "rate": rate}, index=months), {"output": Component(PERCENT), "rate": Component(DIFFERENCE)}, base_year=2021)
    assert found.index.to_numpy() == pytest.approx(expected, rel=1e-12) and len(expected) == 14
    assert found.index["2021-01":"2021-12"].mean() == pytest.approx(100)
    assert found.factors.to_numpy() == pytest.approx(np.array(weights) / sum(weights))


def test_contributions_add_up_to_the_growth_and_the_growth_to_the_index(values):
    coincident = composite_index(values[["output", "rate"]], {name: PARTS[name] for name in ("output", "rate")}, base_year=2020)
    leading = composite_index(values, PARTS, base_year=2020, coincident_growth_pct=coincident.growth_pct)
    error = (leading.contributions_pct.sum(axis=1)[1:] - leading.growth_pct[1:]).abs().max()
    print(f"largest difference of {len(leading.growth_pct) - 1} months {error:.1e}")
    assert error < 1e-12 and list(leading.contributions_pct.columns) == [*PARTS, TREND]
    assert symmetric_percent_change(leading.index)[1:].to_numpy() == pytest.approx(leading.growth_pct[1:].to_numpy())
    assert leading.growth_pct.mean() == pytest.approx(coincident.growth_pct.mean())  # the trend is the coincident index's


def test_each_component_has_the_same_say(values):
    changes = component_changes(values, PARTS)
    factors = standardisation_factors(changes)
    assert factors.sum() == pytest.approx(1)
    assert (changes.std() * factors).to_numpy() == pytest.approx([(changes.std() * factors).iloc[0]] * 4)


def test_what_rises_when_business_falls_is_turned_round(values):
    changes = component_changes(values, PARTS)
    assert changes["idle"].to_numpy() == pytest.approx(-symmetric_percent_change(values["idle"])[1:].to_numpy())
    assert changes["idle"].corr(changes["output"]) > 0


def test_a_diffusion_index_and_a_spread_enter_by_their_level(values):
    changes = component_changes(values, {"orders": Component(STANDARDISED), "rate": Component(LEVEL)})
    assert changes["rate"].equals(values["rate"][1:])
    assert changes["orders"].iloc[0] == pytest.approx((values["orders"].iloc[1] - values["orders"].mean()) / values["orders"].std())


def test_at_the_ragged_edge_the_known_components_carry_the_month_and_it_is_said_how_many(values):
    values.loc["2022-12", ["rate"]] = np.nan
    found = composite_index(values, PARTS, base_year=2020)
    assert found.coverage["2022-11"] == "4 of 4" and found.coverage["2022-12"] == "3 of 4"
    known = found.factors.drop("rate")
    changes = component_changes(values, PARTS).loc["2022-12"].drop("rate")
    assert found.growth_pct["2022-12"] == pytest.approx((changes * known / known.sum()).sum())
    assert np.isnan(found.contributions_pct.loc["2022-12", "rate"])


def test_with_too_few_components_the_index_ends_earlier_and_a_hole_is_refused(values):
    late = values.copy()
    late.loc["2022-12", ["rate", "orders", "idle"]] = np.nan
    assert composite_index(late, PARTS, base_year=2020).index.index[-1] == pd.Period("2022-11", "M")
    values.loc["2020-06", ["rate", "orders", "idle"]] = np.nan
    with pytest.raises(ValueError, match="2020-06.*less than 50%"):
        composite_index(values, PARTS, base_year=2020)


def test_fixed_factors_leave_the_past_as_it_was(values):
    before = composite_index(values[:-3], PARTS | {"orders": Component(DIFFERENCE)}, base_year=2020)
    after = composite_index(values, PARTS | {"orders": Component(DIFFERENCE)}, base_year=2020, factors=before.factors)
    assert after.index[:-3].to_numpy() == pytest.approx(before.index.to_numpy(), rel=1e-12)


def test_what_cannot_be_computed_is_refused(values):
    with pytest.raises(ValueError, match="2030 has 0 of 12"):
        rebased(chained(pd.Series([1.0], pd.period_range("2020-02", periods=1, freq="M"))), 2030)
    with pytest.raises(ValueError, match="above zero; 1 of 2"):
        symmetric_percent_change(pd.Series([1.0, -1.0], pd.period_range("2020-01", periods=2, freq="M"), name="profit"))
    with pytest.raises(ValueError, match="a component is one of"):
        Component("guess")
    with pytest.raises(ValueError, match="no standard deviation above zero for rate"):
        composite_index(values.assign(rate=4.0), PARTS, base_year=2020)


def test_an_index_of_jobs_and_output_turns_with_the_american_business_cycle():
    """Reference dates: NBER, US Business Cycle Expansions and Contractions. Data: the New York Fed's vintage of 29 July 2016."""
    read = pd.read_csv(VINTAGE)
    values = read.set_index(pd.PeriodIndex(read["Date"], freq="M"))[["PAYEMS", "INDPRO"]].dropna()
    index = composite_index(values, {"PAYEMS": Component(PERCENT), "INDPRO": Component(PERCENT)}, base_year=2010).index
    turns = turning_points(index)
    reference = {"peak": ["1990-07", "2001-03", "2007-12"], "trough": ["1991-03", "2001-11", "2009-06"]}
    distances = {}
    for kind, dates in reference.items():
        found = turns.loc[turns["kind"] == kind, "period"]
        for date in dates:
            distances[f"{kind} {date}"] = min(((period - pd.Period(date, "M")).n for period in found), key=abs)
    print(f"{len(distances)} reference turns, distances in months {distances}; {len(turns)} turns found")
    assert max(abs(distance) for distance in distances.values()) <= 3
