"""Every mart against numbers worked out from the raw files without the house."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from tests.marts import oracles

pytestmark = [pytest.mark.service, pytest.mark.timeout(1500)]

COLUMNS = {"人口数_合计": "permanent_population_persons", "人口数_男": "men_persons", "人口数_女": "women_persons", "城镇人口": "urban_persons", "乡村人口": "rural_persons", "家庭户数": "households"}
SERIES = {("new", "all"): "new_home_price_index", ("existing", "all"): "existing_home_price_index", ("new", "small"): "new_small_home_index", ("existing", "large"): "existing_large_home_index"}


def test_every_model_test_and_every_unit_test_passed(released):
    passed, failed = (sum(map(int, re.findall(rf"{word}=(\d+)", released["build"]))) for word in ("PASS", "ERROR"))
    unit_tests = re.findall(r"PASS (\w+)::", released["build"])
    models = re.findall(r"OK created sql table model \S*?(\w+) \.", released["build"])
    oracles_text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.py"))
    print(f"dbt: {passed} passed, of them {len(models)} models and {len(unit_tests)} unit tests of {len(set(unit_tests))} models")
    assert failed == 0
    assert len(models) >= 35
    assert [model for model in models if model not in unit_tests and model not in oracles_text] == [], "models that neither a unit test nor an oracle holds"


def test_each_division_of_the_census_has_the_figures_of_the_yearbook(marts):
    rows = marts.execute(f"select division_code, level, {', '.join(COLUMNS.values())} from mart_population__structure").fetchall()
    assert len(rows) == 126
    for code, level, *figures in rows:
        assert level == oracles.level_of(code)
        assert figures == [int(oracles.census()[code][item]) for item in COLUMNS], code


def test_ages_add_up_to_men_and_women_of_each_division(marts):
    rows = marts.execute("select division_code, sex, sum(persons) from mart_population__age_sex group by all").fetchall()
    assert len(rows) == 252
    for code, sex, persons in rows:
        assert persons == int(oracles.census()[code]["人口数_男" if sex == "male" else "人口数_女"])


def test_every_vintage_of_provincial_gdp_is_there_and_grows_only_inside_itself(marts):
    rows = marts.execute(
        """select case division_name_zh when '全国' then '中国' else division_name_zh end, year, vintage_date, value_added_cny_100m, growth_nominal_yoy_pct
           from mart_economy__gdp where frequency = 'annual' and industry_code = 'GDP'"""
    ).fetchall()
    vintages = oracles.provincial_gdp()
    first, revised = vintages[oracles.AS_FIRST_PUBLISHED], vintages[oracles.REVISED]
    expected = {(*key, oracles.AS_FIRST_PUBLISHED): value for key, value in first.items()}
    expected |= {(*key, oracles.REVISED): value for key, value in revised.items() if first.get(key) != value}
    assert {row[:3] for row in rows} == set(expected)
    for division, year, vintage, value, growth in rows:
        assert value == pytest.approx(float(expected[division, year, vintage]), abs=1e-9)
        before = vintages[vintage].get((division, year - 1))
        assert growth == (None if before is None else pytest.approx(float(100 * (expected[division, year, vintage] / before - 1)), abs=1e-9))
    assert len(rows) > 2_400


def test_quarterly_gdp_is_the_export_cell_by_cell(marts):
    rows = marts.execute("select accumulation, year, quarter, value_added_cny_100m, growth_nominal_yoy_pct, growth_real_yoy_pct, deflator_yoy_index from mart_economy__gdp where frequency = 'quarterly' and industry_code = 'GDP'").fetchall()
    levels, indices = (oracles.quarterly_gdp(f"nbs_quarterly_gdp_{name}.csv") for name in ("current_prices", "indices"))
    kinds = {"current": "Current Quarter", "accumulated": "Accumulated"}
    assert len(rows) == 36
    for accumulation, year, quarter, value, nominal, real, deflator in rows:
        level = {y: levels.get(("Gross Domestic Product", kinds[accumulation], y, quarter)) for y in (year, year - 1)}
        index = indices["Indices of Gross Domestic Product", kinds[accumulation], year, quarter]
        assert value == float(level[year])
        assert real == pytest.approx(float(index - 100), abs=1e-9)
        if level[year - 1] is None:
            assert nominal is None
        else:
            assert nominal == pytest.approx(float(100 * (level[year] / level[year - 1] - 1)), abs=1e-9)
            assert deflator == pytest.approx(float(level[year] / level[year - 1] / index * 10_000), abs=1e-9)


@pytest.mark.parametrize("city", ["Nanning", "Guilin", "Beihai", "Beijing", "Urumqi"])
def test_house_price_chains_are_products_of_the_published_indices(marts, city):
    for (market, size), series in SERIES.items():
        found = marts.execute("select month, chain_index_2010_12_100 from mart_economy__house_price where city_name_en = ? and market = ? and dwelling_size = ? and chain_index_2010_12_100 is not null", [city, market, size])
        chain = dict(found.fetchall())
        expected = oracles.house_price_chain(city, series)
        assert chain.keys() == expected.keys()
        assert all(chain[month] == pytest.approx(expected[month], rel=1e-9) for month in expected)


def test_air_quality_is_the_formula_and_the_published_index_at_every_station(marts):
    rows = marts.execute("select station_code, aqi, level_zh, primary_pollutants_zh, is_complete, equals_published from mart_environment__air_quality").fetchall()
    assert len(rows) == 1495
    for code, aqi, level, primaries, is_complete, _ in rows:
        assert (aqi, level, set((primaries or "").split(",")) - {""}, is_complete) == oracles.air_quality(oracles.stations()[code]), code
    assert [sum(bool(row[4]) for row in rows), sum(bool(row[4] and row[5]) for row in rows)] == [1324, 1324]


def test_the_stock_of_enterprises_counts_those_in_business_at_the_end_of_each_month(settings, marts):
    histories = oracles.registered(settings.home)
    place = dict(marts.execute("select division_code, place_code from dim_division").fetchall())
    months = {date(2020, 6, 1): "2020-06-30", date(2023, 12, 1): "2023-12-31", date(2024, 3, 1): "2024-03-31", date(2024, 6, 1): "2024-06-30"}
    for month, end in months.items():
        expected: dict[str, int] = {}
        for code, enterprises in oracles.in_business(histories, end).items():
            expected[place[code]] = expected.get(place[code], 0) + enterprises
        found = marts.execute("select division_code, sum(stock_enterprises) from mart_legal_person__stock where month = ? group by all having sum(stock_enterprises) > 0", [month]).fetchall()
        assert dict(found) == expected, month
    total = marts.execute("select sum(stock_enterprises) from mart_legal_person__stock where month = date '2024-06-01'").fetchone()[0]
    assert total > 0.8 * len(histories)


def test_deliveries_are_accounted_for_and_reasons_add_up_to_no_less_than_the_rows(marts):
    rows = marts.execute("select count(*), count(*) filter (is_accounted) from mart_operations__delivery where status = 'loaded'").fetchone()
    assert rows[0] == rows[1] >= 23
    short = marts.execute(
        """select delivery_id, any_value(d.rows_quarantined), sum(q.quarantined_rows) from mart_operations__delivery as d
           left join mart_operations__quarantine as q using (delivery_id, feed) where d.rows_quarantined > 0
           group by delivery_id having coalesce(sum(q.quarantined_rows), 0) < any_value(d.rows_quarantined)"""
    ).fetchall()
    assert short == []


HEADLINES = {
    "select permanent_population_persons as n from mart.mart_population__structure where division_code = '450000'": [{"n": 50_126_804}],
    "select value_added_cny_100m as n from mart.mart_economy__gdp where division_code = '450000' and period = '2018' and industry_code = 'GDP' order by vintage_date": [{"n": 20352.51}, {"n": 19329.26}],
    "select value_added_cny_100m as n, round(growth_nominal_yoy_pct, 2) as g from mart.mart_economy__gdp where division_code = '000000' and period = '2025Q1' and accumulation = 'current' and industry_code = 'GDP'": [{"n": 318466.4, "g": 4.58}],
    "select round(max(chain_index_2010_12_100), 4) as n from mart.mart_economy__house_price where city_name_en = 'Nanning' and market = 'new' and dwelling_size = 'all'": [{"n": 176.3185}],
    "select count(*) as n from mart.mart_environment__air_quality where is_complete and equals_published": [{"n": 1324}],
}


@pytest.mark.parametrize("sql", HEADLINES)
def test_the_release_answers_with_the_published_numbers(guihu, released, sql):
    done = guihu("sql", sql, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == HEADLINES[sql]
