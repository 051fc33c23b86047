"""Growth stays within vintages, published growth stays as published, parts add up to wholes, and where they do not it is known why."""

from collections import defaultdict
from fractions import Fraction
from statistics import median

import pytest

from tests.marts import oracles
from tests.marts import oracles_macro as departments
from tests.marts.oracles_macro import CITIES, REGION, year_before

pytestmark = [pytest.mark.service, pytest.mark.timeout(1500)]

FOREVER = "9999-12-31"
OF_LEVELS = ("current", "cumulative", "end_of_period")  # conventions
SECTORS = defaultdict(lambda: ["primary", "secondary", "tertiary"], electricity_use=["primary", "secondary", "tertiary", "households"])
DECIMALS = {row["concept_code"]: int(row["decimals"]) for row in departments.seed("indicator")}
BRANCHES = {row["source_name"].casefold(): row["industry_code"] for row in departments.seed("gdp_branch")}


# --- growth ---


@pytest.fixture(scope="module")
def spans(marts) -> dict[tuple, list[tuple[str, str, float]]]:
    """(indicator, division, industry, period) → from when to when each of its values stood."""
    found = defaultdict(list)
    for *key, since, until, value in marts.execute("select indicator_code, division_code, industry_code, period, vintage_date, superseded_date, value from fct_observation").fetchall():
        found[tuple(key)].append((str(since), str(until or FOREVER), value))
    return found


@pytest.fixture(scope="module")
def growth(marts) -> list[tuple]:
    return marts.execute("select indicator_code, division_code, industry_code, period, vintage_date, superseded_date, value, value_last_year, growth_yoy_pct from int_growth__computed").fetchall()


def test_no_growth_is_computed_across_vintages(spans, growth):
    for *key, period, since, until, value, last_year, growth_pct in growth:
        since, until = str(since), str(until or FOREVER)
        assert since < until
        for of, told in ((period, value), (year_before(period), last_year)):
            stood = [(start, end) for start, end, one in spans[(*key, of)] if start <= since and until <= end and one == told]
            assert len(stood) == 1, (key, of, since, until)
        assert growth_pct == (pytest.approx(100 * (value / last_year - 1), abs=1e-9) if last_year else None)
    print(f"growth held against the days on which both its values stood: {len(growth)} of {len(growth)} rows")
    assert len(growth) > 50_000


def test_growth_is_computed_for_every_pair_of_values_that_ever_stood_together(spans, growth):
    concepts = {row["concept_code"]: row for row in departments.seed("indicator")}
    pairs = set()
    for (code, *rest, period), log in spans.items():
        concept = concepts[code.rpartition("__")[0]]
        if code.rpartition("__")[2] not in OF_LEVELS or concept["unit"] == "%" or concept["comparison_basis"] != "as_of":
            continue
        for since, until, _ in log:
            for start, end, _ in spans.get((code, *rest, year_before(period)), []):
                if max(since, start) < min(until, end):
                    pairs.add((code, *rest, period, max(since, start)))
    assert {(*row[:4], str(row[4])) for row in growth} == pairs
    assert len(growth) == len(pairs)


def test_published_growth_stands_as_published_beside_growth_that_was_computed(settings, marts):
    published = {}
    for feed in departments.FEEDS:
        for cell, log in departments.vintages(settings.home, feed).items():
            if cell[4].endswith("yoy_pct"):
                published |= {(*departments.named(cell), day): float(value) for day, value in log}
    columns = "concept_code, convention, division_code, industry_code, period, vintage_date, value, is_latest"
    rows = marts.execute(f"select {columns} from mart_macro__series where not is_computed and convention in ('yoy_pct', 'cumulative_yoy_pct')").fetchall()
    assert {(f"{row[0]}__{row[1]}", *row[2:5], str(row[5])): row[6] for row in rows} == published
    computed = {(row[0], *row[2:5]): row[6] for row in marts.execute(f"select {columns} from mart_macro__series where is_computed and convention = 'computed_cumulative_yoy_pct' and is_latest").fetchall()}
    beside = [(row[6], computed[row[0], *row[2:5]]) for row in rows if row[1] == "cumulative_yoy_pct" and row[7] and (row[0], *row[2:5]) in computed]
    other = sum(abs(said - ours) > 0.05 for said, ours in beside)
    print(f"published growth unchanged: {len(rows)} of {len(published)} figures; beside computed growth: {len(beside)}, of them more than a rounding apart: {other}")
    assert len(rows) == len(published) > 20_000
    assert len(beside) > 5_000


# --- parts and wholes ---


def test_accumulated_quarters_of_the_national_accounts_are_sums_of_quarters(marts):
    values = oracles.quarterly_gdp("nbs_quarterly_gdp_current_prices.csv")
    by_hand = {}
    for (branch, kind, year, quarter), value in values.items():
        parts = [values.get((branch, "Current Quarter", year, number)) for number in range(1, quarter + 1)]
        if kind == "Accumulated" and None not in parts:
            name = branch.removeprefix("Value-added of ").removeprefix("the ").casefold()
            industry = (BRANCHES.get(name) or BRANCHES[name.removesuffix(" industries")]).replace("GDP", "")
            by_hand[f"国内生产总值（季度） {industry}".strip(), f"{year}-01/{year}-{3 * quarter:02d}"] = (float(value), float(sum(parts)))
    rows = marts.execute("select item, period, value_of_record, other_value, is_breach from mart_macro__reconciliation where comparison = 'quarters_add_up_to_total' and other_source = 'economy.gdp_quarterly'").fetchall()
    held = {row[:2]: row[2:4] for row in rows}
    breaches = sum(row[4] for row in rows)
    print(f"accumulated cells: {len(rows)} compared of {len(by_hand)} whose quarters are all there, {breaches} breaches")
    assert len(rows) == len(by_hand) >= 240
    assert held.keys() == by_hand.keys()
    assert all(held[key] == pytest.approx(by_hand[key], abs=1e-6) for key in by_hand)
    assert breaches == 0


class Comparison:
    """One row of the reconciliation, made again from cells of what was sent."""

    def __init__(self, comparison: str, feed: str, division: str, item: str, period: str) -> None:
        name, *rest = item.split(" ")
        self.feed = feed.removeprefix("economy.")
        self.sources = {key: source for source, key in departments.names_in_the_house().items() if source[0] == feed}
        self.concept = next(code for code, row in departments.concepts().items() if row["name_zh"] == name)
        convention = next((one for one in rest if one in OF_LEVELS), "cumulative")
        industry = next((one for one in rest if one not in OF_LEVELS), "TOTAL")
        self.decimals = DECIMALS[self.concept]
        self.whole = self.cell(industry, REGION if comparison.startswith("cities") else division, convention, period)
        if comparison == "cities_add_up_to_region":
            self.parts = [self.cell(industry, city, convention, period) for city in CITIES]
        elif comparison == "sectors_add_up_to_total":
            self.parts = [self.cell(sector, division, convention, period) for sector in SECTORS[self.concept]]
        else:
            year, last = period[:4], int(period[-2:])
            self.parts = [self.cell(industry, division, "current", when) for when in (f"{year}-01/{year}-02", *(f"{year}-{month:02d}" for month in range(3, last + 1)))]

    def cell(self, industry: str, division: str, convention: str, period: str) -> departments.Cell:
        feed, source = self.sources.get((self.concept, industry)) or self.sources[self.concept, "TOTAL"]
        return feed, source, industry if self.concept == "industry_output" else "", division, convention, period

    def sides(self, values: dict[departments.Cell, Fraction]) -> tuple[Fraction, Fraction]:
        return values[self.whole], sum(values[part] for part in self.parts)

    def is_breach(self, values: dict[departments.Cell, Fraction]) -> bool:
        whole, parts = self.sides(values)
        return abs(parts - whole) > len(self.parts) * Fraction(1, 2) / 10**self.decimals


@pytest.mark.parametrize("comparison", ["cities_add_up_to_region", "sectors_add_up_to_total", "months_add_up_to_total"])
def test_parts_add_up_but_where_an_error_was_planted(settings, marts, comparison):
    """A breach is explained where a cell of it was spoilt in some publication, and with what the department had meant the parts add up."""
    rows = marts.execute("select comparison, other_source, division_code, item, period, value_of_record, other_value, is_breach from mart_macro__reconciliation where comparison = ?", [comparison]).fetchall()
    breaches = explained = 0
    ours = [row for row in rows if row[1].removeprefix("economy.") in departments.FEEDS]
    assert not any(row[-1] for row in rows if row not in ours)  # real accounts, nothing planted
    for *what, of_record, other, is_breach in ours:
        made = Comparison(*what)
        standing = departments.standing(settings.home, made.feed)
        whole, parts = made.sides(standing)
        assert (of_record, other) == (pytest.approx(float(whole), rel=1e-12), pytest.approx(float(parts), rel=1e-12)), what
        assert is_breach == made.is_breach(standing), what
        breaches += is_breach
        explained += is_breach and not {made.whole, *made.parts}.isdisjoint(departments.spoilt(settings.home, made.feed)) and not made.is_breach(departments.last_meant(settings.home, made.feed))
    print(f"{comparison}: {len(rows)} comparisons ({len(rows) - len(ours)} of real accounts), {breaches} breaches, explained by a planted error {explained} of {breaches}")
    assert len(rows) > 2_000
    assert explained == breaches


def test_two_sources_agree_within_rounding(marts):
    rows = marts.execute("select item, period, is_breach from mart_macro__reconciliation where comparison = 'two_sources'").fetchall()
    print(f"the region's own accounts and the national publication of them: {len(rows)} compared, {sum(row[2] for row in rows)} breaches")
    assert len(rows) == 4 * 7  # the total and three sectors, 2017 to 2023
    assert not any(row[2] for row in rows)


@pytest.mark.parametrize("kind", ["city", "sector"])
def test_contributions_add_up_to_the_growth_of_the_whole(settings, marts, kind):
    """On every day on which all the parts stood. A part off by half a digit in both years shifts the sum by the digit over the whole a year before."""
    rows = marts.execute(
        """select concept_code, indicator_code, division_code, period, part_code, vintage_date, superseded_date, contribution_pp, whole_growth_yoy_pct, value / nullif(growth_yoy_pct + 100, 0) / share_last_year_pct * 1e4
           from mart_macro__contribution where part_kind = ?""",
        [kind],
    ).fetchall()
    groups = defaultdict(list)
    for *key, part, since, until, points, whole, base in rows:
        groups[tuple(key)].append((part, str(since), str(until or FOREVER), points, whole, base))
    days = rounding = explained = 0
    for (concept, code, division, period), parts in groups.items():
        wanted = set(CITIES if kind == "city" else SECTORS[concept])
        for day in sorted({since for _, since, *_ in parts}):
            standing = [one for one in parts if one[1] <= day < one[2]]
            if {one[0] for one in standing} != wanted:
                continue
            assert len(standing) == len(wanted)
            days += 1
            apart = abs(sum(one[3] for one in standing) - standing[0][4])
            digit = 10.0 ** -DECIMALS[concept]
            if apart <= 100 * len(wanted) * digit / standing[0][5] + 1e-9:
                rounding += 1
                continue
            explained += _is_touched_by_an_error(settings.home, concept, code, division, period, wanted, kind)
    print(f"{kind}: {days} sums of contributions, {rounding} within rounding, {explained} of {days - rounding} others touched by a planted error")
    assert days > 500
    assert rounding + explained == days
    assert rounding > 0.9 * days


def _is_touched_by_an_error(home, concept: str, code: str, division: str, period: str, wanted: set[str], kind: str) -> bool:
    feed, _ = next(source for source, (named, _) in departments.names_in_the_house().items() if named == concept)
    spoilt = {departments.named(cell) for cell in departments.spoilt(home, feed.removeprefix("economy."))}
    pairs = [(city, "TOTAL") for city in wanted | {REGION}] if kind == "city" else [(division, industry) for industry in wanted | {"TOTAL"}]
    return any((code, place, industry, when) in spoilt for place, industry in pairs for when in (period, year_before(period)))


def test_each_city_stands_beside_the_region_and_the_other_cities(marts):
    """mart_macro__prefecture against the monitor, by plain Python: gap to the region, rank by what is better, median, highest and lowest."""
    names = "concept_code, division_code, period, figure_pct, better_when"
    known = marts.execute(f"select {names} from mart_macro__monitor where is_latest").fetchall()
    region = {(concept, period): figure for concept, code, period, figure, _ in known if code == "450000"}
    rivals = defaultdict(list)
    for concept, code, period, figure, _ in known:
        if code != "450000":
            rivals[concept, period].append(figure)
    better = {concept: when for concept, *_, when in known}
    rows = marts.execute("select concept_code, period, figure_pct, region_figure_pct, gap_pp, city_rank, cities, median_figure_pct, highest_figure_pct, lowest_figure_pct from mart_macro__prefecture").fetchall()
    for concept, period, figure, of_region, gap, rank, cities, middle, highest, lowest in rows:
        others = rivals[concept, period]
        assert of_region == region.get((concept, period))
        assert gap is None if of_region is None else gap == pytest.approx(figure - of_region, abs=1e-9)
        ahead = sum(other < figure if better[concept] == "down" else other > figure for other in others)
        assert (rank, cities) == (ahead + 1, len(others)), (concept, period)
        assert (middle, highest, lowest) == (pytest.approx(median(others)), max(others), min(others))
    print(f"cities beside the region: {len(rows)} rows of {len({row[0] for row in rows})} indicators")
    assert len(rows) == sum(map(len, rivals.values())) > 200
