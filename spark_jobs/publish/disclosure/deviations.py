"""Minimum-cost deviations (Kelly, Golden and Assad, "Cell suppression: disclosure protection for sensitive tabular data", Networks 22, 1992)."""

import highspy
import numpy as np
import scipy.sparse as sp

from spark_jobs.publish.disclosure.attacker import TOLERANCE, model
from spark_jobs.publish.disclosure.structure import Problem


class Deviations:
    """Minimum-cost deviations: which cells carry a sensitive cell away from the truth by its level, at the least weight?"""

    def __init__(self, problem: Problem):
        self.problem, self.size = problem, len(problem.keys)
        both = sp.hstack([problem.equations, -problem.equations]).tocsr()
        self.engine = model(both, np.zeros(2 * self.size), np.zeros(2 * self.size), highspy.ObjSense.kMinimize)
        self.columns = np.arange(2 * self.size, dtype=np.int32)
        self.room = np.full(self.size, 2 * problem.value.max(initial=0.0) + problem.upper.max(initial=0.0) + 1)

    def cheapest(self, pattern: np.ndarray, p: int, sign: int, knows: np.ndarray | None) -> np.ndarray | None:
        """Cells to suppress; None where nothing carries it."""
        level = (self.problem.upper if sign > 0 else self.problem.lower)[p]
        may = (self.problem.state >= 0).astype(float)
        if knows is not None:
            may[knows] = 0.0
        low = np.zeros(2 * self.size)
        high = np.concatenate([self.room * may, self.problem.value * may])
        low[p], high[p] = (level, level) if sign > 0 else (0.0, 0.0)
        low[p + self.size], high[p + self.size] = (0.0, 0.0) if sign > 0 else (level, level)
        if high[p + self.size] > self.problem.value[p] * (1 + TOLERANCE):
            return None  # no value is below zero
        cost = np.where(pattern > 0.5, 0.0, self.problem.weight)
        self.engine.changeColsBounds(len(self.columns), self.columns, low, high)
        self.engine.changeColsCost(len(self.columns), self.columns, np.concatenate([cost, cost]))
        self.engine.run()
        if self.engine.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        z = np.asarray(self.engine.getSolution().col_value)
        return np.flatnonzero(np.abs(z[: self.size] - z[self.size :]) > TOLERANCE * level)
