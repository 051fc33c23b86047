"""Periods, indicators, output of industry and changes, each worked out a second time in plain Python."""

import calendar
import csv
from collections import Counter, defaultdict
from datetime import date

import pytest

from spark_jobs.settings import CHECKOUT

pytestmark = [pytest.mark.service, pytest.mark.timeout(1500)]
SEEDS = CHECKOUT / "dbt_project" / "seeds"


def test_every_period_is_the_days_that_its_code_says(marts):
    rows = marts.execute("select period, frequency, first_date, last_date, months from dim_period").fetchall()
    for code, frequency, first, last, months in rows:
        assert (first, last) == days_of(code), code
        assert months == (last.year - first.year) * 12 + last.month - first.month + 1
        assert frequency == ("year_to_date" if "/" in code else "quarterly" if "Q" in code else "monthly" if "-" in code else "annual")
    print(f"periods: {len(rows)}")
    assert len(rows) == 87 * (12 + 12 + 4 + 1)


def test_every_concept_stands_in_its_conventions_with_one_headline_and_at_most_one_level(marts):
    with (SEEDS / "indicator.csv").open(encoding="utf-8", newline="") as file:
        concepts = {row["concept_code"]: row for row in csv.DictReader(file)}
    rows = marts.execute("select indicator_code, concept_code, convention, is_headline, is_level, release_day, owner from dim_indicator").fetchall()
    assert {row[0] for row in rows} == {f"{code}__{convention}" for code, row in concepts.items() for convention in row["conventions"].split("|")}
    headlines, levels = Counter(row[1] for row in rows if row[3]), Counter(row[1] for row in rows if row[4])
    assert headlines == dict.fromkeys(concepts, 1)
    assert levels == {code: 1 for code, row in concepts.items() if row["level_convention"]}
    assert all(owner for *_, owner in rows)
    print(f"concepts: {len(concepts)}, indicators: {len(rows)}")


def test_growth_of_output_is_over_the_month_a_year_before_and_contributions_add_up(marts):
    rows = marts.execute("select division_code, industry_code, month, output_cny_100m, growth_yoy_pct, contribution_pp from mart_industry__output where is_latest").fetchall()
    output = {(division, industry, month): value for division, industry, month, value, *_ in rows}
    whole, parts, compared = defaultdict(lambda: [0.0, 0.0]), defaultdict(float), 0
    for division, industry, month, value, growth, contribution in rows:
        before = output.get((division, industry, month.replace(year=month.year - 1)))
        assert (growth is None) == (before is None), (division, industry, month)
        if before is not None:
            compared += 1
            assert growth == pytest.approx(100 * (value / before - 1), abs=1e-9)
            whole[division, month][0] += value
            whole[division, month][1] += before
            parts[division, month] += contribution
    for key, (now, before) in whole.items():
        assert parts[key] == pytest.approx(100 * (now / before - 1), abs=1e-9), key
    print(f"growth rates: {compared} of {len(rows)} figures, sums of contributions: {len(whole)}")
    assert compared > 10_000


def test_a_change_is_a_new_figure_or_a_revision_of_the_one_before(marts):
    rows = marts.execute("select concept_code, period, vintage_date, kind, value, value_before, revision from mart_macro__change order by concept_code, period, vintage_date").fetchall()
    before: dict[tuple[str, str], float] = {}
    revisions = 0
    for concept, period, _, kind, value, value_before, revision in rows:
        assert value_before == before.get((concept, period))
        assert kind == ("new" if value_before is None else "revision")
        if kind == "revision":
            revisions += 1
            assert revision == pytest.approx(value - value_before)
            assert revision != 0
        before[concept, period] = value
    print(f"changes: {len(rows)}, of them revisions: {revisions}")
    assert revisions >= 5


def days_of(code: str) -> tuple[date, date]:
    first, _, last = code.partition("/")
    if "Q" in code:
        year, quarter = int(code[:4]), int(code[5])
        first, last = f"{year}-{3 * quarter - 2:02d}", f"{year}-{3 * quarter:02d}"
    elif len(code) == 4:
        first, last = f"{code}-01", f"{code}-12"
    year, month = map(int, (last or first).split("-"))
    return date.fromisoformat(f"{first}-01"), date(year, month, calendar.monthrange(year, month)[1])
