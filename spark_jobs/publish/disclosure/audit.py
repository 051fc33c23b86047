"""The attacker: whoever holds everything published, the structure of the table and its earlier releases, bounds each cell by linear programming.

Independent of the protecting side: other code for the equations, another interface to the solver (scipy), no imports from it. It knows the truth only to judge.
An interval is found by looking for consistent tables: each table found is a proof for every cell in it, and a bound that no table reaches is a disclosure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy.sparse as sp

from spark_jobs.publish.disclosure.bounds import SLACK, intervals


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
        low, high, count = intervals(table, equations, demanded, is_count, exact)
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


def _is_safe(found: pd.DataFrame) -> np.ndarray:
    truth, low, high, *demands = (found[name].to_numpy(float) for name in ("truth", "low", "high", "upper", "lower", "width"))
    return np.all([reached >= demand * (1 - SLACK) for reached, demand in zip((high - truth, truth - low, high - low), demands)], axis=0)
