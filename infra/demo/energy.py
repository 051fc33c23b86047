"""A synthetic platform of key energy-using units (environment.key_unit_energy): monthly consumption by kind of energy, JSON.

Units are enterprises of the synthetic register in mining, manufacture and energy supply. Their totals follow Guangxi's GDP;
standard coal by the factors of GB/T 2589-2020 (annex A). The second delivery corrects some months of the first.
"""

from pathlib import Path

import numpy as np

from infra.demo import planting
from infra.demo.draw import uniform
from infra.demo.enterprises import Department
from infra.demo.figures import GDP, published
from infra.demo.offices import NOTE, codes_and_names, divisions
from infra.demo.planting import Kind
from infra.demo.small_file import Shape, write_file

FEED = "environment/key_unit_energy"
HEADER = ["unit.uscc", "unit.name", "unit.division", "month", "energy", "quantity", "quantityUnit", "standardCoal", "note"]
SHAPE = Shape(envelope={"platform": "重点用能单位能耗在线监测系统（合成数据）", "standard": "GB/T 2589-2020"}, records="data", numbers=frozenset({"quantity", "standardCoal"}))
INDUSTRIES = (6, 46)  # first and last division of GB/T 4754 in sections B, C, D
YEAR = 2024
# kind of energy, unit, tonnes of standard coal for each of it, amount of all key units for each 亿元 of GDP
ENERGIES = [("原煤", "吨", 0.7143, 1100.0), ("电力", "万千瓦时", 1.229, 210.0), ("天然气", "万立方米", 12.143, 2.4)]

KINDS = [
    *planting.on_enterprise(HEADER, uscc="unit.uscc", division="unit.division"),
    Kind("energy that the standard does not list", "ENUM.energy_kind", planting.replace(4, "木柴")),
    Kind("quantity in words", "TYPE.quantity", planting.replace(5, "停产")),
    Kind("quantity below zero", "MINIMUM.quantity", planting.replace(5, "-3")),
    Kind("kilowatt hours for ten thousand of them", "STANDARD-COAL", planting.change(5, lambda text: f"{float(text) * 10000:.2f}")),
    Kind("unit of another energy", "UNIT", planting.replace(6, "桶")),
    Kind("month with its character", "REQUIRED.year", planting.change(3, lambda text: text.replace("-", "年") + "月")),
    *planting.on_record(HEADER, "unit.name"),
]


def write_deliveries(folder: Path, planted_to: Path, *, units: int, enterprises: int, seed: int) -> list[Path]:
    """January to June 2024, then July to September with the corrections of earlier months."""
    department = Department(enterprises, seed)
    deliveries = [
        (f"{YEAR}-06", [row for month in range(1, 7) for row in _month(department, units, month)], f"{YEAR}-07-10"),
        (
            f"{YEAR}-09",
            [*(row for month in (5, 6) for row in _month(department, units, month, corrected=True)), *(row for month in range(7, 10) for row in _month(department, units, month))],
            f"{YEAR}-10-10",
        ),
    ]
    return [
        write_file(folder / f"key_unit_energy_{period}_{NOTE}.json", planted_to, SHAPE, HEADER, rows, KINDS, period=f"{YEAR}-01/{period}", sequence=sequence, known_at=known_at)
        for sequence, (period, rows, known_at) in enumerate(deliveries, 1)
    ]


def _month(department: Department, units: int, month: int, corrected: bool = False) -> list[list[str]]:
    """What each unit used of each energy; of a correction only the one in ten that it changes."""
    state = _units(department, units)
    codes, names = codes_and_names(department, state)
    places = divisions(state.county, np.full(units, np.datetime64(f"{YEAR}-{month:02d}-28")))
    rows = []
    for energy, unit, factor, intensity in ENERGIES:
        size = 10 ** (2 * uniform(department.seed, f"energy size {energy}", state.numbers))
        noise = 0.9 + 0.2 * uniform(department.seed, f"energy {energy} {month}", state.numbers)
        quantity = intensity * published(YEAR, GDP) / 12 * size / size.sum() * noise * (1.04 if corrected else 1.0)
        chosen = uniform(department.seed, f"energy corrected {energy} {month}", state.numbers) < (0.1 if corrected else 1.1)
        rows += [
            [code, name, place, f"{YEAR}-{month:02d}", energy, f"{amount:.2f}", unit, f"{round(amount, 2) * factor:.2f}", NOTE]
            for code, name, place, amount, is_told in zip(codes, names, places, quantity, chosen, strict=True)
            if is_told
        ]
    return rows


def _units(department: Department, units: int):
    """The first enterprises of the register in business that mine, make or supply energy."""
    first, last = INDUSTRIES
    state = department.base(np.arange(department.size, dtype=np.int64)[: 60 * units])
    fitting = state.numbers[(state.industry >= first) & (state.industry <= last) & (state.status == 0)][:units]
    if len(fitting) < units:
        raise ValueError(f"the register of {department.size} enterprises has {len(fitting)} in industry, {units} key units were asked for; ask for more enterprises or fewer units")
    return department.base(fitting)
