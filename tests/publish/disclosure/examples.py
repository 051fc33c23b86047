"""Tables to protect, and what the auditor gets of them."""

import numpy as np
import pandas as pd

from spark_jobs.publish.disclosure.audit import Audit, Published, audit
from spark_jobs.publish.disclosure.linking import Earlier, Told
from spark_jobs.publish.disclosure.sensitivity import SensitivityRule, level
from spark_jobs.publish.disclosure.structure import HIERARCHIES, Cell, Key, with_totals

FLAT, REGIONAL = ["flat", "flat"], ["division", "industry"]
FIRST_DIVISION = {"C": 13, "D": 44, "E": 47}


def flat_table(rows: dict[str, list[float]], columns: str = "ABC") -> dict[Key, Cell]:
    """A two-way table with its totals, without contributors."""
    return with_totals({(row, column): Cell(float(value)) for row, values in rows.items() for column, value in zip(columns, values, strict=True)}, FLAT)


def random_table(random: np.random.Generator, prefectures: int, counties: int, sections: str, divisions: int, few: float = 0.15) -> dict[Key, Cell]:
    """Region, prefectures and counties by total, sections and divisions; log-normal contributions of 4 to 24 units a cell, a share `few` of them of 0 to 3."""
    leaves = {}
    for prefecture in range(1, prefectures + 1):
        for county in range(1, counties + 1) if counties else [0]:
            for code in (f"{FIRST_DIVISION[section] + i:02d}" for section in sections for i in range(divisions)):
                units = int(random.integers(4, 25) if random.random() > few else random.integers(0, 4))
                parts = sorted((round(float(part), 1) for part in random.lognormal(3, 1.2, units)), reverse=True)
                leaves[f"45{prefecture:02d}{county:02d}", code] = Cell(round(sum(parts), 1), units, *[*parts, 0.0, 0.0][:2])
    return with_totals(leaves, REGIONAL)


def counted(cells: dict[Key, Cell]) -> dict[Key, Cell]:
    """The same table as counts of units."""
    return {key: Cell(float(cell.units)) for key, cell in cells.items()}


def told(cells: dict[Key, Cell], figures: dict[Key, float], rule: SensitivityRule, is_count: bool) -> dict[Key, Told]:
    return {key: Told(cell.value, figures.get(key), *level(cell, rule, is_count)) for key, cell in cells.items()}


def exact_figures(problem, pattern, cells: dict[Key, Cell]) -> dict[Key, float]:
    """What is published: the true values of the cells that are not suppressed."""
    return {key: cells[key].value for key, is_hidden in zip(problem.keys[: len(cells)], pattern.suppressed) if not is_hidden}


def published(cells: dict[Key, Cell], figures: dict[Key, float], rule: SensitivityRule, is_count: bool, base: int | None = None, levels: dict | None = None) -> Published:
    rows = [(*key, cell.value, figures.get(key), *((levels or {}).get(key) or level(cell, rule, is_count)), cell.units) for key, cell in cells.items()]
    frame = pd.DataFrame(rows, columns=[0, 1, "truth", "published", "lower", "upper", "units"])
    return Published(frame.astype({"truth": float, "published": float}), base)


def attacked(releases: list[Published], hierarchies: list[str], is_count: bool, exact: bool = False) -> Audit:
    codes = [sorted({code for release in releases for code in release.cells[i]}) for i in range(len(hierarchies))]
    return audit(releases, [{code: HIERARCHIES[name](code) for code in of} for of, name in zip(codes, hierarchies)], is_count, exact)


def earlier(name: str, cells: dict[Key, Cell], figures: dict[Key, float], rule: SensitivityRule, is_count: bool, base: int | None = None) -> Earlier:
    return Earlier(name, told(cells, figures, rule, is_count), base)
