"""What the offices around the synthetic register have in common: records on its enterprises, sent twice a year.

An office says what one record is; the first delivery holds the records dated up to the end of 2023, the second those of
January to June 2024.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from infra.demo import census
from infra.demo.draw import whole
from infra.demo.enterprises import Department, State
from infra.demo.planting import Kind
from infra.demo.small_file import Shape, write_file

NOTE = "合成数据"
FIRST_DAY, LAST_DAY = np.datetime64("2022-01-01"), np.datetime64("2024-06-30")
DELIVERIES = [("2023-12", "2023-12-31", "2024-01-10"), ("2024-h1", "2024-06-30", "2024-07-10")]  # name, last day in it, known at


@dataclass(frozen=True)
class Office:
    """A department that keeps one kind of record. `dated` is the header of the day by which records are sent."""

    feed: str
    suffix: str
    header: list[str]
    dated: str
    rows: Callable[[Department, np.ndarray], list[list[str]]]
    kinds: list[Kind]
    shape: Shape = field(default_factory=Shape)

    def write_deliveries(self, folder: Path, planted_to: Path, *, size: int, enterprises: int, seed: int) -> list[Path]:
        """`size` things on the books, some of them with a second record when they end or are corrected."""
        rows = self.rows(Department(enterprises, seed), np.arange(size, dtype=np.int64))
        place, sent_before, paths = self.header.index(self.dated), "", []
        for number, (name, last_day, known_at) in enumerate(DELIVERIES, 1):
            records = [row for row in rows if sent_before < row[place] <= last_day]
            path = folder / f"{folder.name}_{name}_{NOTE}.{self.suffix}"
            paths.append(write_file(path, planted_to, self.shape, self.header, records, self.kinds, period=name, sequence=number, known_at=known_at))
            sent_before = last_day
        return paths


def some(department: Department, purpose: str, numbers: np.ndarray) -> State:
    """One enterprise of the register for each number."""
    return department.base(whole(department.seed, purpose, numbers, department.size))


def spread(department: Department, numbers: np.ndarray) -> np.ndarray:
    """As many different enterprises, evenly over the register. Raises ValueError where it has fewer."""
    if len(numbers) > department.size:
        raise ValueError(f"{len(numbers)} enterprises were asked for and the register has {department.size}; ask for more enterprises or fewer office records")
    return numbers * department.size // len(numbers)


def codes_and_names(department: Department, state: State) -> tuple[list[str], list[str]]:
    """Unified social credit code and name of each enterprise."""
    codes = [code.decode() for code in department.usccs(state.numbers, state.home, state.established)]
    return codes, department.names(state.numbers, state.home).to_pylist()


def divisions(county: np.ndarray, days: np.ndarray) -> list[str]:
    """The division code each county had on a day."""
    return [str(code) for code in census.codes_in_force(county, days)]


def places(county: np.ndarray) -> list[str]:
    """南宁市兴宁区, one for each position in the list of counties."""
    named = [f"{row['市']}{row['区县']}" for row in census.counties()]
    return [named[place] for place in county]


def years(days: np.ndarray) -> list[int]:
    return (days.astype("datetime64[Y]").astype(np.int64) + 1970).tolist()


def rows_of(*columns: list) -> list[list[str]]:
    """Columns side by side as rows of text."""
    return [[str(value) for value in row] for row in zip(*columns, strict=True)]
