"""The attacker: whoever holds everything published, the structure of the table and its earlier releases, bounds each cell by linear programming.

Independent of the protecting side: other code for the equations, another interface to the solver (scipy), no imports from it. It knows the truth only to judge.
An interval is found by looking for consistent tables: each table found is a proof for every cell in it, and a bound that no table reaches is a disclosure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.optimize import linprog

SLACK = 1e-6  # relative, of the levels asked for


@dataclass(frozen=True)
class Published:
    """What one release told. `cells`: one column a dimension, then truth, published (empty where suppressed), lower, upper (protection levels, 0 for safe cells)
    and, for magnitudes, units. `base`: published figures are rounded to it, to the multiple above or below, so that sensitive cells need `base` possible values."""

    cells: pd.DataFrame
    base: int | None = None


@dataclass
class Audit:
    """`intervals`: a row a sensitive cell and attacker with truth, low, high, lower, upper, is_safe; low and high are values
    proven possible, and the attacker's bounds where the cell is not safe, or where `exact` was asked for."""

    cells: int
    suppressed: int
    attacks: int
    intervals: pd.DataFrame = field(repr=False)

    @property
    def sensitive(self) -> int:
        return len(self.intervals)

    @property
    def narrowed(self) -> int:
        return int((~self.intervals["is_safe"]).sum())

    @property
    def recovered(self) -> int:
        """Sensitive cells that the attacker knows exactly."""
        return int((self.intervals["high"] - self.intervals["low"] <= SLACK * self.intervals["truth"].abs().clip(lower=1.0)).sum())


def audit(releases: Sequence[Published], parents: Sequence[dict[str, str | None]], is_count: bool, exact: bool = False) -> Audit:
    """Attack all releases together. `parents`: code → code above, a dictionary a dimension. `exact`: find every interval to its ends."""
    unknowns, equations = _system(releases, parents)
    attacks, rows = 0, []
    for name, known, part_of in [("outsider", set(), set()), *_insiders(releases[0].cells, parents, is_count)]:
        table = unknowns.copy()
        own = [i for i, key in enumerate(table["key"]) if key in known]
        table.loc[own, ["floor", "ceiling"]] = table.loc[own, ["truth", "truth"]].to_numpy()
        demanded = table[(table[["lower", "upper", "width"]] > 0).any(axis=1) & ~table["key"].isin(part_of)]
        low, high, count = _intervals(table, equations, demanded, is_count, exact)
        attacks += count
        found = demanded.assign(attacker=name, low=low[demanded.index], high=high[demanded.index])
        rows.append(found.assign(is_safe=_is_safe(found)))
    newest = releases[0].cells
    columns = ["attacker", "key", "truth", "low", "high", "lower", "upper", "width", "is_safe"]
    return Audit(len(newest), int(newest["published"].isna().sum()), attacks, pd.concat(rows, ignore_index=True)[columns])


def _system(releases: Sequence[Published], parents: Sequence[dict]) -> tuple[pd.DataFrame, sp.csr_matrix]:
    """The unknowns (a cell with one value is one unknown in all releases) with floor and ceiling, and the equations that hold between them."""
    frames, triples, number, row = [], [], {}, 0
    for release in releases:
        cells = release.cells.reset_index(drop=True)
        keys = list(cells.iloc[:, : len(parents)].itertuples(index=False, name=None))
        ids = [number.setdefault((key, truth), len(number)) for key, truth in zip(keys, cells["truth"])]
        told, truth, base = cells["published"].to_numpy(float), cells["truth"].to_numpy(float), release.base
        reach = 0 if base is None else base - 1
        sensitive = (cells["lower"] > 0) | (cells["upper"] > 0)
        bounds = {
            "centre": told,
            "floor": np.where(np.isnan(told), 0.0, np.maximum(0.0, told - reach)),
            "ceiling": np.where(np.isnan(told), np.inf, told + reach),
            "lower": cells["lower"] if base is None else 0.0,
            "upper": cells["upper"] if base is None else 0.0,
            "width": 0.0 if base is None else np.where(sensitive, base - 1.0, 0.0),
        }
        frames.append(pd.DataFrame({"id": ids, "key": keys, "truth": cells["truth"], **bounds}))
        place = dict(zip(keys, range(len(keys))))
        for dimension, above in enumerate(parents):
            totals = pd.Series([place.get((*key[:dimension], above.get(key[dimension]), *key[dimension + 1 :]), -1) for key in keys])
            for total, parts in totals[totals >= 0].groupby(totals[totals >= 0]).groups.items():
                summed = truth[parts].sum()
                if abs(summed - truth[total]) <= 1e-9 * max(1.0, abs(summed)):
                    triples += [(row, ids[i], 1.0) for i in parts] + [(row, ids[total], -1.0)]
                    row += 1
    unknowns = pd.concat(frames).groupby("id", sort=True)
    table = unknowns.agg({"key": "first", "truth": "first", "centre": "first", "floor": "max", "ceiling": "min", "lower": "max", "upper": "max", "width": "max"})
    rows, columns, signs = zip(*triples) if triples else ((), (), ())
    return table, sp.csr_matrix((signs, (rows, columns)), shape=(row, len(table)))


def _insiders(cells: pd.DataFrame, parents: Sequence[dict], is_count: bool) -> list[tuple[str, set, set]]:
    """Units that stand alone behind a cell of the lowest level, each with the cells it knows (totals that hold it alone) and those it is part of. The latter
    are not its to attack: their protection levels already reckon with a contributor as attacker."""
    if is_count or "units" not in cells:
        return []
    keys = list(cells.iloc[:, : len(parents)].itertuples(index=False, name=None))
    alone = {key for key, units, truth in zip(keys, cells["units"], cells["truth"]) if units == 1 and truth}
    lowest = [key for key in sorted(alone) if not any(_holds(key, other, parents) for other in alone - {key})]
    return [(str(key), {other for other in alone if _holds(other, key, parents)}, {other for other in keys if _holds(other, key, parents)}) for key in lowest]


def _holds(total: tuple, part: tuple, parents: Sequence[dict]) -> bool:
    return all(above in _chain(code, up) for above, code, up in zip(total, part, parents))


def _chain(code: str, up: dict) -> list[str]:
    chain = [code]
    while (above := up.get(chain[-1])) is not None:
        chain.append(above)
    return chain


def _intervals(table: pd.DataFrame, equations: sp.csr_matrix, demanded: pd.DataFrame, is_count: bool, exact: bool) -> tuple[np.ndarray, np.ndarray, int]:
    """(lowest, highest, attacks): the values of every unknown over all consistent tables found. Tables are looked for until each demanded cell is proven
    safe, or its bound is reached; with `exact` always to the bound."""
    truth, floor, ceiling, width = (table[name].to_numpy(float) for name in ("truth", "floor", "ceiling", "width"))
    low, high, attacks = truth.copy(), truth.copy(), 0
    if demanded["width"].any() and not exact:
        _by_shifts(table, equations, low, high)
    unknown = np.flatnonzero(floor < ceiling)
    tying = equations[:, unknown].getnnz(axis=1) > 0
    matrix, right = equations[tying][:, unknown], -(equations @ np.where(floor < ceiling, 0.0, floor))[tying]
    for sign in (1, -1):
        level = table["upper" if sign > 0 else "lower"].to_numpy(float)
        far = np.where(level + width > 0, level + width, 1.0)
        wanted, before = demanded.index[(floor < ceiling)[demanded.index]].to_numpy(), None
        while len(wanted := wanted if exact else wanted[_is_open(truth, low, high, level, width, sign)[wanted]]):
            # one table that moves many cells far enough spares as many attacks; where it proves nothing more, each cell is attacked alone
            alone = exact or before in (len(wanted), -1)
            before = -1 if alone else len(wanted)
            targets, wanted = (wanted[-1:], wanted[:-1]) if alone else (wanted, wanted)
            costs, least, most = np.zeros(len(table)), floor.copy(), ceiling.copy()
            costs[targets] = -sign / far[targets]
            if not alone:
                least[targets] = np.maximum(floor, truth - far)[targets]
                most[targets] = np.minimum(ceiling, truth + far)[targets]
            found = linprog(costs[unknown], A_eq=matrix, b_eq=right, bounds=np.c_[least, most][unknown], method="highs", integrality=int(is_count))
            attacks += 1
            if found.status == 3:  # nothing bounds it
                high[targets] = np.inf
                continue
            if found.status != 0:
                raise RuntimeError(f"an attack on {table.loc[targets[0], 'key']} ended with: {found.message}; what is published contradicts itself")
            seen = np.round(found.x) if is_count else found.x
            low[unknown], high[unknown] = np.minimum(low[unknown], seen), np.maximum(high[unknown], seen)
    return low, high, attacks


def _by_shifts(table: pd.DataFrame, equations: sp.csr_matrix, low: np.ndarray, high: np.ndarray) -> None:
    """Rounded figures: the published table with one cell and all totals above it moved by one step is consistent wherever every equation keeps its balance,
    so a step within all floors and ceilings proves that value. One product of matrices shows it for every cell."""
    centre, floor, ceiling = (table[name].to_numpy(float) for name in ("centre", "floor", "ceiling"))
    if not ((floor <= centre) & (centre <= ceiling)).all() or (equations @ centre).any():
        return  # suppressed cells, or two roundings of one count: programs must find out
    totals, parts = (equations < 0).astype(float), (equations > 0).astype(float)
    above = (totals.T @ parts).astype(bool).astype(float)  # (total, part)
    moved = sp.identity(len(table), format="csr")
    while (further := ((moved + above @ moved) > 0).astype(float)).nnz > moved.nnz:
        moved = further
    moved = moved.tocsc()
    unbalanced = (abs(equations @ moved) > 0).sum(axis=0).A1 > 0 if equations.shape[0] else np.zeros(len(table), bool)
    for cell in np.flatnonzero(~unbalanced):
        with_it = moved.indices[moved.indptr[cell] : moved.indptr[cell + 1]]
        high[with_it] = np.maximum(high[with_it], centre[with_it] + max(0.0, (ceiling - centre)[with_it].min()))
        low[with_it] = np.minimum(low[with_it], centre[with_it] - max(0.0, (centre - floor)[with_it].min()))


def _is_open(truth: np.ndarray, low: np.ndarray, high: np.ndarray, level: np.ndarray, width: np.ndarray, sign: int) -> np.ndarray:
    """Cells whose demand in this direction no table found so far has met."""
    reached = high - truth if sign > 0 else truth - low
    return (reached < level * (1 - SLACK)) | (high - low < width * (1 - SLACK))


def _is_safe(found: pd.DataFrame) -> np.ndarray:
    truth, low, high, *demands = (found[name].to_numpy(float) for name in ("truth", "low", "high", "upper", "lower", "width"))
    return np.all([reached >= demand * (1 - SLACK) for reached, demand in zip((high - truth, truth - low, high - low), demands)], axis=0)
