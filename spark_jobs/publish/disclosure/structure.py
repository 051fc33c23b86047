"""Tables as systems of linear equations: a cell for each combination of codes, an equation wherever children add up to their parent."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import scipy.sparse as sp

TOTAL = "TOTAL"
Key = tuple[str, ...]
# GB/T 4754-2017: the last division (two digits) of each section
LAST_DIVISION = dict(zip("ABCDEFGHIJKLMNOPQRST", (5, 12, 43, 46, 50, 52, 60, 62, 65, 69, 70, 72, 75, 79, 82, 83, 85, 90, 96, 97)))


@dataclass(frozen=True)
class Cell:
    """A figure of a table: its value, how many units stand behind it, the two largest contributions (None where nobody knows them)."""

    value: float
    units: int | None = None
    largest: float | None = None
    second: float | None = None

    def __add__(self, other: "Cell") -> "Cell":
        """The cell of both together, where no unit stands in both."""
        units = None if self.units is None or other.units is None else self.units + other.units
        parts = (self.largest, self.second, other.largest, other.second)
        largest, second = (None, None) if None in parts else sorted(parts, reverse=True)[:2]
        return Cell(self.value + other.value, units, largest, second)


def division_parent(code: str) -> str | None:
    """GB/T 2260: 450102 county → 450100 prefecture → 450000 region; a region has none."""
    if code.endswith("0000"):
        return None
    return f"{code[:2]}0000" if code.endswith("00") else f"{code[:4]}00"


def industry_parent(code: str) -> str | None:
    """GB/T 4754-2017: 13 division → C section → TOTAL. Raises ValueError for what is neither."""
    if code == TOTAL:
        return None
    if code in LAST_DIVISION:
        return TOTAL
    if len(code) == 2 and code.isdigit():
        for section, last in LAST_DIVISION.items():
            if 1 <= int(code) <= last:
                return section
    raise ValueError(f"{code!r} is no division or section of GB/T 4754-2017")


def flat_parent(code: str) -> str | None:
    """A list of codes without levels, and its total."""
    return None if code == TOTAL else TOTAL


HIERARCHIES: dict[str, Callable[[str], str | None]] = {"division": division_parent, "industry": industry_parent, "flat": flat_parent}


def ancestors(code: str, parent: Callable[[str], str | None]) -> list[str]:
    """The code itself and all above it."""
    chain = [code]
    while (above := parent(chain[-1])) is not None:
        chain.append(above)
    return chain


def with_totals(leaves: dict[Key, Cell], hierarchies: list[str]) -> dict[Key, Cell]:
    """The cells of the lowest level and every total above them."""
    parents, cells = [HIERARCHIES[name] for name in hierarchies], {}
    for key, cell in leaves.items():
        for above in itertools.product(*(ancestors(code, parent) for code, parent in zip(key, parents, strict=True))):
            cells[above] = cells[above] + cell if above in cells else cell
    return cells


def equations(keys: Iterable[Key], hierarchies: list[str]) -> dict[tuple[int, Key], list[Key]]:
    """(dimension, key of the total) → keys that add up to it, for every total that stands in the table. What is absent is zero."""
    present, children = set(keys), defaultdict(list)
    for key in sorted(present):
        for dimension, name in enumerate(hierarchies):
            above = HIERARCHIES[name](key[dimension])
            total = (*key[:dimension], above, *key[dimension + 1 :])
            if above is not None and total in present:
                children[dimension, total].append(key)
    return dict(children)


@dataclass
class Problem:
    """What the attacker does not know and how much must stay unknown. Arrays run over `keys`.

    `equations` @ value = 0. `state`: 0 may be suppressed or published, 1 is suppressed, -1 is published and stays so (zeros; what an earlier release told).
    `lower`, `upper`: protection levels in units of the value, 0 for safe cells. `insiders`: for each unit that stands
    alone behind cells: those cells, which it knows, and all cells it is part of, whose levels already reckon with a contributor who attacks.
    """

    keys: list[tuple]
    value: np.ndarray
    weight: np.ndarray
    equations: "sp.csr_matrix"
    lower: np.ndarray
    upper: np.ndarray
    state: np.ndarray
    insiders: list[tuple[np.ndarray, np.ndarray]]
    is_count: bool

    @property
    def primary(self) -> np.ndarray:
        return (self.lower > 0) | (self.upper > 0)


def matrix(systems: Iterable[tuple[int, list[int]]], columns: int) -> "sp.csr_matrix":
    """Equations as rows: children − total = 0."""
    import scipy.sparse as sp

    rows, cols, data = [], [], []
    for row, (total, parts) in enumerate(systems):
        rows += [row] * (len(parts) + 1)
        cols += [*parts, total]
        data += [1.0] * len(parts) + [-1.0]
    return sp.csr_matrix((data, (rows, cols)), shape=(max(rows, default=-1) + 1, columns))
