"""Figures of the synthetic bulletins: bound to what Guangxi published, without a step in January, and true to their own arithmetic."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from infra.demo import bulletins, census, factories
from infra.demo.economy import FIRST_YEAR, Bulletin, Series, Statistics
from infra.demo.figures import GDP, LAST_YEAR, festival_share, published

BULLETINS = {bulletin.feed: bulletin for bulletin in (*bulletins.BULLETINS, factories.OUTPUT)}
FLOWS = [(bulletin, one) for bulletin in BULLETINS.values() for one in bulletin.series if one.kind == "flow"]
FINISHED = range(FIRST_YEAR, LAST_YEAR)
CITIES = 14
SECTORS = {"地区生产总值": GDP, "第一产业增加值": "第一产业", "第二产业增加值": "第二产业", "第三产业增加值": "第三产业"}
WEIGHTS = {"新订单指数": 0.30, "生产指数": 0.25, "从业人员指数": 0.20, "供应商配送时间指数": 0.15, "原材料库存指数": 0.10}


@pytest.fixture(scope="module")
def statistics() -> Statistics:
    return Statistics(7, 0)


def test_every_finished_year_of_every_flow_has_the_amount_that_binds_it(statistics):
    missed = []
    for bulletin, one in FLOWS:
        for year in FINISHED:
            size = census.persons().sum() if one.per == "persons" else published(year, one.per)
            told = statistics.total(bulletin, one, year, 1, 12)[0]
            if abs(told - one.base * size) > CITIES * 0.5 * 10**-one.decimals + 1e-6:
                missed.append((bulletin.feed, one.indicator, year, told, one.base * size))
    print(f"bound to what was published: {len(FLOWS)} flows × {len(FINISHED)} years")
    assert len(FLOWS) >= 75
    assert missed == []


def test_the_four_quarters_of_the_region_are_the_published_product_and_its_sectors(statistics):
    _, records = BULLETINS["economy/gdp_regional"].table(statistics, FINISHED, 12)
    seen = 0
    for code, _, indicator, convention, _, year, _, *quarters in records:
        if code == "450000" and convention == "累计":
            told = [float(text) for text in quarters]
            assert told == sorted(told) and len(told) == 4
            assert told[-1] == pytest.approx(published(int(year), SECTORS[indicator]), abs=0.1), (indicator, year)
            seen += 1
    assert seen == len(SECTORS) * len(FINISHED)


def test_january_is_no_step():
    """Without seasons, cycle and festival, January follows December as any month follows the one before: only noise and the growth of a month lie between them."""
    steps: dict[bool, list[float]] = {True: [], False: []}
    for _, one in FLOWS:
        path = neutral_path(Statistics(7, 0), one)
        for place, (before, after) in enumerate(pairwise(path), 1):
            steps[place % 12 == 0].append(abs(after / before - 1))
    januaries, others = (np.array(steps[is_january]) for is_january in (True, False))
    assert len(januaries) == len(FLOWS) * (LAST_YEAR - FIRST_YEAR)
    assert januaries.max() < 0.06
    assert januaries.mean() < 1.3 * others.mean()


def test_the_index_of_purchasing_managers_is_the_weighted_mean_of_its_parts(statistics):
    _, records = BULLETINS["economy/purchasing_managers"].table(statistics, range(FIRST_YEAR, LAST_YEAR + 1), 9)
    months: dict[str, dict[str, float]] = {}
    for indicator, month, _, text in records:
        months.setdefault(month, {})[indicator] = float(text)
    assert len(months) == 93
    for month, told in months.items():
        weighted = sum(weight * (100 - told[part] if part == "供应商配送时间指数" else told[part]) for part, weight in WEIGHTS.items())
        assert told["制造业采购经理指数"] == pytest.approx(weighted, abs=0.05 + 1e-9), month


@pytest.mark.parametrize("feed", ["economy/consumption", "economy/trade"])
def test_the_months_since_january_add_up_to_their_sum(statistics, feed):
    _, records = BULLETINS[feed].table(statistics, range(FIRST_YEAR, LAST_YEAR + 1), 9)
    so_far: Counter = Counter()
    for code, _, indicator, period, _, current, cumulative, _ in records:
        so_far[code, indicator, period[:4]] += float(current)
        assert so_far[code, indicator, period[:4]] == pytest.approx(float(cumulative), abs=0.005), (code, indicator, period)
    assert len(so_far) == 15 * 3 * (LAST_YEAR - FIRST_YEAR + 1)


@pytest.mark.parametrize("bulletin", [b for b in BULLETINS.values() if "cumulative" in b.conventions], ids=lambda bulletin: bulletin.feed)
def test_a_sum_since_january_never_falls(statistics, bulletin: Bulletin):
    for one in bulletin.series:
        if one.kind in ("flow", "sum"):
            for year in FINISHED:
                sums = np.array([statistics.total(bulletin, one, year, 1, month) for month in range(1, 13)])
                assert (np.diff(sums, axis=0) >= 0).all(), (one.indicator, year)


def neutral_path(statistics: Statistics, one: Series) -> list[float]:
    """The region by months, each divided by its season, its place in the cycle and its share of the festival."""
    season = np.array(one.season) / np.mean(one.season)
    return [
        statistics.flow(one, year, month).sum() / season[month - 1] / (1 + one.swing * statistics.cycle(year, month, one.lead) + one.festival * festival_share(year, month))
        for year in range(FIRST_YEAR, LAST_YEAR + 1)
        for month in range(1, 13)
    ]
