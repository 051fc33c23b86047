"""Earlier releases: what was told stays known, and a later pattern may not undo an earlier one by difference."""

import numpy as np
import pytest

from spark_jobs.publish.disclosure.linking import problem_of
from spark_jobs.publish.disclosure.sensitivity import SensitivityRule
from spark_jobs.publish.disclosure.structure import Cell
from spark_jobs.publish.disclosure.suppression import Unprotectable, suppress
from tests.publish.disclosure.examples import FLAT, REGIONAL, attacked, counted, earlier, exact_figures, flat_table, published, random_table

RULE = SensitivityRule(3)


def protected(cells, hierarchies, before=(), weigh_by="value"):
    problem = problem_of(cells, hierarchies, RULE, True, weigh_by, before)
    return exact_figures(problem, suppress(problem), cells)


def test_another_pattern_for_the_same_table_undoes_the_first():
    """By value the cheap rectangle hides the cell, by count any: told one after the other, each opens the other."""
    cells = flat_table({"I": [2, 40, 31], "II": [25, 18, 44], "III": [17, 52, 33]})
    first = protected(cells, FLAT)
    second = {key: cell.value for key, cell in cells.items() if key not in {("I", "A"), ("I", "C"), ("II", "A"), ("II", "C")}}
    assert [attacked([published(cells, figures, RULE, True)], FLAT, True).narrowed for figures in (first, second)] == [0, 0]
    assert attacked([published(cells, second, RULE, True), published(cells, first, RULE, True)], FLAT, True).recovered == 1
    assert protected(cells, FLAT, [earlier("r1", cells, first, RULE, True)], "count") == first  # what was told stays told, and is enough


def test_differencing_of_two_releases_is_caught_and_prevented():
    """One cell changes between releases, so does the best pattern. Alone, the second release is safe; beside the first, it is safe only if made with it in mind."""
    random = np.random.default_rng(3)
    undone = prevented = refused = tables = 0
    for _ in range(40):
        first = counted(random_table(random, 4, 0, "C", 4))
        told = protected(first, REGIONAL)
        bottom = [key for key in first if key[0] != "450000" and key[1].isdigit() and first[key].value > 3]
        grown = [bottom[i] for i in random.choice(len(bottom), 3, replace=False)]
        rise = {key: sum(7 for code, industry in grown if key[0] in (code, "450000") and key[1] in (industry, "C", "TOTAL")) for key in first}
        second = {key: Cell(cell.value + rise[key]) for key, cell in first.items()}
        naive = protected(second, REGIONAL)
        both = [published(first, told, RULE, True)]
        tables += 1
        if attacked([published(second, naive, RULE, True), *both], REGIONAL, True).narrowed == 0:
            continue
        undone += 1
        try:
            aware = protected(second, REGIONAL, [earlier("r1", first, told, RULE, True)])
        except Unprotectable:
            refused += 1
            continue
        prevented += attacked([published(second, aware, RULE, True), *both], REGIONAL, True).narrowed == 0
    print(f"second releases that alone are safe and undo the first: {undone} of {tables}; made with the first in mind: {prevented} safe, {refused} refused, of {undone}")
    assert undone >= 4 and prevented + refused == undone and prevented > 0


def test_a_cell_told_before_a_stricter_rule_cannot_be_hidden_any_more():
    cells = flat_table({"I": [3, 40, 31], "II": [25, 18, 44]})
    everything = {key: cell.value for key, cell in cells.items()}
    stricter = SensitivityRule(4)
    with pytest.raises(Unprotectable, match="published before and cannot be taken back: I/A"):
        suppress(problem_of(cells, FLAT, stricter, True, earlier=[earlier("r1", cells, everything, stricter, True)]))


def test_a_value_that_changed_hides_behind_totals_that_changed_with_it():
    """All else was told and stays known, so only what is new can be hidden: the cell and every total above it."""
    before = flat_table({"I": [5, 40, 31], "II": [25, 18, 44], "III": [9, 9, 9]})
    now = flat_table({"I": [2, 40, 31], "II": [25, 18, 44], "III": [9, 9, 9]})
    everything = {key: cell.value for key, cell in before.items()}
    figures = protected(now, FLAT, [earlier("r1", before, everything, RULE, True)])
    assert set(now) - set(figures) == {("I", "A"), ("I", "TOTAL"), ("TOTAL", "A"), ("TOTAL", "TOTAL")}
    assert attacked([published(now, figures, RULE, True), published(before, everything, RULE, True)], FLAT, True).narrowed == 0
    assert attacked([published(now, protected(now, FLAT), RULE, True), published(before, everything, RULE, True)], FLAT, True).recovered == 1
