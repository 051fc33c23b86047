"""Secondary suppression: known solutions, proof by enumeration, and 200 random hierarchical tables of which nothing can be recovered."""

import itertools
import subprocess
import sys
import time

import numpy as np
import pytest

from spark_jobs.publish.disclosure.linking import problem_of
from spark_jobs.publish.disclosure.report import Report
from spark_jobs.publish.disclosure.sensitivity import SensitivityRule
from spark_jobs.publish.disclosure.structure import Cell, with_totals
from spark_jobs.publish.disclosure.suppression import Unprotectable, suppress
from spark_jobs.settings import CHECKOUT
from tests.publish.disclosure.examples import FLAT, REGIONAL, attacked, counted, exact_figures, flat_table, published, random_table, told

NO_RULE = SensitivityRule(minimum_units=None)
EVERY_RULE = SensitivityRule(3, 30, 10, (2, 85))
# the introductory example of Fischetti and Salazar: investment of enterprises by activity and region, 22 is confidential; its solution is proven below by enumeration
INVESTMENT = {"I": [20, 50, 10], "II": [8, 19, 22], "III": [17, 32, 12]}


def investment(level: float):
    cells = flat_table(INVESTMENT)
    problem = problem_of(cells, FLAT, NO_RULE, is_count=False)
    i = problem.keys.index(("II", "C"))
    problem.lower[i] = problem.upper[i] = level
    return cells, problem


def test_investment_by_activity_and_region_is_protected_by_four_cells():
    cells, problem = investment(5)
    pattern = suppress(problem)
    hidden = {key for key, is_hidden in zip(problem.keys, pattern.suppressed) if is_hidden}
    assert hidden == {("II", "C"), ("II", "A"), ("III", "A"), ("III", "C")}
    assert (pattern.status, pattern.cost) == ("optimal", 8 + 17 + 12)
    levels = {("II", "C"): (5.0, 5.0)}
    found = attacked([published(cells, exact_figures(problem, pattern, cells), NO_RULE, False, levels=levels)], FLAT, False, exact=True).intervals
    assert (found["low"][0], found["high"][0]) == pytest.approx((5, 30))  # by hand: 34 − 29 = 5, and at most the 30 hidden in its row


@pytest.mark.parametrize("level", [5, 9])
def test_no_cheaper_pattern_protects_as_enumeration_shows(level):
    cells, problem = investment(level)
    cost = suppress(problem).cost
    others = [key for key in cells if key != ("II", "C")]
    cheaper = [pattern for n in range(4) for pattern in itertools.combinations(others, n) if sum(cells[key].value for key in pattern) < cost]
    protecting = 0
    for pattern in cheaper:
        figures = {key: cell.value for key, cell in cells.items() if key not in pattern and key != ("II", "C")}
        protecting += attacked([published(cells, figures, NO_RULE, False, levels={("II", "C"): (level, level)})], FLAT, False).narrowed == 0
    print(f"level {level}: cost {cost:g}, cheaper patterns of up to three cells that protect: {protecting} of {len(cheaper)}")
    assert protecting == 0 and len(cheaper) > 10


def test_one_cell_of_two_by_two_takes_all_four():
    """Handbook on SDC, table 4.1: turnover (respondents); suppression of 48 alone would be undone by any total."""
    cells = with_totals({("1", "A"): Cell(540, 12), ("1", "B"): Cell(231, 15), ("2", "A"): Cell(48, 2), ("2", "B"): Cell(125, 8)}, FLAT)
    problem = problem_of(cells, FLAT, SensitivityRule(3, 30), is_count=False)
    pattern = suppress(problem)
    assert pattern.suppressed.sum() == 4 and pattern.cost == 540 + 231 + 125 and pattern.status == "optimal"


def test_whoever_is_alone_in_a_cell_cannot_undo_the_other():
    """Two enterprises, each alone in its cell of one row: suppressed together they hide each other from outsiders, not from one another."""
    cells = with_totals({("1", "A"): Cell(50, 1, 50, 0), ("1", "B"): Cell(40, 1, 40, 0), ("1", "C"): Cell(90, 9, 12, 11), ("2", "A"): Cell(70, 9, 9, 8),
                         ("2", "B"): Cell(80, 9, 10, 9), ("2", "C"): Cell(85, 9, 10, 9)}, FLAT)  # fmt: skip
    rule = SensitivityRule(None, p_pct=10)
    problem = problem_of(cells, FLAT, rule, is_count=False)
    pattern = suppress(problem)
    safe = attacked([published(cells, exact_figures(problem, pattern, cells), rule, False)], FLAT, False)
    assert safe.narrowed == 0 and set(safe.intervals["attacker"]) == {"outsider", "('1', 'A')", "('1', 'B')"}
    pair = {("1", "A"), ("1", "B"), ("2", "A"), ("2", "B")}
    undone = attacked([published(cells, {key: cell.value for key, cell in cells.items() if key not in pair}, rule, False)], FLAT, False)
    assert undone.intervals.groupby("attacker")["is_safe"].all().to_dict() == {"outsider": True, "('1', 'A')": False, "('1', 'B')": False}


def test_a_table_too_tight_to_protect_says_which_cell():
    """A single column: the total is the cell, and zeros cannot hide anything."""
    cells = with_totals({("1", "A"): Cell(2), ("2", "A"): Cell(0)}, FLAT)
    problem = problem_of(cells, FLAT, SensitivityRule(3), is_count=True)
    problem.state[problem.keys.index(("TOTAL", "TOTAL"))] = -1  # told on the front page
    with pytest.raises(Unprotectable, match="published before and cannot be taken back: TOTAL/TOTAL"):
        suppress(problem)
    problem.lower[problem.keys.index(("TOTAL", "TOTAL"))] = problem.upper[problem.keys.index(("TOTAL", "TOTAL"))] = 0
    with pytest.raises(Unprotectable, match="1/A can be told closer|1/TOTAL can be told|TOTAL/A can be told"):
        suppress(problem)


@pytest.mark.parametrize("size", [20, pytest.param(200, marks=pytest.mark.service)])
def test_of_random_hierarchical_tables_nothing_can_be_recovered(size):
    random = np.random.default_rng(2026)
    report = Report("random", "-", "researcher", "suppression", "-", {})
    bare = sensitive = tables = undone_tables = 0
    started, searched = time.monotonic(), 0.0
    for number in range(size):
        shape = [(5, 0, "C", 5), (4, 0, "CD", 3), (2, 3, "C", 4), (4, 0, "CDE", 2), (2, 2, "CD", 3)][number % 5]
        is_count = number % 3 == 0
        cells = random_table(random, *shape)
        cells, rule = (counted(cells), SensitivityRule(3)) if is_count else (cells, EVERY_RULE)
        problem = problem_of(cells, REGIONAL, rule, is_count)
        before = time.monotonic()
        pattern = suppress(problem, seconds=10)
        searched += time.monotonic() - before
        figures = exact_figures(problem, pattern, cells)
        report.add_slice(told(cells, figures, rule, is_count), REGIONAL, pattern.status)
        found = attacked([published(cells, figures, rule, is_count)], REGIONAL, is_count)
        report.add_audit(found)
        undone_tables += found.narrowed > 0
        only_primary = {key: cell.value for key, cell in cells.items() if not problem.primary[problem.keys.index(key)]}
        if number % 10 == 0:
            undone = attacked([published(cells, only_primary, rule, is_count)], REGIONAL, is_count)
            bare, sensitive, tables = bare + undone.narrowed, sensitive + undone.sensitive, tables + 1
    print(
        f"tables with a recoverable or narrowed cell: {undone_tables} of {report.slices}; attacks won: {report.narrowed} of {report.attacked} (cell × attacker), {report.attacks} programs"
    )
    print(f"solved to the optimum: {report.statuses.get('optimal', 0)} of {report.slices}, {searched:.1f} s searched, {time.monotonic() - started:.1f} s with the audit")
    print(f"suppressed cells: {report.loss.suppressed} of {report.loss.cells} ({report.loss.cells_pct:.1f} %), naive {report.naive.cells_pct:.1f} %, primary {report.primary}")
    print(f"value suppressed: {report.loss.value_pct:.1f} %, naive {report.naive.value_pct:.1f} %")
    print(f"with primary suppression alone the same attacker wins {bare} of {sensitive} in {tables} of the tables")
    assert report.slices == size and report.attacked > 4 * size and report.primary > 2 * size
    assert undone_tables == report.narrowed == report.recovered == 0
    assert report.loss.cells_pct < report.naive.cells_pct and report.loss.value_pct < report.naive.value_pct
    assert bare > 0


def test_a_search_that_runs_out_of_time_still_protects_and_says_so():
    random, narrowed, sensitive, statuses = np.random.default_rng(99), 0, 0, []
    for _ in range(5):
        cells = random_table(random, 5, 0, "CD", 3)
        problem = problem_of(cells, REGIONAL, EVERY_RULE, is_count=False)
        hurried, patient = suppress(problem, seconds=0.0), suppress(problem)
        found = attacked([published(cells, exact_figures(problem, hurried, cells), EVERY_RULE, False)], REGIONAL, False)
        narrowed, sensitive, statuses = narrowed + found.narrowed, sensitive + found.sensitive, [*statuses, hurried.status]
        assert hurried.bound <= patient.cost <= hurried.cost and patient.status == "optimal"
    print(f"attacks won on hurried patterns: {narrowed} of {sensitive}; {statuses.count('feasible')} of {len(statuses)} say that they may not be the best")
    assert narrowed == 0 and sensitive > 10 and "feasible" in statuses


def test_the_solver_leaves_standard_output_to_the_answer():
    program = "from tests.publish.disclosure import test_suppression as t; t.suppress(t.investment(5)[1]); print('answer')"
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "answer\n"


def test_fourteen_prefectures_by_twenty_industries_take_seconds():
    cells = random_table(np.random.default_rng(14), 14, 0, "C", 20)
    problem = problem_of(cells, REGIONAL, EVERY_RULE, is_count=False)
    started = time.monotonic()
    pattern = suppress(problem, seconds=20)
    took = time.monotonic() - started
    found = attacked([published(cells, exact_figures(problem, pattern, cells), EVERY_RULE, False)], REGIONAL, False)
    print(f"{len(cells)} cells, {problem.primary.sum()} sensitive: {pattern.status} in {took:.1f} s; attacks won: {found.narrowed} of {found.sensitive}")
    assert found.narrowed == 0 and found.sensitive > 50
    assert took < 20
