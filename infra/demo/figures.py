"""Any figure of the synthetic bulletins: seasonal shapes, the Spring Festival, a cycle and noise, bound to what Guangxi published.

Bindings: a flow's year has exactly the share of the year's GDP (or sector, or persons) that its series names; a revision of 2024 moves single months.
"""

import csv
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import PchipInterpolator

from infra.demo import census
from infra.demo.draw import uniform

if TYPE_CHECKING:
    from infra.demo.economy import Bulletin, Series

LAST_YEAR, HALF, LAST_MONTH = 2024, 6, 9
FIRST_KNOWN = 2015
YEARS = range(FIRST_KNOWN, LAST_YEAR + 1)
REVISED = 0.1  # share of the months of January to June that the last publication revises
REGION = ("450000", "全区")
GDP = "GDP总量"
INVERTED = ("供应商配送时间指数",)
NEW_YEARS = ["2015-02-19", "2016-02-08", "2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10"]  # Spring Festival


class Statistics:
    """Any figure of any series as it was known in a vintage: the same seed always counts the same."""

    def __init__(self, seed: int, vintage: int):
        self.seed, self.vintage = seed, vintage
        self._years: dict[tuple[str, str], np.ndarray] = {}
        self._indices: dict[tuple[str, str, int, int], np.ndarray] = {}

    def figures(self, bulletin: "Bulletin", one: "Series", convention: str, year: int, first: int, last: int) -> np.ndarray:
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
        if one.kind in ("diffusion", "mean"):
            return np.array([self.diffusion(bulletin, one, year, last)])
        return self.total(bulletin, one, year, first, last)

    def total(self, bulletin: "Bulletin", one: "Series", year: int, first: int, last: int) -> np.ndarray:
        """A flow over some months; a sum is made of its parts, the region of its cities."""
        parts = [part for part in bulletin.series if part.indicator in one.parts] or [one]
        return _with_region(sum(self.flow(part, year, month) for part in parts for month in range(first, last + 1)))

    def flow(self, one: "Series", year: int, month: int) -> np.ndarray:
        """The amount of one month in each city, in the decimals in which it is published."""
        cities = np.arange(len(city_weights()))
        amounts = self._year(one, year)[:, month - 1]
        return np.round(amounts * self._revision(one, year, month, cities), one.decimals)

    def _year(self, one: "Series", year: int) -> np.ndarray:
        """City × month of a year, rounded so that the sum since January is right to the last decimal."""
        key = (one.indicator, one.code)
        if key not in self._years:
            sums = np.round(bound(np.stack([self._shape(one, y) for y in YEARS]), one).cumsum(axis=2), one.decimals)
            self._years[key] = np.diff(sums, axis=2, prepend=0)
        return self._years[key][year - FIRST_KNOWN]

    def _shape(self, one: "Series", year: int) -> np.ndarray:
        """City × month: the smooth path of the published years, seasons, the cycle, the festival and noise, without a size."""
        cities = np.arange(len(city_weights()))
        path = np.ones(12) if one.per == "persons" else smooth_months(one.per)[12 * (year - FIRST_KNOWN) :][:12]
        season = np.array(one.season) / np.mean(one.season)
        swings = np.array([1 + one.swing * self.cycle(year, month, one.lead) + one.festival * festival_share(year, month) for month in range(1, 13)])
        share = city_weights() * (0.8 + 0.4 * self._draw(one, "city", cities))
        noise = np.array([0.97 + 0.06 * self._draw(one, f"{year}-{month}", cities) for month in range(1, 13)]).T
        return np.outer(share, path * season * swings) * noise

    def cycle(self, year: int, month: int, lead: int = 0) -> float:
        """The business cycle of the region, about one standard deviation wide: swings of 42 and 19 months and what happens between them."""
        at = 12 * (year - FIRST_KNOWN) + month - 1 + lead
        shocks = [uniform(self.seed, "shocks to the cycle", np.array([1000 + at - back]))[0] - 0.5 for back in range(12)]
        return float(np.sin(2 * np.pi * at / 42) + 0.5 * np.sin(2 * np.pi * at / 19 + 1) + sum(0.85**back * shock for back, shock in enumerate(shocks)))

    def diffusion(self, bulletin: "Bulletin", one: "Series", year: int, month: int) -> float:
        """Per cent of purchasing managers who see more, and half of those who see the same; the headline is the weighted mean of its parts."""
        if one.kind == "mean":
            parts = {part.indicator: self.diffusion(bulletin, part, year, month) for part in bulletin.series if part.indicator in one.parts}
            # suppliers that deliver slower mean more business: their index is turned round
            return float(np.round(sum(w * (100 - parts[p] if p in INVERTED else parts[p]) for p, w in zip(one.parts, one.weights, strict=True)), 1))
        sign = -1 if one.indicator in INVERTED else 1
        noise = self._draw(one, f"{year}-{month}", np.zeros(1, dtype=np.int64))[0] - 0.5
        return float(np.round(one.base + sign * 1.2 * self.cycle(year, month, one.lead) + 10 * one.festival * festival_share(year, month) + noise, 1))

    def stock(self, one: "Series", year: int, month: int) -> np.ndarray:
        """The balance at the end of a month, between the GDP of the last year and of this."""
        cities = np.arange(len(city_weights()))
        level = published(year - 1, GDP) + (published(year, GDP) - published(year - 1, GDP)) * month / 12
        share = city_weights() * (0.7 + 0.6 * self._draw(one, "city", cities))
        return np.round(one.base * level * share / share.sum() * self._revision(one, year, month, cities), one.decimals)

    def rate(self, one: "Series", year: int, month: int) -> np.ndarray:
        cities = np.arange(len(city_weights()))
        return np.round(one.base * (0.97 + 0.06 * self._draw(one, f"{year}-{month}", cities) - one.swing * self.cycle(year, month, one.lead)), one.decimals)

    def index(self, one: "Series", convention: str, year: int, month: int) -> np.ndarray:
        """Previous month = 100, the month a year ago = 100 (the product of twelve), the same period = 100 (their mean since January)."""
        key = (one.indicator, convention, year, month)
        if key not in self._indices:
            self._indices[key] = np.round(self._index(one, convention, year, month), 1)
        return self._indices[key]

    def _index(self, one: "Series", convention: str, year: int, month: int) -> np.ndarray:
        if convention == "previous_month_index":
            cities = np.arange(len(city_weights()))
            drift = one.base / 12 + 5 * one.swing * self.cycle(year, month, one.lead) + one.festival * festival_share(year, month)
            return _with_region(100 + drift + 0.4 * (self._draw(one, f"{year}-{month}", cities) - 0.5), weights=city_weights())
        if convention == "same_month_index":
            chain = [self.index(one, "previous_month_index", year - (m < 1), m + 12 * (m < 1)) / 100 for m in range(month - 11, month + 1)]
            return 100 * np.prod(chain, axis=0)
        return np.mean([self.index(one, "same_month_index", year, m) for m in range(1, month + 1)], axis=0)

    def _draw(self, one: "Series", purpose: str, cities: np.ndarray) -> np.ndarray:
        return uniform(self.seed, f"{one.indicator}{one.code} {purpose}", cities)

    def _revision(self, one: "Series", year: int, month: int, cities: np.ndarray) -> np.ndarray:
        """What the last publication adds to some of the months that an earlier one had told."""
        is_revised = self.vintage and year == LAST_YEAR and month <= HALF and uniform(self.seed, f"{one.indicator} revised {month}", np.zeros(1))[0] < REVISED
        return 1 + 0.03 * (self._draw(one, f"revision {month}", cities) - 0.5) if is_revised else np.ones(len(cities))


@cache
def published(year: int, column: str) -> float:
    """Guangxi's GDP of a year, or the value added of one of its sectors, as revised after the fifth economic census (亿元)."""
    with (census.DATA / "economy/gdp_provincial/gdp_2015_2024_revised_5th_econ_census.csv").open(encoding="utf-8-sig", newline="") as file:
        known = {int(row["年份"]): float(row[column]) for row in csv.DictReader(file) if row["省份"] == "广西壮族自治区"}
    return known[year]


@cache
def smooth_months(column: str) -> np.ndarray:
    """Months from 2015 to the last year whose sums are the published years, without a step in January: differences of a spline through the running total."""
    totals = np.concatenate(([0.0], np.cumsum([published(year, column) for year in YEARS])))
    running = PchipInterpolator(12 * np.arange(len(totals)), totals)
    return np.diff(running(np.arange(12 * len(YEARS) + 1)))


def bound(shapes: np.ndarray, one: "Series") -> np.ndarray:
    """Year × city × month scaled so that each year has the amount that the published total binds it to, by a factor that has no step in January."""
    sizes = np.array([census.persons().sum() if one.per == "persons" else published(year, one.per) for year in YEARS])
    middles, months = 12 * np.arange(len(YEARS)) + 5.5, np.arange(12 * len(YEARS))
    for _ in range(20):  # each round leaves a fraction of what the years still miss
        missing = PchipInterpolator(middles, one.base * sizes / shapes.sum(axis=(1, 2)))(np.clip(months, middles[0], middles[-1]))
        shapes = shapes * missing.reshape(len(YEARS), 1, 12)
    return shapes * (one.base * sizes / shapes.sum(axis=(1, 2)))[:, None, None]


def festival_share(year: int, month: int) -> float:
    """Share of the seven days from New Year's Eve that fall into the month."""
    eve = date.fromisoformat(next(day for day in NEW_YEARS if day.startswith(str(year)))) - timedelta(days=1)
    return sum((eve + timedelta(days=day)).month == month for day in range(7)) / 7


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


def decimals(one: "Series", convention: str) -> int:
    """Of a series, or of the growth and index forms that are told with one."""
    return 1 if convention.endswith(("_pct", "_index")) else one.decimals
