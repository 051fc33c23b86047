"""From cells, rules and earlier releases to the problem that the search solves.

A cell that was told before, or hidden before, with the same value is one and the same unknown: all releases are attacked together ("linked tables").
That the attacker knows which cells did not change is the worst case. A value that changed is another unknown, tied by the earlier release's own equations.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import breadth_first_order, connected_components

from spark_jobs.publish.disclosure import structure
from spark_jobs.publish.disclosure.sensitivity import SensitivityRule, level
from spark_jobs.publish.disclosure.structure import Cell, Key, Problem


@dataclass(frozen=True)
class Told:
    """What a release told of a cell: its true value, the figure published (None where suppressed) and the protection levels it had."""

    value: float
    published: float | None
    lower: float = 0.0
    upper: float = 0.0


@dataclass(frozen=True)
class Earlier:
    """A release that has left: its name, its cells, totals included, and the base its figures were rounded to (None: exact where published)."""

    release_id: str
    cells: dict[Key, Told]
    base: int | None = None


def problem_of(cells: dict[Key, Cell], hierarchies: list[str], rule: SensitivityRule, is_count: bool, weigh_by: str = "value", earlier: Iterable[Earlier] = ()) -> Problem:
    """The problem of a table after the earlier releases of the same table. `weigh_by`: "value" loses the least sum, "count" the fewest cells."""
    variables = _Variables()
    for key, cell in cells.items():
        number = variables.number(key, cell.value)
        lower, upper = level(cell, rule, is_count)
        variables.demand(number, lower, upper)
        if cell.value == 0:
            variables.state[number] = -1
    systems = [({key: variables.numbers[key, cell.value] for key, cell in cells.items()}, cells)]
    for release in earlier:
        numbers = {}
        for key, told in release.cells.items():
            is_new = (key, told.value) not in variables.numbers
            numbers[key] = number = variables.number(key, told.value)
            variables.demand(number, told.lower, told.upper)
            if told.published is not None:
                variables.state[number] = -1
            elif is_new:
                variables.state[number] = 1
        systems.append((numbers, release.cells))
    rows = []
    for numbers, told in systems:
        rows += [(numbers[total], [numbers[key] for key in parts]) for total, parts in equations_that_hold(told, hierarchies)]
    value = np.asarray(variables.value)
    weight = np.maximum(value, 1e-9) if weigh_by == "value" else np.ones(len(value))
    return Problem(
        variables.keys, value, weight, structure.matrix(rows, len(value)), np.asarray(variables.lower), np.asarray(variables.upper),
        np.asarray(variables.state), [] if is_count else _insiders(cells, variables, rows), is_count,
    )  # fmt: skip


def equations_that_hold(cells, hierarchies: list[str]) -> list[tuple[Key, list[Key]]]:
    """(total, parts) wherever the parts do add up; where they do not, nobody can subtract."""
    found = []
    for (_, total), parts in structure.equations(cells, hierarchies).items():
        added = sum(cells[key].value for key in parts)
        if abs(added - cells[total].value) <= 1e-9 * max(1.0, abs(added)):
            found.append((total, parts))
    return found


def _insiders(cells: dict[Key, Cell], variables: "_Variables", rows: list[tuple[int, list[int]]]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cells behind which one and the same unit stands alone (a total of one unit is that unit's only part), and the cells it is part of."""
    alone = {variables.numbers[key, cell.value] for key, cell in cells.items() if cell.units == 1 and cell.value}
    pairs = [(total, part) for total, parts in rows if total in alone for part in parts if part in alone]
    graph = sp.coo_matrix((np.ones(len(pairs)), tuple(zip(*pairs)) or ((), ())), shape=(len(variables.keys),) * 2)
    _, labels = connected_components(graph, directed=False)
    groups = defaultdict(list)
    for number in sorted(alone):
        groups[labels[number]].append(number)
    upward = [(part, total) for total, parts in rows for part in parts]
    edges = sp.csr_matrix((np.ones(len(upward)), tuple(zip(*upward)) or ((), ())), shape=(len(variables.keys),) * 2)
    return [(np.asarray(group), np.unique(np.concatenate([breadth_first_order(edges, i, return_predecessors=False) for i in group]))) for group in groups.values()]


class _Variables:
    """Unknowns by (key, value), in the order met."""

    def __init__(self):
        self.numbers: dict[tuple[Key, float], int] = {}
        self.keys: list[Key] = []
        self.value, self.lower, self.upper, self.state = [], [], [], []

    def number(self, key: Key, value: float) -> int:
        if (key, value) not in self.numbers:
            self.numbers[key, value] = len(self.keys)
            self.keys.append(key)
            for column, start in ((self.value, float(value)), (self.lower, 0.0), (self.upper, 0.0), (self.state, 0)):
                column.append(start)
        return self.numbers[key, value]

    def demand(self, number: int, lower: float, upper: float) -> None:
        self.lower[number] = max(self.lower[number], lower)
        self.upper[number] = max(self.upper[number], upper)
