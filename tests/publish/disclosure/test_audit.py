"""The auditor: finds what can be found, in tables that are not protected enough."""

import numpy as np
import pytest

from spark_jobs.publish.disclosure.linking import problem_of
from spark_jobs.publish.disclosure.sensitivity import SensitivityRule
from spark_jobs.publish.disclosure.structure import Cell, with_totals
from spark_jobs.publish.disclosure.suppression import suppress
from tests.publish.disclosure.examples import FLAT, REGIONAL, attacked, counted, exact_figures, flat_table, published, random_table

COUNTS = {"I": [2, 40, 31], "II": [25, 18, 44], "III": [17, 52, 33]}
RULE = SensitivityRule(3)


def interval(figures, cells, levels=None, exact=True):
    return attacked([published(cells, figures, RULE, True, levels=levels)], FLAT, True, exact)


def without(cells, *hidden):
    return {key: cell.value for key, cell in cells.items() if key not in hidden}


def test_a_lone_suppressed_cell_is_recovered_by_subtraction():
    cells = flat_table(COUNTS)
    found = interval(without(cells, ("I", "A")), cells)
    assert (found.recovered, found.narrowed, found.sensitive) == (1, 1, 1)
    assert (found.intervals["low"][0], found.intervals["high"][0]) == (2, 2)


def test_three_cells_of_a_rectangle_hide_nothing_and_four_do():
    cells = flat_table(COUNTS)
    corners = [("I", "A"), ("I", "B"), ("II", "A"), ("II", "B")]
    assert interval(without(cells, *corners[:3]), cells).recovered == 1
    whole = interval(without(cells, *corners), cells)
    assert (whole.recovered, whole.narrowed) == (0, 0)
    assert (whole.intervals["low"][0], whole.intervals["high"][0]) == (0, 27)  # 25 of its corner below it could all be its own


def test_bounds_too_narrow_for_the_protection_level_are_no_protection():
    """The rectangle bounds the cell by [0, 27]: enough for a level of 25, not of 26."""
    cells = flat_table(COUNTS)
    figures = without(cells, ("I", "A"), ("I", "B"), ("II", "A"), ("II", "B"))
    assert [interval(figures, cells, {("I", "A"): (1.0, level)}, exact=False).narrowed for level in (25.0, 26.0)] == [0, 1]


def test_a_hierarchy_left_out_of_the_protection_is_found():
    """Protected as a flat list of counties, undone by the total of a prefecture."""
    counties = {("450102", "13"): Cell(2), ("450103", "13"): Cell(9), ("450202", "13"): Cell(12), ("450203", "13"): Cell(30)}
    cells = with_totals(counties, REGIONAL)
    levels_only = {("450102", "13"), ("450202", "13"), *((code, total) for code in ("450102", "450202") for total in ("C", "TOTAL"))}
    assert attacked([published(cells, without(cells, *levels_only), RULE, True)], REGIONAL, True).recovered > 0
    problem = problem_of(cells, REGIONAL, RULE, is_count=True)
    assert attacked([published(cells, exact_figures(problem, suppress(problem), cells), RULE, True)], REGIONAL, True).narrowed == 0


def test_each_secondary_cell_published_again_is_caught():
    """Sabotage: every pattern of 12 random tables is at its least, so publishing any one of its secondary cells must show."""
    random, caught, tried = np.random.default_rng(7), 0, 0
    for _ in range(12):
        cells = counted(random_table(random, 4, 0, "C", 4))
        problem = problem_of(cells, REGIONAL, RULE, is_count=True, weigh_by="count")
        pattern = suppress(problem)
        figures = exact_figures(problem, pattern, cells)
        for i in np.flatnonzero(pattern.suppressed & ~problem.primary):
            leaked = figures | {problem.keys[i]: problem.value[i]}
            caught += attacked([published(cells, leaked, RULE, True)], REGIONAL, True).narrowed > 0
            tried += 1
    print(f"secondary cells leaked on purpose and caught: {caught} of {tried}")
    assert caught == tried > 15


def test_contradicting_figures_are_an_error_not_a_pass():
    cells = flat_table(COUNTS)
    figures = without(cells, ("I", "A"), ("I", "B"), ("II", "A"), ("II", "B")) | {("I", "TOTAL"): 999.0}
    with pytest.raises(RuntimeError, match="contradicts itself"):
        interval(figures, cells)
