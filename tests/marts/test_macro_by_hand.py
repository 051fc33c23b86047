"""The leaders' page worked out by hand: every figure from the bytes that the departments sent, planted errors left out, the last publication winning."""

from fractions import Fraction

import pytest

from tests.marts import oracles
from tests.marts import oracles_macro as departments
from tests.marts.oracles_macro import CITIES, REGION, position_in_ten_years, year_before

pytestmark = [pytest.mark.service, pytest.mark.timeout(1500)]

PUBLISHED_GROWTH = {
    "gross_regional_product": ("gdp_regional", "地区生产总值"),
    "industry_value_added": ("industry", "规模以上工业增加值"),
    "fixed_investment": ("investment", "固定资产投资（不含农户）"),
    "retail_sales": ("consumption", "社会消费品零售总额"),
    "trade_total": ("trade", "进出口"),
    "budget_revenue": ("fiscal_tax", "一般公共预算收入"),
    "industry_profit": ("industry", "规模以上工业利润总额"),
}
GROWTH_OF_LEVELS = {
    "electricity_use": ("power", "全社会用电量", "current"),
    "loans": ("finance", "金融机构本外币各项贷款余额", "end_of_period"),
    "deposits": ("finance", "金融机构本外币各项存款余额", "end_of_period"),
}
CARDS = [*PUBLISHED_GROWTH, *GROWTH_OF_LEVELS, "cpi", "pmi"]


def figures(home, concept: str, division: str = REGION) -> dict[str, Fraction]:
    """What people quote of a concept, period by period: published growth, growth of a level, an index less 100, a rate as it is."""
    if concept in PUBLISHED_GROWTH:
        return departments.series(home, *PUBLISHED_GROWTH[concept], division, "cumulative_yoy_pct")
    if concept in GROWTH_OF_LEVELS:
        feed, indicator, convention = GROWTH_OF_LEVELS[concept]
        levels = departments.series(home, feed, indicator, division, convention)
        return {period: 100 * (level / levels[year_before(period)] - 1) for period, level in levels.items() if year_before(period) in levels}
    if concept == "cpi":
        return {period: index - 100 for period, index in departments.series(home, "prices", "居民消费价格指数", division, "same_month_index").items()}
    return departments.series(home, "purchasing_managers", "制造业采购经理指数", division, "current")


def on_the_page(marts, columns: str, concept: str, division: str = REGION) -> tuple:
    return marts.execute(f"select {columns} from mart_macro__monitor where is_latest and concept_code = ? and division_code = ?", [concept, division]).fetchone()


@pytest.mark.parametrize("concept", CARDS)
def test_a_card_shows_the_last_figure_that_was_sent(settings, marts, concept):
    by_hand = figures(settings.home, concept)
    *_, before, last = by_hand
    period, figure, change = on_the_page(marts, "period, figure_pct, figure_change_pp", concept)
    print(f"{concept} {period}: {float(by_hand[last]):.4f}, {float(by_hand[last] - by_hand[before]):+.4f} on the period before")
    assert period == last
    assert figure == pytest.approx(float(by_hand[last]), abs=1e-9)
    assert change == pytest.approx(float(by_hand[last] - by_hand[before]), abs=1e-9)


@pytest.mark.parametrize("concept", CARDS)
def test_a_card_shows_the_place_of_its_figure_among_those_of_ten_years(settings, marts, concept):
    by_hand = list(figures(settings.home, concept).values())  # from 2017: all of them lie in the ten years
    position, periods = on_the_page(marts, "position_pct, position_periods", concept)
    assert periods == len(by_hand)
    assert position == pytest.approx(float(position_in_ten_years(by_hand)), abs=1e-9)


def test_cards_show_the_amounts_of_their_period(settings, marts):
    for concept, feed, indicator in (("gross_regional_product", "gdp_regional", "地区生产总值"), ("retail_sales", "consumption", "社会消费品零售总额"), ("trade_total", "trade", "进出口")):
        *_, last = departments.series(settings.home, feed, indicator, REGION, "cumulative").values()
        assert on_the_page(marts, "cumulative_value", concept) == (float(last),)


def test_the_map_shows_the_growth_of_every_city(settings, marts):
    growth = {}
    for city in CITIES:
        by_hand = figures(settings.home, "gross_regional_product", city)
        *_, last = by_hand
        growth[city] = float(by_hand[last])
        assert on_the_page(marts, "period, figure_pct", "gross_regional_product", city) == (last, growth[city]), city
    print(f"cities on the map: {len(growth)}, from {min(growth.values())} to {max(growth.values())} %")
    assert len(growth) == 14


def test_provinces_are_ranked_as_the_last_publication_has_them(settings, marts):
    for name in ("gdp_1952_2022_as_first_published.json", "gdp_2015_2024_revised_5th_econ_census.csv"):
        assert oracles.sent(settings.home, name).read_bytes() == (oracles.DATA / "economy/gdp_provincial" / name).read_bytes()
    accounts = oracles.provincial_gdp()[oracles.REVISED]
    values = {name: value for (name, year), value in accounts.items() if year == 2024 and name not in ("中国", "全国")}
    growth = {name: value / accounts[name, 2023] for name, value in values.items()}
    rows = marts.execute("select division_name_zh, value_added_cny_100m, rank_by_value, growth_nominal_yoy_pct, rank_by_growth from mart_macro__province where industry_code = 'GDP' and year = 2024").fetchall()
    assert len(rows) == len(values) == 31
    for name, value, by_value, growth_pct, by_growth in rows:
        assert value == float(values[name])
        assert by_value == 1 + sum(other > values[name] for other in values.values())
        assert growth_pct == pytest.approx(float(100 * (growth[name] - 1)), abs=1e-9)
        assert by_growth == 1 + sum(other > growth[name] for other in growth.values())
    guangxi = next(row for row in rows if row[0] == "广西壮族自治区")
    print(f"Guangxi 2024 among {len(rows)} provinces: {guangxi[1]}, rank {guangxi[2]}; growth {guangxi[3]:.2f} %, rank {guangxi[4]}")


@pytest.mark.parametrize("feed", departments.FEEDS)
def test_the_core_holds_every_figure_that_could_be_believed_and_no_other(settings, marts, feed):
    by_hand = {}
    for cell, log in departments.vintages(settings.home, feed).items():
        ends = [day for day, _ in log[1:]] + [None]
        by_hand |= {(*departments.named(cell), day): (float(value), end) for (day, value), end in zip(log, ends, strict=True)}
    rows = marts.execute("select indicator_code, division_code, industry_code, period, vintage_date, superseded_date, value from fct_observation where feed = ?", [f"economy.{feed}"]).fetchall()
    held = {(*row[:4], str(row[4])): (row[6], row[5] and str(row[5])) for row in rows}
    print(f"economy.{feed}: {len(rows)} figures in the core, {len(by_hand)} by hand, {len(departments.spoilt(settings.home, feed))} cells spoilt in some publication")
    assert len(rows) == len(held) > 500
    assert held == by_hand
