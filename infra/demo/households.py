"""A synthetic population office: households (population.household), GB18030 CSV, the census day and the changes of half a year.

Households are spread over county × number of generations as the census counted family households. The head is an adult
of the synthetic register of residents who lives in the county.
"""

from pathlib import Path

import numpy as np

from infra.demo import census, planting
from infra.demo.csv_stream import dates
from infra.demo.draw import largest_remainder, uniform, whole
from infra.demo.offices import NOTE, divisions, rows_of
from infra.demo.planting import Kind
from infra.demo.residents import CENSUS_DAY, CHANGES_DAYS, CHANGES_FROM, HOUSEHOLDS, Office
from infra.demo.small_file import Shape, write_file

FEED = "population/household"
HEADER = ["户编号", "户主公民身份号码", "行政区划代码", "户别", "户口类型", "户内代数", "户内人数", "变更日期", "数据说明"]
GENERATIONS = ["一代户数", "二代户数", "三代户数", "四代以上户数"]  # columns of the census
MEMBERS = [([1, 2], [60, 40]), ([2, 3, 4, 5], [15, 45, 30, 10]), ([4, 5, 6, 7], [15, 40, 30, 15]), ([6, 7, 8], [40, 40, 20])]  # persons and their shares
FAMILY = "家庭户"
ADULT_FROM = [low for _, low, _ in census.AGE_GROUPS].index(20)
SHAPE = Shape(encoding="gb18030")

KINDS = [
    Kind("wrong check digit of the head", "CHECK-DIGIT.head_citizen_number", planting.change(1, planting.wrong_last)),
    Kind("head's number damaged by a spreadsheet", "EXCEL-NUMBER.head_citizen_number", planting.change(1, planting.excel_number)),
    Kind("no head", "REQUIRED.head_citizen_number", planting.replace(1, "")),
    Kind("unknown division", "DIVISION.division_code", planting.replace(2, "459997")),
    Kind("division outside Guangxi", "PATTERN.division_code", planting.replace(2, "110101")),
    Kind("unknown kind of household", "ENUM.household_kind", planting.replace(3, "单位")),
    Kind("more generations than persons", "GENERATIONS", planting.replace(5, "9")),
    Kind("nobody lives there", "MINIMUM.member_persons", planting.replace(6, "0")),
    Kind("persons in words", "TYPE.member_persons", planting.replace(6, "三人")),
    Kind("changed in the future", "FUTURE.change_date", planting.replace(7, "2098-01-01")),
    Kind("two records contradict", "KEY.CONFLICT", planting.contradict(4, lambda text: "乡村" if text == "城镇" else "城镇")),
    Kind("same record twice", "KEY.DUPLICATE", planting.repeat(), outcome="repeated"),
    Kind("stray quote", "STRAY_QUOTE", planting.change(3, lambda text: text[:1] + '"' + text[1:])),
    *planting.on_table(HEADER),
]


def write_deliveries(folder: Path, planted_to: Path, *, households: int, residents: int, seed: int) -> list[Path]:
    """All households on the census day, then those in which somebody came or went in the first half of 2021."""
    office = Office(residents, seed)
    numbers = np.arange(households, dtype=np.int64)
    county, generations = _cells(households)
    heads = [number.decode() for number in office.persons_at(_heads(office, county))[3]]
    members = _members(seed, numbers, generations)
    grown = np.maximum(members + np.where(uniform(seed, "household grows", numbers) < 0.5, 1, -1), generations + 1)
    moved = (uniform(seed, "household changes", numbers) < 0.05) & (grown != members)
    first = np.full(households, CENSUS_DAY)
    later = CHANGES_FROM + whole(seed, "household day", numbers, CHANGES_DAYS)
    deliveries = [
        ("2020-11", _rows(seed, numbers, heads, county, generations, members, first), "2021-05-20"),
        ("2021-h1", [row for row, is_changed in zip(_rows(seed, numbers, heads, county, generations, grown, later), moved, strict=True) if is_changed], "2021-07-05"),
    ]
    return [
        write_file(folder / f"household_{period}_{NOTE}.csv", planted_to, SHAPE, HEADER, rows, KINDS, period=period, sequence=sequence, known_at=known_at)
        for sequence, (period, rows, known_at) in enumerate(deliveries, 1)
    ]


def _cells(households: int) -> tuple[np.ndarray, np.ndarray]:
    """County and number of generations (less one) of each household."""
    weights = np.array([[float(row[column] or 0) for column in GENERATIONS] for row in census.counties()])
    sizes = largest_remainder(weights.ravel(), households)
    return np.divmod(np.repeat(np.arange(weights.size), sizes), len(GENERATIONS))


def _heads(office: Office, county: np.ndarray) -> np.ndarray:
    """The place in the register of residents of the head of each household: adults of the county, evenly, none twice."""
    _, sexes, ages = office.shape
    first, last = office.cell_ends - office.cell_sizes, office.cell_ends
    found = []
    for place, wanted in zip(*np.unique(county, return_counts=True), strict=True):
        cells = [(place * sexes + sex) * ages + age for sex in range(sexes) for age in range(ADULT_FROM, ages)]
        adults = np.concatenate([np.arange(first[cell], last[cell]) for cell in cells])
        if len(adults) < wanted:
            raise ValueError(f"{census.counties()[place]['区县']}: {wanted} households and {len(adults)} adults; ask for more residents or fewer households")
        found.append(adults[np.arange(wanted) * len(adults) // wanted])
    return np.concatenate(found)


def _members(seed: int, numbers: np.ndarray, generations: np.ndarray) -> np.ndarray:
    """Persons of each household, drawn for its number of generations."""
    drawn = uniform(seed, "household members", numbers)
    members = np.zeros(len(numbers), dtype=np.int64)
    for place, (persons, shares) in enumerate(MEMBERS):
        edges = np.cumsum(shares) / sum(shares)
        members = np.where(generations == place, np.array(persons)[np.minimum(np.searchsorted(edges, drawn, side="right"), len(persons) - 1)], members)
    return members


def _rows(seed: int, numbers: np.ndarray, heads: list[str], county: np.ndarray, generations: np.ndarray, members: np.ndarray, day: np.ndarray) -> list[list[str]]:
    codes = [f"H{code['区划代码']}{number:08d}" for code, number in zip([census.counties()[place] for place in county], numbers.tolist(), strict=True)]
    rural = (uniform(seed, "household is rural", numbers) >= census.urban_shares()[county]).astype(np.int64)
    kinds = [HOUSEHOLDS[place] for place in rural]
    return rows_of(codes, heads, divisions(county, day), [FAMILY] * len(codes), kinds, (generations + 1).tolist(), members.tolist(), dates(day).to_pylist(), [NOTE] * len(codes))
