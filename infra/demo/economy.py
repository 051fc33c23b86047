"""Synthetic departments of the economic domains: monthly and quarterly series of the region and its 14 cities.

The year's amount of every flow is a share of Guangxi's published GDP, or of the value added of a sector (or of its census population).
It is spread over the months by a smooth path through the published years, a seasonal shape, the Spring Festival and a business cycle
that all series share with leads and lags, and over the cities by the employed persons of the 2020 census; the region is the sum of
its cities. Publications: the history up to 2022 as one archive, 2023, January to June 2024, January to September 2024, which revises
some earlier months.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from pathlib import Path

from infra.demo.figures import GDP, HALF, LAST_MONTH, LAST_YEAR, REGION, Statistics, decimals, divisions
from infra.demo.planting import Kind
from infra.demo.small_file import Shape, write_file

NOTE = "合成数据"
FIRST_YEAR = 2017  # growth needs the year before, indices the one before that, and GDP is known from 2015
LAST_OF_ARCHIVE = 2022
MOST_MONTHS = (LAST_YEAR - FIRST_YEAR) * 12 + LAST_MONTH

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
    per: str = GDP  # a column of the published GDP, or "persons"
    code: str = ""  # of the industry, where the bulletin has one
    parts: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()  # of the parts of a mean
    region_only: bool = False
    lead: int = 0  # months by which the series runs ahead of the cycle
    swing: float = 0.02  # what a usual turn of the cycle adds or takes
    festival: float = 0.0  # what the seven days from New Year's Eve add to the month they fall in
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
        for sequence, (years, last, vintage) in enumerate(_publications(months), 1):
            header, records = self.table(Statistics(seed, vintage), years, last)
            told = f"{years[0]}-{years[-1]}" if len(years) > 1 else str(years[0])
            path = folder / f"{folder.name}_{told}-{last:02d}_{NOTE}.{self.suffix}"
            shape = replace(self.shape, titles=tuple(title.format(year=told, last=last) for title in self.shape.titles), numbers=frozenset(header) - set(self.fixed))
            manifest = {"period": f"{years[0]}-01/{years[-1]}-{last:02d}", "sequence": sequence, "known_at": self.known_at(years[-1], last)}
            spoilt = () if years[-1] <= LAST_OF_ARCHIVE else self.spoilt  # an archive has been cleaned over the years
            paths.append(write_file(path, planted_to, shape, header, records, spoilt, spared=REGION[0] if "code" in self.fixed.values() else "", **manifest))
        return paths

    def known_at(self, year: int, month: int) -> str:
        """The day of the calendar on which the figures up to a month are published."""
        later, day = self.release
        return date(year + (month + later - 1) // 12, (month + later - 1) % 12 + 1, day).isoformat()

    def table(self, statistics: Statistics, years: range, last: int) -> tuple[list[str], list[list[str]]]:
        """Header and records of a publication: whole years, the last one up to a month."""
        rows: dict[tuple[str, ...], dict[str, str]] = {}
        columns: dict[str, None] = {}
        for fact, value in chain.from_iterable(self._facts(statistics, year, last if year == years[-1] else 12) for year in years):
            row = tuple(fact[name] for name in self.fixed.values())
            rows.setdefault(row, {})[fact[self.across]] = value
            columns[fact[self.across]] = None
        return [*self.fixed, *columns], [[*row, *(cells.get(column, "") for column in columns)] for row, cells in rows.items()]

    def _facts(self, statistics: Statistics, year: int, last: int):
        """Every figure with all that a department may write beside it."""
        for one in self.series:
            for convention in one.conventions or self.conventions:
                for first, end in self._periods(convention, last):
                    figures = statistics.figures(self, one, convention, year, first, end)
                    for (code, name), figure in zip(divisions()[: 1 if one.region_only else None], figures, strict=False):
                        text = f"{figure:.{decimals(one, convention)}f}"
                        yield {
                            "code": code, "name": name, "division": f"{code}{name}", "indicator": one.indicator, "industry": one.code, "unit": "%" if convention.endswith("_pct") else one.unit, "convention": self.conventions[convention],
                            "period": self.period(year, first, end), "year": str(year), "month": str(end), "note": NOTE,
                        }, text  # fmt: skip

    def _periods(self, convention: str, last: int) -> list[tuple[int, int]]:
        """First and last month of every figure of a year."""
        step = 3 if self.quarterly else 1
        ends = [end for end in range(step, last + 1, step) if not (self.combined and end == 1)]
        if convention.startswith("cumulative"):
            return [(1, end) for end in ends]
        return [(1 if self.combined and end == 2 else end - step + 1, end) for end in ends]


def _publications(months: int) -> list[tuple[range, int, int]]:
    """Years, last month and vintage of each publication, oldest first."""
    if not 0 < months <= MOST_MONTHS:
        raise ValueError(f"{months} months of series were asked for; Guangxi's GDP binds {MOST_MONTHS} of them, from {FIRST_YEAR} to September {LAST_YEAR}")
    first_year = (LAST_YEAR * 12 + LAST_MONTH - months) // 12
    archive = [(range(first_year, LAST_OF_ARCHIVE + 1), 12, 0)] if first_year <= LAST_OF_ARCHIVE else []
    single = [(range(year, year + 1), 12, 0) for year in range(max(first_year, LAST_OF_ARCHIVE + 1), LAST_YEAR)]
    return [*archive, *single, (range(LAST_YEAR, LAST_YEAR + 1), HALF, 0), (range(LAST_YEAR, LAST_YEAR + 1), LAST_MONTH, 1)]
