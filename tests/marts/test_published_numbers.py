"""The oracles themselves, held against published numbers; no service."""

from datetime import date
from fractions import Fraction

import pytest
import yaml

from tests.marts import oracles

MEASURES = {"人口数_合计": 50_126_804, "人口数_男": 25_916_169, "人口数_女": 24_210_635, "家庭户数": None, "城镇人口": None, "乡村人口": None}


@pytest.mark.parametrize("measure, published", MEASURES.items())
def test_the_region_is_its_14_prefectures_and_its_111_counties(measure, published):
    sums = dict.fromkeys(["province", "prefecture", "county"], 0)
    counts = dict.fromkeys(sums, 0)
    for code, row in oracles.census().items():
        sums[oracles.level_of(code)] += int(row[measure])
        counts[oracles.level_of(code)] += 1
    assert list(counts.values()) == [1, 14, 111]
    assert len(set(sums.values())) == 1
    assert published in (None, sums["province"])


def test_guangxi_2018_was_known_first_as_one_value_and_later_as_another():
    vintages = oracles.provincial_gdp()
    assert vintages[oracles.AS_FIRST_PUBLISHED]["广西壮族自治区", 2018] == Fraction("20352.51")
    assert vintages[oracles.REVISED]["广西壮族自治区", 2018] == Fraction("19329.26")


def test_every_accumulated_quarter_is_the_sum_of_its_quarters():
    values = oracles.quarterly_gdp("nbs_quarterly_gdp_current_prices.csv")
    checked = 0
    for (branch, kind, year, quarter), value in values.items():
        parts = [values.get((branch, "Current Quarter", year, q)) for q in range(1, quarter + 1)]
        if kind == "Accumulated" and None not in parts:
            checked += 1
            assert abs(value - sum(parts)) <= Fraction("0.05") * quarter, (branch, year, quarter)
    print(f"accumulated cells held against their quarters: {checked}")
    assert checked >= 240


def test_the_sectors_are_within_a_tenth_of_gdp():
    values = oracles.quarterly_gdp("nbs_quarterly_gdp_current_prices.csv")
    sectors = [f"Value-added of the {sector} Industry" for sector in ("Primary", "Secondary", "Tertiary")]
    totals = {key[1:]: value for key, value in values.items() if key[0] == "Gross Domestic Product"}
    assert len(totals) == 36
    assert max(abs(sum(values[(sector, *rest)] for sector in sectors) - total) for rest, total in totals.items()) <= Fraction("0.1")


def test_nanning_new_homes_peaked_in_july_2021():
    chain = oracles.house_price_chain("Nanning", "new_home_price_index")
    peak = max(chain, key=chain.__getitem__)
    assert (peak, round(chain[peak], 4)) == (date(2021, 7, 1), 176.3185)


def test_the_formula_gives_the_published_index_at_every_complete_station():
    complete = equal = 0
    for station in oracles.stations().values():
        *ours, is_complete = oracles.air_quality(station)
        published = oracles.published_air_quality(station)
        if is_complete and published:
            complete += 1
            equal += tuple(ours) == published
    assert (complete, equal) == (1324, 1324)


def test_the_breakpoints_of_the_seed_are_those_of_the_standard():
    """Seed and oracle were written down apart from each other; 2012 must agree item by item."""
    names = {"二氧化硫": "SO2_1h", "二氧化氮": "NO2_1h", "一氧化碳": "CO_1h", "臭氧1小时": "O3_1h", "颗粒物(PM10)": "PM10_24h", "细颗粒物(PM2.5)": "PM25_24h"}
    seed = oracles.DATA.parents[2] / "dbt_project/seeds/standard_aqi_breakpoint.csv"
    rows = [line.split(",") for line in seed.read_text(encoding="utf-8").splitlines()[1:]]
    for pollutant, item in names.items():
        ends = [int(row[3]) for row in rows if row[:2] == ["HJ 633-2012", item] and row[3]]
        assert [0, *ends] == oracles.BREAKPOINTS_2012[pollutant]


def test_the_classes_of_the_seed_are_the_code_list_of_the_contract():
    root = oracles.DATA.parents[2]
    contract = yaml.safe_load((root / "expectations/credit/penalty.yaml").read_text(encoding="utf-8"))
    field = next(item for item in contract["schema"][0]["properties"] if item["name"] == "category_code")
    seed = [line.split(",")[:2] for line in (root / "dbt_project/seeds/standard_credit_class.csv").read_text(encoding="utf-8").splitlines()[1:]]
    assert seed == [[entry["value"], entry["label"]] for entry in field["enum"]]
