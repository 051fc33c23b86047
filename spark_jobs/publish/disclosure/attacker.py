"""The attacker whom the protecting side expects: how far may a cell lie from its true value, given what is published?

Works on deviations z = y − truth: equations @ z = 0, z = 0 where published, −value ≤ z where suppressed (no value is below zero).
"""

import ctypes
import functools
import os
import sys

import highspy
import numpy as np
import scipy.sparse as sp

from spark_jobs.publish.disclosure.structure import Problem

TOLERANCE = 1e-6  # relative to the level asked for


class Attacker:
    """One linear program, kept warm from one question to the next. `integer`: the attacker knows that cells are counts."""

    def __init__(self, problem: Problem, integer: bool = False):
        self.problem, self.size = problem, len(problem.keys)
        # the attacker has no bound from above; a finite one beyond every level makes him stronger, never weaker
        self.below = problem.value
        self.above = np.full(self.size, 2 * problem.value.max(initial=0.0) + problem.upper.max(initial=0.0) + 1)
        self.indices = np.arange(self.size, dtype=np.int32)
        self.engine = model(problem.equations, np.zeros(self.size), np.zeros(self.size), highspy.ObjSense.kMaximize)
        if integer:
            self.engine.changeColsIntegrality(self.size, self.indices, np.full(self.size, highspy.HighsVarType.kInteger))

    def shortfalls(self, pattern: np.ndarray, insider: tuple[np.ndarray, np.ndarray] | None = None, stop_at_first: bool = False) -> list[tuple[int, int, np.ndarray]]:
        """(cell, sign, duals) for each level that the pattern (0…1 a cell) does not give; `insider`: the cells that this attacker knows,
        and those he is part of, which are not attacked.

        One consistent table can prove many cells at once, so all open levels are asked for together until that proves no more, then one by one.
        """
        low, high = -self.below * pattern, self.above * pattern
        own: set[int] = set()
        if insider is not None:
            low[insider[0]] = high[insider[0]] = 0.0
            own = set(map(int, insider[1]))
        found = []
        for sign, levels in ((1, self.problem.upper), (-1, self.problem.lower)):
            wanted = set(map(int, np.flatnonzero(levels > 0))) - own
            while wanted:
                proven = self._together(low, high, sign, levels, wanted)
                wanted -= proven
                if len(proven) < 2:
                    break
            for p in sorted(wanted):
                reached, duals = self._alone(low, high, sign, p, levels[p])
                if reached < levels[p] * (1 - TOLERANCE):
                    found.append((p, sign, duals))
                    if stop_at_first:
                        return found
        return found

    def _together(self, low, high, sign, levels, wanted) -> set[int]:
        cells = np.fromiter(wanted, int)
        costs = np.zeros(self.size)
        costs[cells] = sign / levels[cells]
        low, high = low.copy(), high.copy()
        if sign > 0:
            high[cells] = np.minimum(high[cells], levels[cells])
        else:
            low[cells] = np.maximum(low[cells], -levels[cells])
        z = self._solve(costs, low, high)
        return {int(p) for p in cells if sign * z[p] >= levels[p] * (1 - TOLERANCE)}

    def _alone(self, low, high, sign, p, needed) -> tuple[float, np.ndarray]:
        costs = np.zeros(self.size)
        costs[p] = sign
        z = self._solve(costs, low, high)
        return sign * z[p], np.asarray(self.engine.getSolution().row_dual)

    def _solve(self, costs: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        self.engine.changeColsBounds(self.size, self.indices, low, high)
        self.engine.changeColsCost(self.size, self.indices, costs)
        self.engine.run()
        if self.engine.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"HiGHS ended an attack with {self.engine.getModelStatus()}; the truth itself is a solution, so this cannot be")
        return np.asarray(self.engine.getSolution().col_value)


def model(equations: sp.csr_matrix, low: np.ndarray, high: np.ndarray, sense: highspy.ObjSense) -> highspy.Highs:
    """A quiet HiGHS model with rows `equations` = 0 and no costs."""
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = equations.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = np.zeros(lp.num_col_), low, high
    lp.row_lower_ = lp.row_upper_ = np.zeros(lp.num_row_)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = equations.indptr, equations.indices, equations.data
    lp.sense_ = sense
    _let_highs_greet()
    engine = highspy.Highs()
    engine.setOptionValue("output_flag", False)
    engine.setOptionValue("threads", 1)
    engine.passModel(lp)
    return engine


@functools.cache
def _let_highs_greet() -> None:
    """The first HiGHS of a process writes its version to standard output, which belongs to the answer of the command; let it go to standard error."""
    sys.stdout.flush()
    answer = os.dup(1)
    os.dup2(2, 1)
    try:
        highspy.Highs()
        ctypes.CDLL(None).fflush(None)
    finally:
        os.dup2(answer, 1)
        os.close(answer)
