"""A past day is asked for, and answers with what was known on it and nothing else."""

import json
from datetime import date
from fractions import Fraction

import pytest

from tests.marts import oracles_macro as departments
from tests.marts.oracles_macro import position_in_ten_years, year_before

pytestmark = [pytest.mark.service, pytest.mark.timeout(1500)]

REVISIONS = {2015: (16803.12, 14469.80), 2018: (20352.51, 19329.26), 2022: (26300.90, 25914.59)}  # Guangxi's GDP before and after the fifth economic census
BEFORE, AFTER = "2024-01-01", "2026-05-01"
DAY_IN_JULY = "2024-07-20"
WITHOUT_VINTAGES = "mart_macro__reconciliation"
GDP_OF_GUANGXI = {
    "mart_macro__series": "select cast(period as int) as year, value from {table} where indicator_code = 'gross_domestic_product__current' and division_code = '450000' and industry_code = 'TOTAL' and period in ('2015', '2018', '2022') order by 1",
    "mart_economy__gdp": "select year, value_added_cny_100m as value from {table} where division_code = '450000' and industry_code = 'GDP' and frequency = 'annual' and year in (2015, 2018, 2022) order by 1",
}


def asked(guihu, query: str, *more: str) -> list[dict]:
    done = guihu("sql", query, "--format", "json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("day, at", [(BEFORE, 0), (AFTER, 1)])
@pytest.mark.parametrize("mart", GDP_OF_GUANGXI)
class TestGuangxisGdpBeforeAndAfterTheEconomicCensus:
    def test_by_the_macro_of_the_mart(self, guihu, released, mart, day, at):
        rows = asked(guihu, GDP_OF_GUANGXI[mart].format(table=f"mart.{mart}__as_of(date '{day}')"))
        assert [(row["year"], row["value"]) for row in rows] == [(year, values[at]) for year, values in REVISIONS.items()]

    def test_by_the_option_of_the_command(self, guihu, released, mart, day, at):
        rows = asked(guihu, GDP_OF_GUANGXI[mart].format(table=f"mart.{mart}"), "--as-of", day)
        assert [(row["year"], row["value"]) for row in rows] == [(year, values[at]) for year, values in REVISIONS.items()]


@pytest.mark.parametrize("day, values", [("2016-10-27", []), ("2016-10-28", [16702.1])])
def test_american_gdp_of_a_quarter_is_there_from_the_day_of_its_release(marts, day, values):
    known = marts.execute(
        """select value from fct_observation where indicator_code = 'us_gdpc1__current' and period = '2016Q3'
           and vintage_date <= ? and (superseded_date is null or superseded_date > ?)""",
        [day, day],
    ).fetchall()
    assert [value for (value,) in known] == values


def test_before_anything_was_known_every_mart_is_empty(guihu, released):
    tables = [row["t"] for row in asked(guihu, "select distinct table_name as t from information_schema.columns where table_schema = 'mart' and column_name = 'superseded_date' and table_name like 'mart_%'")]
    counts = asked(guihu, " union all by name ".join(f"select '{table}' as t, count(*) as n from mart.{table}" for table in tables), "--as-of", "2010-01-01")
    print(f"marts with vintages, asked for a day before any: {len(counts)}, rows {sum(row['n'] for row in counts)}")
    assert len(counts) >= 10
    assert [row for row in counts if row["n"]] == []


def test_a_table_without_vintages_is_refused_and_told_so(guihu, released):
    done = guihu("sql", f"select count(*) from mart.{WITHOUT_VINTAGES}", "--as-of", BEFORE)
    assert done.returncode != 0
    assert "without vintages" in done.stderr
    assert guihu("sql", f"select count(*) from mart.{WITHOUT_VINTAGES}").returncode == 0


@pytest.fixture(scope="module")
def monitor(guihu, released) -> list[dict]:
    query = "select concept_code, division_code, period, figure_pct, figure_before_pct, position_pct, position_periods, vintage_date, figure_known_date, adjusted_month, feed from mart.mart_macro__monitor"
    return asked(guihu, query, "--as-of", DAY_IN_JULY)


def test_the_monitor_of_a_day_in_july_knows_nothing_published_later(monitor):
    late = [row for row in monitor if max(row["vintage_date"], row["figure_known_date"]) > DAY_IN_JULY]
    print(f"rows of the monitor on {DAY_IN_JULY}: {len(monitor)}, of them published later: {len(late)}")
    assert late == []
    assert {row["adjusted_month"] for row in monitor} <= {None} | {f"{year}-{month:02d}-01" for year in range(2017, 2025) for month in range(1, 13) if (year, month) <= (2024, 6)}


def test_the_monitor_of_a_day_in_july_is_what_the_bytes_sent_by_then_amount_to(settings, monitor):
    by_hand = _monitor_by_hand(settings.home, DAY_IN_JULY)
    ours = {(row["concept_code"], row["division_code"]): row for row in monitor if row["feed"].removeprefix("economy.") in departments.FEEDS}
    print(f"concepts and divisions: {len(ours)} in the monitor, {len(by_hand)} by hand; of another source (house prices): {len(monitor) - len(ours)}")
    assert ours.keys() == by_hand.keys()
    for key, figures in by_hand.items():
        row, (*before, last) = ours[key], figures
        assert row["period"] == last, key
        assert row["figure_pct"] == pytest.approx(float(figures[last]), abs=1e-9), key
        assert row["figure_before_pct"] == (pytest.approx(float(figures[before[-1]]), abs=1e-9) if before else None), key
        assert row["position_periods"] == len(figures), key
        assert row["position_pct"] == pytest.approx(float(position_in_ten_years(list(figures.values()))), abs=1e-9), key


def _monitor_by_hand(home, day: str) -> dict[tuple[str, str], dict[str, Fraction]]:
    """(concept, division) → period → figure, from what was sent by a day: what the monitor quotes of each."""
    known = {departments.named(cell): value for feed in departments.FEEDS for cell, value in departments.standing(home, feed, day).items()}
    found: dict[tuple[str, str], dict[str, Fraction]] = {}
    for (code, division, industry, period), value in sorted(known.items(), key=lambda item: item[0][3]):
        concept, _, convention = code.rpartition("__")
        row = departments.concepts()[concept]
        if industry != "TOTAL" or convention != row["headline_convention"] or concept == "industry_output":
            continue
        is_level = convention in ("current", "cumulative", "end_of_period") and row["unit"] != "%"
        last_year = known.get((code, division, industry, year_before(period)))
        if is_level and last_year is None:
            continue
        figure = 100 * (value / last_year - 1) if is_level else value - 100 if convention.endswith("_index") else value
        found.setdefault((concept, division), {})[period] = figure
    return found


def test_a_release_day_moves_the_monitor_and_the_day_before_does_not(guihu, released):
    """Retail sales up to June were published on 18 July 2024."""
    query = "select period from mart.mart_macro__monitor where concept_code = 'retail_sales' and division_code = '450000'"
    assert [asked(guihu, query, "--as-of", str(date(2024, 7, day))) for day in (17, 18)] == [[{"period": "2023-01/2023-12"}], [{"period": "2024-01/2024-06"}]]
