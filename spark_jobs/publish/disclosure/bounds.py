"""The auditor's bounds: values of each unknown over all consistent tables that linear programs and shifts find."""

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.optimize import linprog

SLACK = 1e-6  # relative, of the levels asked for


def intervals(table: pd.DataFrame, equations: sp.csr_matrix, demanded: pd.DataFrame, is_count: bool, exact: bool) -> tuple[np.ndarray, np.ndarray, int]:
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
