"""The choice of cells: binary, at the least weight, obeying the cuts that attacks have taught so far."""

import highspy
import numpy as np
import scipy.sparse as sp

from spark_jobs.publish.disclosure.attacker import Attacker, model
from spark_jobs.publish.disclosure.structure import Problem


class NoPattern(ValueError):
    """The cuts contradict each other: no choice protects."""


class Cuts:
    """Inequalities row @ x >= right over the free cells; the forced cells are suppressed in any case."""

    def __init__(self, problem: Problem, attacker: Attacker, forced: np.ndarray, free: np.ndarray):
        self.problem, self.attacker, self.forced, self.free = problem, attacker, forced, free
        self.rows: list[np.ndarray] = []
        self.right: list[float] = []

    def learn(self, p: int, sign: int, duals: np.ndarray, knows: np.ndarray | None, pattern: np.ndarray) -> None:
        """The cut of an attack that came too close to cell p."""
        level = (self.problem.upper if sign > 0 else self.problem.lower)[p]
        sides = []
        for multipliers in (duals, -duals):  # whichever sign the solver gives its duals: both cuts hold, the violated one is of use
            d = -(self.problem.equations.T @ multipliers)
            d[p] += sign
            d[np.abs(d) < 1e-9] = 0.0
            row = np.minimum(1.0, (np.maximum(d, 0) * self.attacker.above + np.maximum(-d, 0) * self.attacker.below) / level)
            row[self.problem.state < 0] = 0.0
            if knows is not None:
                row[knows] = 0.0
            sides.append((row @ pattern, row))
        _, row = min(sides, key=lambda side: side[0])
        self.rows.append(row[self.free])
        self.right.append(1.0 - row[self.forced].sum())

    def exclude(self, pattern: np.ndarray) -> None:
        """A larger pattern only widens intervals, so whatever protects suppresses something that this failed one does not."""
        self.rows.append((pattern[self.free] < 0.5).astype(float))
        self.right.append(1.0)

    def cheapest(self, integer: bool, seconds: float) -> tuple[np.ndarray, float] | None:
        """The cheapest choice that obeys all cuts, and its weight, which none that protects undercuts; None where the time is up. Raises NoPattern."""
        weight = self.problem.weight[self.free] / max(self.problem.weight[self.free].max(initial=0.0), 1e-300)
        size, rows = len(self.free), np.arange(len(self.rows), dtype=np.int32)
        engine = model(sp.csr_matrix(np.asarray(self.rows).reshape(len(rows), size)), np.zeros(size), np.ones(size), highspy.ObjSense.kMinimize)
        engine.changeRowsBounds(len(rows), rows, np.asarray(self.right), np.full(len(rows), np.inf))
        columns = np.arange(size, dtype=np.int32)
        engine.changeColsCost(size, columns, weight)
        if integer:
            engine.changeColsIntegrality(size, columns, np.full(size, highspy.HighsVarType.kInteger))
            engine.setOptionValue("mip_rel_gap", 0.0)
            engine.setOptionValue("time_limit", max(0.1, seconds))
        engine.run()
        if engine.getModelStatus() == highspy.HighsModelStatus.kTimeLimit:
            return None
        if engine.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise NoPattern(f"no pattern obeys every cut (HiGHS: {engine.getModelStatus()})")
        chosen = np.clip(np.asarray(engine.getSolution().col_value), 0.0, 1.0)
        pattern = self.forced.astype(float)
        pattern[self.free] = np.round(chosen) if integer else chosen
        return pattern, float(self.problem.weight[self.free] @ pattern[self.free])
