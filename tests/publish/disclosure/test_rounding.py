"""Controlled rounding: additive, within the base, and nothing sensitive can be told from it."""

import numpy as np
import pytest

from spark_jobs.publish.disclosure.linking import equations_that_hold
from spark_jobs.publish.disclosure.rounding import rounded
from spark_jobs.publish.disclosure.sensitivity import SensitivityRule
from spark_jobs.publish.disclosure.structure import Cell
from spark_jobs.publish.disclosure.suppression import Unprotectable
from tests.publish.disclosure.examples import FLAT, REGIONAL, attacked, counted, earlier, flat_table, published, random_table

RULE = SensitivityRule(3)


@pytest.mark.parametrize("base", [3, 5])
def test_forty_hierarchical_tables_are_additive_and_within_the_base(base):
    random = np.random.default_rng(base)
    cells_seen = additive = equations = close = unchanged = multiples = narrowed = sensitive = 0
    for _ in range(40):
        cells = counted(random_table(random, 3, 3, "C", 6, few=0.5))
        figures = rounded(cells, REGIONAL, base, 3)
        cells_seen += len(cells)
        close += sum(abs(figures[key] - cell.value) < base and figures[key] % base == 0 for key, cell in cells.items())
        multiples += sum(cell.value % base == 0 for cell in cells.values())
        unchanged += sum(figures[key] == cell.value for key, cell in cells.items() if cell.value % base == 0)
        for total, parts in equations_that_hold(cells, REGIONAL):
            equations += 1
            additive += figures[total] == sum(figures[key] for key in parts)
        found = attacked([published(cells, figures, RULE, True, base)], REGIONAL, True)
        narrowed, sensitive = narrowed + found.narrowed, sensitive + found.sensitive
    print(f"base {base}: multiples less than {base} away: {close} of {cells_seen} cells; totals that are the sum of their parts: {additive} of {equations}")
    print(f"base {base}: multiples kept: {unchanged} of {multiples}; sensitive cells narrowed below {base} values: {narrowed} of {sensitive}")
    assert close == cells_seen and additive == equations and unchanged == multiples and narrowed == 0 and sensitive > 100


def test_the_shortcut_of_the_auditor_agrees_with_full_attacks():
    """Rounded tables are proven by moving a cell with its totals; whole-number programs find at least the same intervals."""
    random, agreed, compared = np.random.default_rng(11), 0, 0
    for _ in range(5):
        cells = counted(random_table(random, 4, 0, "C", 5, few=0.5))
        figures = rounded(cells, REGIONAL, 3, 3)
        quick, full = (attacked([published(cells, figures, RULE, True, 3)], REGIONAL, True, exact).intervals for exact in (False, True))
        agreed += int(((full["low"] <= quick["low"]) & (full["high"] >= quick["high"]) & quick["is_safe"] & full["is_safe"]).sum())
        compared += len(full)
    print(f"intervals of the shortcut inside those of the programs: {agreed} of {compared}")
    assert agreed == compared > 10


def test_each_count_rounded_alone_breaks_the_total_and_controlled_rounding_keeps_it():
    """1 + 1 + 1 = 3: rounded alone they are 0, 0, 0 beside a total of 3."""
    cells = flat_table({"I": [1, 1, 1]})
    figures = {key: round(cell.value / 3) * 3 for key, cell in cells.items()}
    assert sum(figures["I", code] for code in "ABC") != figures["I", "TOTAL"]
    assert sum(rounded(cells, FLAT, 3, 3)["I", code] for code in "ABC") == 3


def test_a_count_that_did_not_change_keeps_its_figure_in_the_next_release():
    random, kept, same, narrowed, sensitive = np.random.default_rng(5), 0, 0, 0, 0
    for _ in range(20):
        first = counted(random_table(random, 3, 0, "C", 5, few=0.5))
        figures = rounded(first, REGIONAL, 3, 3)
        bottom = [key for key in first if key[0][2:] != "0000" and key[1].isdigit()]
        grown = bottom[int(random.integers(len(bottom)))]
        above = {(code, industry) for code in (grown[0], "450000") for industry in (grown[1], "C", "TOTAL")}
        second = {key: Cell(cell.value + 4 * (key in above)) for key, cell in first.items()}
        before = earlier("r1", first, figures, RULE, True, 3)
        again = rounded(second, REGIONAL, 3, 3, [before])
        unchanged = [key for key in first if first[key].value == second[key].value]
        kept, same = kept + sum(again[key] == figures[key] for key in unchanged), same + len(unchanged)
        found = attacked([published(second, again, RULE, True, 3), published(first, figures, RULE, True, 3)], REGIONAL, True)
        narrowed, sensitive = narrowed + found.narrowed, sensitive + found.sensitive
    print(f"unchanged counts with the same figure: {kept} of {same}; narrowed by both releases together: {narrowed} of {sensitive} sensitive cells")
    assert kept >= 0.98 * same and narrowed == 0 and sensitive > 50


def test_two_independent_roundings_of_one_count_would_tell_it():
    cells = flat_table({"I": [1, 8, 7], "II": [9, 4, 4]})
    down = rounded(cells, FLAT, 3, 3)
    other = down | {("I", "A"): 3 - down["I", "A"]}
    alone = attacked([published(cells, down, RULE, True, 3)], FLAT, True)
    both = attacked([published(cells, down, RULE, True, 3), published(cells, other, RULE, True, 3)], FLAT, True)
    assert alone.narrowed == 0 and both.narrowed >= 1


def test_figures_told_before_that_cannot_stay_are_an_error():
    cells = flat_table({"I": [1, 2]}, "AB")
    contradicting = earlier("r1", {("I", "A"): Cell(1), ("I", "B"): Cell(2)}, {("I", "A"): 3, ("I", "B"): 3}, RULE, True, 3)
    with pytest.raises(Unprotectable, match="earlier figures kept"):
        rounded(cells, FLAT, 3, 3, [contradicting])
