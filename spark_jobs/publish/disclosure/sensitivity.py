"""Primary suppression: which cells would tell of a single unit, and how far an attacker's bounds must stay from each.

Rules and protection levels after Hundepool et al. 2012, chapter 4; x1 ≥ x2 are the two largest contributions, X the cell:
  threshold  fewer than `minimum_units` units. sdcTable's maxN = 3 suppresses counts of 3 too; the three-unit rule of official statistics publishes them.
             counts: a safe count (`minimum_units`) and one unit less must stay possible; magnitudes: `range_pct` of the value to both sides
  p %        X − x1 − x2 < p/100 · x1; level p/100 · x1 − (X − x1 − x2): then the second largest cannot estimate the largest to within p %
  dominance  x1 + … + xn > k/100 · X (n = 2, k = 85 as in sdcTable); level 100/k · (x1 + … + xn) − X
  pq         X − x1 − x2 < p/q · x1; level p/q · x1 − (X − x1 − x2)
Zeros are not sensitive (default of sdcTable and tau-ARGUS).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spark_jobs.publish.disclosure.structure import Cell, Key

if TYPE_CHECKING:
    import pandas as pd  # half a second, for whoever only asks what the rules say


class ContributorsUnknown(ValueError):
    """A rule needs the contributions behind a cell, and nobody has delivered them."""


@dataclass(frozen=True)
class SensitivityRule:
    """The rules of a table; None switches one off. Percentages; `pq`: (p, q); `dominance`: (n, k) with n 1 or 2."""

    minimum_units: int | None = 3
    range_pct: float = 30.0
    p_pct: float | None = None
    dominance: tuple[int, float] | None = None
    pq: tuple[float, float] | None = None


def level(cell: Cell, rule: SensitivityRule, is_count: bool) -> tuple[float, float]:
    """(lower, upper) protection level; (0, 0) for a safe cell."""
    if cell.value == 0:
        return 0.0, 0.0
    found = [(0.0, 0.0)]
    if rule.minimum_units is not None and 0 < _units(cell, is_count) < rule.minimum_units:
        part = rule.range_pct / 100 * abs(cell.value)
        found.append((1.0, rule.minimum_units - cell.value) if is_count else (part, part))
    for needed in () if is_count else _by_contributions(cell, rule):
        found.append((needed, needed))
    return max(lower for lower, _ in found), max(upper for _, upper in found)


def from_microdata(records: "pd.DataFrame", dimensions: list[str], unit: str, value: str | None = None) -> dict[Key, Cell]:
    """Cells of the lowest level from one row a unit and cell; rows of one unit in one cell are added first. `value` None counts units."""
    counted = records.assign(_value=1.0 if value is None else records[value])
    by_unit = counted.groupby([*dimensions, unit], observed=True)["_value"].agg("first" if value is None else "sum").reset_index()
    cells = {}
    for key, rows in by_unit.groupby(dimensions, observed=True)["_value"]:
        two = [*rows.nlargest(2), 0.0][:2]
        cells[tuple(map(str, key))] = Cell(float(rows.sum()), len(rows), float(two[0]), float(two[1]))
    return cells


def _units(cell: Cell, is_count: bool) -> float:
    if is_count:
        return cell.value
    if cell.units is None:
        raise ContributorsUnknown("the threshold rule needs the number of units behind each cell")
    return cell.units


def _by_contributions(cell: Cell, rule: SensitivityRule) -> list[float]:
    """The protection levels that the rules on contributions ask for, those above zero."""
    if rule.p_pct is None and rule.dominance is None and rule.pq is None:
        return []
    if cell.largest is None or cell.second is None:
        raise ContributorsUnknown("the p %, pq and dominance rules need the two largest contributions to each cell")
    rest, needed = cell.value - cell.largest - cell.second, []
    if rule.p_pct is not None:
        needed.append(rule.p_pct / 100 * cell.largest - rest)
    if rule.pq is not None:
        needed.append(rule.pq[0] / rule.pq[1] * cell.largest - rest)
    if rule.dominance is not None:
        n, k = rule.dominance
        needed.append(100 / k * (cell.largest + (cell.second if n == 2 else 0.0)) - cell.value)
    return [one for one in needed if one > 1e-9 * abs(cell.value)]
