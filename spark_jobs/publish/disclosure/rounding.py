"""Controlled rounding: every count becomes the multiple of the base below or above it, totals remain the sums of their parts.

Cox, "A constructive procedure for unbiased controlled rounding", JASA 82, 1987; Salazar, "Controlled rounding and cell perturbation", Mathematical Programming 105,
2006: a binary choice a cell, least sum of distances, multiples stay as they are (zero-restricted). A cell whose count did not change keeps the figure that
an earlier release told where that can be, and always where the count is sensitive: two different roundings of one count would tell it.
"""

from collections.abc import Iterable

import highspy
import numpy as np

from spark_jobs.publish.disclosure.attacker import model
from spark_jobs.publish.disclosure.linking import Earlier, equations_that_hold
from spark_jobs.publish.disclosure.structure import Cell, Key, matrix
from spark_jobs.publish.disclosure.suppression import Unprotectable


def rounded(cells: dict[Key, Cell], hierarchies: list[str], base: int, minimum_units: int, earlier: Iterable[Earlier] = (), seconds: float = 20.0) -> dict[Key, int]:
    """Key → published figure. Raises Unprotectable where no additive table of multiples lies within the base."""
    keys = list(cells)
    place = {key: i for i, key in enumerate(keys)}
    value = np.asarray([cells[key].value for key in keys])
    below = np.floor(value / base)
    up = (value % base > 0).astype(float)  # a multiple stays
    costs = ((below + 1) * base - value) - (value - below * base)  # of going up instead of down
    low, high = np.zeros(len(keys)), up.copy()
    for release in earlier:
        for key, told in release.cells.items():
            if key in place and told.value == cells[key].value and told.published is not None:
                i = place[key]
                before = min(max(told.published / base - below[i], 0.0), up[i])
                if told.value < minimum_units:
                    low[i] = high[i] = before
                else:
                    costs[i] = -10 * base if before else 10 * base
    system = matrix(((place[total], [place[key] for key in parts]) for total, parts in equations_that_hold(cells, hierarchies)), len(keys))
    engine = model(system, low, high, highspy.ObjSense.kMinimize)
    right = -(system @ below)
    rows, columns = np.arange(system.shape[0], dtype=np.int32), np.arange(len(keys), dtype=np.int32)
    engine.changeRowsBounds(len(rows), rows, right, right)
    engine.changeColsCost(len(keys), columns, costs)
    engine.changeColsIntegrality(len(keys), columns, np.full(len(keys), highspy.HighsVarType.kInteger))
    engine.setOptionValue("time_limit", seconds)
    engine.setOptionValue("mip_rel_gap", 1e-3)
    engine.run()
    if engine.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        raise Unprotectable(f"no additive table of multiples of {base} lies within {base} of every count, earlier figures kept (HiGHS: {engine.getModelStatus()})")
    chosen = np.round(np.asarray(engine.getSolution().col_value))
    return {key: int(base * (below[i] + chosen[i])) for i, key in enumerate(keys)}
