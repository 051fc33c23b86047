"""Secondary suppression: the pattern of least information lost in which no sensitive cell can be told closer than its protection level.

Fischetti and Salazar, "Solving the cell suppression problem on tabular data with linear constraints", Management Science 47(7), 2001: a binary choice a cell,
minimal weight of what is suppressed, and for each level an inequality for every way (dual solution γ) to combine the equations:
    Σ min(1, (max(d_i, 0) · above_i + max(−d_i, 0) · below_i) / level) · x_i ≥ 1     with d = ±e_p − Mᵀγ
By weak duality every such cut holds for each pattern that protects, whatever γ is; a pattern that fails violates the cut of the γ which the attack returns.
Termination: a cut excludes the pattern that gave it, or shows a bound; patterns are finite, and suppression of everything is tried first (else Unprotectable).
A first pattern comes from minimum-cost deviations (deviations.py), thinned; where time ends the search it is the answer, with its gap.
"""

import time
from dataclasses import dataclass

import numpy as np

from spark_jobs.publish.disclosure.attacker import Attacker
from spark_jobs.publish.disclosure.cuts import Cuts, NoPattern
from spark_jobs.publish.disclosure.deviations import Deviations
from spark_jobs.publish.disclosure.structure import Problem


class Unprotectable(ValueError):
    """No pattern gives the protection asked for: the table is too tight, or an earlier release has told too much."""


@dataclass(frozen=True)
class Pattern:
    """`suppressed`: a boolean a cell. `cost`: weight of the secondary cells, `bound`: no pattern costs less; they are equal where `status` is "optimal"."""

    suppressed: np.ndarray
    status: str
    cost: float
    bound: float
    cuts: int


def suppress(problem: Problem, seconds: float = 20.0) -> Pattern:
    """Protect a table. `seconds`: when to be content with the best pattern so far. Raises Unprotectable, naming the cells."""
    known = problem.primary & (problem.state < 0)
    if known.any():
        raise Unprotectable(f"sensitive cells were published before and cannot be taken back: {_named(problem, np.flatnonzero(known))}")
    try:
        return _Search(problem, time.monotonic() + seconds).run()
    except NoPattern as fault:
        raise Unprotectable(str(fault)) from fault


class _Search:
    def __init__(self, problem: Problem, deadline: float):
        self.problem, self.deadline = problem, deadline
        self.forced = (problem.primary & (problem.state == 0)) | (problem.state > 0)
        self.free = np.flatnonzero((problem.state == 0) & ~self.forced)
        self.attacker, self.carrier = Attacker(problem), Deviations(problem)
        self.integer = Attacker(problem, integer=True) if problem.is_count else None
        # besides the outsider: whoever is alone behind a cell knows that cell
        self.attackers = [None, *problem.insiders]
        self.cuts = Cuts(problem, self.attacker, self.forced, self.free)

    def run(self) -> Pattern:
        start = self.forced.astype(float)
        if not self._shortfalls(start, stop_at_first=True) and self._holds_for_counts(start):
            return self._pattern(start, 0.0)
        best = self._thinned(self._repaired(start))
        if not self._holds_for_counts(best):
            best = None
        bound = self._relaxed()
        while time.monotonic() < self.deadline:
            chosen = self.cuts.cheapest(integer=True, seconds=self.deadline - time.monotonic())
            if chosen is None:
                break
            pattern, bound = chosen[0], max(bound, chosen[1])
            if best is not None and bound >= self._cost(best) * (1 - 1e-9):
                break
            if not self._cut_off(pattern):
                return self._pattern(pattern, self._cost(pattern))
            candidate = self._repaired(pattern)
            if (best is None or self._cost(candidate) < self._cost(best)) and self._holds_for_counts(candidate):
                best = candidate
        if best is None:
            raise Unprotectable("the time given was too short for a pattern that also holds for whole numbers; give more seconds")
        return self._pattern(best, bound)

    def _pattern(self, pattern: np.ndarray, bound: float) -> Pattern:
        cost = self._cost(pattern)
        is_optimal = bound >= cost * (1 - 1e-6)
        return Pattern(pattern > 0.5, "optimal" if is_optimal else "feasible", cost, min(bound, cost), len(self.cuts.rows))

    def _cost(self, pattern: np.ndarray) -> float:
        return float(self.problem.weight[self.free] @ pattern[self.free])

    def _shortfalls(self, pattern: np.ndarray, stop_at_first: bool = False) -> list[tuple]:
        found = []
        for insider in self.attackers:
            knows = None if insider is None else insider[0]
            found += [(p, sign, duals, knows) for p, sign, duals in self.attacker.shortfalls(pattern, insider, stop_at_first)]
            if found and stop_at_first:
                break
        return found

    def _holds_for_counts(self, pattern: np.ndarray) -> bool:
        return self.integer is None or not self.integer.shortfalls(pattern, stop_at_first=True)

    def _repaired(self, pattern: np.ndarray) -> np.ndarray:
        """Suppress, one shortfall after the other, the cheapest cells that carry the deviation. Raises Unprotectable where none can."""
        pattern, before = pattern.copy(), -1.0
        while shortfalls := self._shortfalls(pattern):
            if pattern.sum() == before:
                raise RuntimeError(f"suppressing more changes nothing for {_named(self.problem, [one[0] for one in shortfalls])}: values too far apart for the solver's precision")
            before = pattern.sum()
            for p, sign, _, knows in shortfalls:
                carried = self.carrier.cheapest(pattern, p, sign, knows)
                if carried is None:
                    raise Unprotectable(f"even with everything suppressed that may be, {_named(self.problem, [p])} can be told closer than its protection level")
                pattern[carried] = 1.0
        return pattern

    def _thinned(self, pattern: np.ndarray) -> np.ndarray:
        """Publish what protects nothing, the dearest first."""
        secondary = [i for i in self.free if pattern[i] > 0.5]
        for i in sorted(secondary, key=lambda i: -self.problem.weight[i]):
            if time.monotonic() > self.deadline:
                break
            pattern[i] = 0.0
            if self._shortfalls(pattern, stop_at_first=True):
                pattern[i] = 1.0
        return pattern

    def _relaxed(self) -> float:
        """Cuts at the fractional optimum until the bound stands still: most of the work of the search, without branching."""
        bound, stood_still = 0.0, 0
        while time.monotonic() < self.deadline and stood_still < 3:
            pattern, now = self.cuts.cheapest(integer=False, seconds=self.deadline - time.monotonic())
            stood_still = 0 if now > bound * 1.001 + 1e-12 else stood_still + 1
            bound = max(bound, now)
            if not self._cut_off(pattern, integer=False):
                break
        return bound

    def _cut_off(self, pattern: np.ndarray, integer: bool = True) -> bool:
        """Add the cuts that the pattern violates. False where it violates none."""
        shortfalls = self._shortfalls(pattern)
        for p, sign, duals, knows in shortfalls:
            self.cuts.learn(p, sign, duals, knows, pattern)
        if shortfalls or not integer or self._holds_for_counts(pattern):
            return bool(shortfalls)
        self.cuts.exclude(pattern)
        return True


def _named(problem: Problem, cells) -> str:
    names = ["/".join(map(str, problem.keys[i])) for i in cells]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
