"""Synthetic departments of the nine economic domains: monthly and quarterly series of the region and its 14 cities.

Every level is a share of Guangxi's published GDP of the year (or of its census population), spread over the months by a
seasonal shape and over the cities by the employed persons of the 2020 census; the region is the sum of its cities. One
publication a finished year, one for January to June 2024, one for January to September 2024, which revises some earlier months.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np

from infra.demo import census
from infra.demo.draw import uniform
from infra.demo.planting import Kind
from infra.demo.small_file import Shape, write_file

NOTE = "合成数据"
LAST_YEAR, HALF, LAST_MONTH = 2024, 6, 9
FIRST_YEAR = 2017  # growth needs the year before, indices the one before that, and GDP is known from 2015
MOST_MONTHS = (LAST_YEAR - FIRST_YEAR) * 12 + LAST_MONTH
REVISED = 0.1  # share of the months of January to June that the last publication revises
REGION = ("450000", "全区")

EVEN = (1,) * 12
YEAR_END = (9, 7, 8, 8, 8, 9, 8, 8, 9, 8, 8, 10)
FIRST_QUARTER = (12, 9, 10, 8, 8, 8, 7, 7, 8, 7, 7, 9)
SUMMER = (8, 7, 8, 8, 8, 9, 10, 10, 9, 8, 8, 8)


@dataclass(frozen=True)
class Series:
    """One indicator. `base` of a flow or stock is the amount a year for each 亿元 of GDP (for each resident where `per` says so),
    of an index the yearly drift in per cent, of a rate its level."""

    indicator: str
    unit: str
    kind: str  # flow, stock, index, rate, sum
    base: float = 0.0
    season: tuple[int, ...] = EVEN
    decimals: int = 2
    per: str = "gdp"
    parts: tuple[str, ...] = ()
    region_only: bool = False
    conventions: tuple[str, ...] = ()  # where it has not all those of its bulletin


@dataclass(frozen=True)
class Bulletin:
    """A department's table. `fixed` maps its headers to what stands there; what `across` names goes across, one column a value."""

    feed: str
    suffix: str
    series: tuple[Series, ...]
    conventions: dict[str, str]  # convention → how the department writes it
    fixed: dict[str, str]
    across: str
    period: Callable[[int, int, int], str]
    shape: Shape
    release: tuple[int, int]  # months after the last month, day
    combined: bool = True  # January and February are published as one
    quarterly: bool = False
    spoilt: tuple[Kind, ...] = ()

    def write_deliveries(self, folder: Path, planted_to: Path, *, months: int, seed: int) -> list[Path]:
        """The publications of the last `months` months up to September 2024."""
        paths = []
        for sequence, (year, last, vintage) in enumerate(_publications(months), 1):
            header, records = self.table(Statistics(seed, vintage), year, last)
            path = folder / f"{folder.name}_{year}-{last:02d}_{NOTE}.{self.suffix}"
            shape = replace(self.shape, titles=tuple(title.format(year=year, last=last) for title in self.shape.titles), numbers=frozenset(header) - set(self.fixed))
            manifest = {"period": f"{year}-01/{year}-{last:02d}", "sequence": sequence, "known_at": self.known_at(year, last)}
            paths.append(write_file(path, planted_to, shape, header, records, self.spoilt, **manifest))
        return paths

    def known_at(self, year: int, month: int) -> str:
        """The day of the calendar on which the figures up to a month are published."""
        later, day = self.release
        return date(year + (month + later - 1) // 12, (month + later - 1) % 12 + 1, day).isoformat()

    def table(self, statistics: "Statistics", year: int, last: int) -> tuple[list[str], list[list[str]]]:
        """Header and records of a publication."""
        rows: dict[tuple[str, ...], dict[str, str]] = {}
        columns: dict[str, None] = {}
        for fact, value in self._facts(statistics, year, last):
            row = tuple(fact[name] for name in self.fixed.values())
            rows.setdefault(row, {})[fact[self.across]] = value
            columns[fact[self.across]] = None
        return [*self.fixed, *columns], [[*row, *(cells.get(column, "") for column in columns)] for row, cells in rows.items()]

    def _facts(self, statistics: "Statistics", year: int, last: int):
        """Every figure with all that a department may write beside it."""
        for one in self.series:
            for convention in one.conventions or self.conventions:
                for first, end in self._periods(convention, last):
                    figures = statistics.figures(self, one, convention, year, first, end)
                    for (code, name), figure in zip(divisions()[: 1 if one.region_only else None], figures, strict=False):
                        text = f"{figure:.{_decimals(one, convention)}f}"
                        yield {
                            "code": code, "name": name, "division": f"{code}{name}", "indicator": one.indicator, "unit": "%" if convention.endswith("_pct") else one.unit, "convention": self.conventions[convention],
                            "period": self.period(year, first, end), "year": str(year), "month": str(end), "note": NOTE,
                        }, text  # fmt: skip

    def _periods(self, convention: str, last: int) -> list[tuple[int, int]]:
        """First and last month of every figure of a year."""
        step = 3 if self.quarterly else 1
        ends = [end for end in range(step, last + 1, step) if not (self.combined and end == 1)]
        if convention.startswith("cumulative"):
            return [(1, end) for end in ends]
        return [(1 if self.combined and end == 2 else end - step + 1, end) for end in ends]


class Statistics:
    """Any figure of any series as it was known in a vintage: the same seed always counts the same."""

    def __init__(self, seed: int, vintage: int):
        self.seed, self.vintage = seed, vintage

    def figures(self, bulletin: Bulletin, one: Series, convention: str, year: int, first: int, last: int) -> np.ndarray:
        """The region and its cities."""
        if convention.endswith("yoy_pct"):
            now, before = (self.total(bulletin, one, when, first, last) for when in (year, year - 1))
            return (now / before - 1) * 100
        if one.kind == "index":
            return self.index(one, convention, year, last)
        if one.kind == "stock":
            return _with_region(self.stock(one, year, last))
        if one.kind == "rate":
            return _with_region(self.rate(one, year, last), weights=city_weights())
        return self.total(bulletin, one, year, first, last)

    def total(self, bulletin: Bulletin, one: Series, year: int, first: int, last: int) -> np.ndarray:
        """A flow over some months; a sum is made of its parts, the region of its cities."""
        parts = [part for part in bulletin.series if part.indicator in one.parts] or [one]
        return _with_region(sum(self.flow(part, year, month) for part in parts for month in range(first, last + 1)))

    def flow(self, one: Series, year: int, month: int) -> np.ndarray:
        """The amount of one month in each city, in the decimals in which it is published."""
        cities = np.arange(len(city_weights()))
        size = gdp(year) if one.per == "gdp" else census.persons().sum()
        share = city_weights() * (0.8 + 0.4 * self._draw(one, "city", cities))
        season = one.season[month - 1] / sum(one.season)
        noise = 0.97 + 0.06 * self._draw(one, f"{year}-{month}", cities)
        return np.round(one.base * size * season * share / share.sum() * noise * self._revision(one, year, month, cities), one.decimals)

    def stock(self, one: Series, year: int, month: int) -> np.ndarray:
        """The balance at the end of a month, between the GDP of the last year and of this."""
        cities = np.arange(len(city_weights()))
        level = gdp(year - 1) + (gdp(year) - gdp(year - 1)) * month / 12
        share = city_weights() * (0.7 + 0.6 * self._draw(one, "city", cities))
        return np.round(one.base * level * share / share.sum() * self._revision(one, year, month, cities), one.decimals)

    def rate(self, one: Series, year: int, month: int) -> np.ndarray:
        cities = np.arange(len(city_weights()))
        return np.round(one.base * (0.9 + 0.2 * self._draw(one, f"{year}-{month}", cities)), one.decimals)

    def index(self, one: Series, convention: str, year: int, month: int) -> np.ndarray:
        """Previous month = 100, the month a year ago = 100 (the product of twelve), the same period = 100 (their mean since January)."""
        if convention == "previous_month_index":
            cities = np.arange(len(city_weights()))
            monthly = 100 + one.base / 12 + 0.8 * (self._draw(one, f"{year}-{month}", cities) - 0.5)
            return np.round(_with_region(monthly, weights=city_weights()), 1)
        if convention == "same_month_index":
            chain = [self.index(one, "previous_month_index", year - (m < 1), m + 12 * (m < 1)) / 100 for m in range(month - 11, month + 1)]
            return np.round(100 * np.prod(chain, axis=0), 1)
        return np.round(np.mean([self.index(one, "same_month_index", year, m) for m in range(1, month + 1)], axis=0), 1)

    def _draw(self, one: Series, purpose: str, cities: np.ndarray) -> np.ndarray:
        return uniform(self.seed, f"{one.indicator} {purpose}", cities)

    def _revision(self, one: Series, year: int, month: int, cities: np.ndarray) -> np.ndarray:
        """What the last publication adds to some of the months that an earlier one had told."""
        is_revised = self.vintage and year == LAST_YEAR and month <= HALF and uniform(self.seed, f"{one.indicator} revised {month}", np.zeros(1))[0] < REVISED
        return 1 + 0.03 * (self._draw(one, f"revision {month}", cities) - 0.5) if is_revised else np.ones(len(cities))


@cache
def gdp(year: int) -> float:
    """Guangxi's GDP of a year as revised after the fifth economic census (亿元)."""
    with (census.DATA / "economy/gdp_provincial/gdp_2015_2024_revised_5th_econ_census.csv").open(encoding="utf-8-sig", newline="") as file:
        known = {int(row["年份"]): float(row["GDP总量"]) for row in csv.DictReader(file) if row["省份"] == "广西壮族自治区"}
    return known[year]


@cache
def divisions() -> list[tuple[str, str]]:
    """Code and name of the region and of its 14 cities."""
    return [REGION, *dict.fromkeys((f"{row['区划代码'][:4]}00", row["市"]) for row in census.counties())]


@cache
def city_weights() -> np.ndarray:
    """Share of each city in the employed persons of the region (2020 census, long form)."""
    employed = census.employed().sum(axis=1)
    codes = np.array([f"{row['区划代码'][:4]}00" for row in census.counties()])
    cities = np.array([employed[codes == code].sum() for code, _ in divisions()[1:]])
    return cities / cities.sum()


def _with_region(cities: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The region before its cities: their sum, or their mean by weight."""
    return np.concatenate(([cities.sum() if weights is None else (cities * weights).sum()], cities))


def _decimals(one: Series, convention: str) -> int:
    return 1 if convention.endswith(("_pct", "_index")) else one.decimals


def _publications(months: int) -> list[tuple[int, int, int]]:
    """Year, last month and vintage of each publication, oldest first."""
    if not 0 < months <= MOST_MONTHS:
        raise ValueError(f"{months} months of series were asked for; Guangxi's GDP binds {MOST_MONTHS} of them, from {FIRST_YEAR} to September {LAST_YEAR}")
    first_year = (LAST_YEAR * 12 + LAST_MONTH - months) // 12
    return [(year, 12, 0) for year in range(first_year, LAST_YEAR)] + [(LAST_YEAR, HALF, 0), (LAST_YEAR, LAST_MONTH, 1)]
