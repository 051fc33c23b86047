"""A synthetic population office: residents (population.resident), UTF-8 CSV, the census day and one delivery of changes.

Residents are spread over county × sex × age group as the census counted them (largest remainder), so any total of the
file is the real total in proportion. A citizen number carries the division of first registration: for a place whose
code changed, the code in force on the day of birth; for one in five, the next county of the list.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from infra.demo import census, planting
from infra.demo.csv_stream import CHUNK_ROWS, Columns, dates, labels, texts, write_csv
from infra.demo.draw import largest_remainder, shuffled, uniform, whole
from infra.demo.identifiers import citizen_numbers, rounded
from infra.demo.planting import Kind

FEED = "population/resident"
HEADER = ["公民身份号码", "性别", "出生日期", "行政区划代码", "户口类型", "变更日期", "数据说明"]
CENSUS_DAY = np.datetime64("2020-11-01")
CHANGES_FROM, CHANGES_DAYS = np.datetime64("2021-01-25"), 156  # the first half of 2021, after 横县 became 横州市
HOUSEHOLDS = ["城镇", "乡村"]
ORDERS_AT_HOME, ORDERS = 400, 500  # of the 500 order numbers a sex has on a day, the last 100 are for people born in another county

KINDS = [
    Kind("wrong check digit", "CHECK-DIGIT.citizen_number", planting.change(0, planting.wrong_last)),
    Kind("number damaged by a spreadsheet", "EXCEL-NUMBER.citizen_number", planting.change(0, planting.excel_number)),
    Kind("last digits rounded by a spreadsheet", "CHECK-DIGIT.citizen_number", planting.change(0, rounded)),
    Kind("full-width digits in a number", "PATTERN.citizen_number", planting.change(0, planting.wide_digits)),
    Kind("missing number", "REQUIRED.citizen_number", planting.replace(0, "")),
    Kind("missing sex", "REQUIRED.sex", planting.replace(1, "")),
    Kind("unknown sex", "ENUM.sex", planting.replace(1, "1")),
    Kind("impossible date", "TYPE.birth_date", planting.replace(2, "1999-02-30")),
    Kind("born in the future", "FUTURE.birth_date", planting.replace(2, "2097-05-05")),
    Kind("birth differs from the number", "PR-BIRTH", planting.replace(2, "1900-01-01")),
    Kind("unknown division", "DIVISION.division_code", planting.replace(3, "459997")),
    Kind("division outside Guangxi", "PATTERN.division_code", planting.replace(3, "110101")),
    Kind("unknown household", "ENUM.household_type", planting.replace(4, "农业")),
    Kind("two records contradict", "KEY.CONFLICT", planting.contradict(4, lambda text: "乡村" if text == "城镇" else "城镇")),
    Kind("same record twice", "KEY.DUPLICATE", planting.repeat(), outcome="repeated"),
    Kind("stray quote", "STRAY_QUOTE", planting.as_line(4, lambda text: text[:1] + '"' + text[1:])),
    Kind("quote never closed", "UNCLOSED_QUOTE", planting.as_line(6, lambda text: '"' + text)),
    Kind("text after a closing quote", "TEXT_AFTER_QUOTE", planting.as_line(4, lambda text: f'"{text}"户')),
    Kind("one delimiter too many", "WIDTH", planting.as_line(4, lambda text: text + ",")),
    Kind("a delimiter missing", "WIDTH", planting.drop_delimiter(3)),
    Kind("control character", "CONTROL_CHAR", planting.as_line(4, lambda text: text + "\x00")),
    Kind("lone carriage return", "LONE_CR", planting.as_line(4, lambda text: text[:1] + "\r" + text[1:])),
    Kind("character lost before sending", "U_FFFD", planting.as_line(4, lambda text: "\ufffd" + text[1:])),
    Kind("header repeated", "REPEATED_HEADER", planting.repeat_header()),
]


def write_deliveries(folder: Path, planted_to: Path, *, residents: int, seed: int) -> list[Path]:
    """Everybody on the census day, then those who moved in the first half of 2021."""
    office = Office(residents, seed)
    deliveries = [
        ("resident_2020-11_合成数据.csv", office.everybody(), residents, KINDS, {"period": "2020-11", "sequence": 1, "known_at": "2021-05-20"}),
        ("resident_2021-h1_合成数据_changes.csv", office.moved(), residents // 50, KINDS[:1], {"period": "2021-H1", "sequence": 2, "known_at": "2021-07-05"}),
    ]
    for name, chunks, rows, kinds, manifest in deliveries:
        write_csv(folder, name, HEADER, chunks, rows=rows, encoding="utf-8", kinds=kinds, planted_to=planted_to, note="synthetic 合成数据", **manifest)
    return [folder / name for name, *_ in deliveries]


class Office:
    """Every resident by number."""

    def __init__(self, residents: int, seed: int):
        self.size, self.seed = residents, seed
        weights = census.persons()
        self.shape = weights.shape
        self.cell_sizes = largest_remainder(weights.ravel(), residents)
        self.cell_ends = np.cumsum(self.cell_sizes)

    def everybody(self) -> Iterator[Columns]:
        """The register of the census day."""
        for numbers in _chunks(self.size):
            county, sex, birth, citizen = self.persons(numbers)
            yield self.columns(numbers, county, sex, birth, citizen, np.full(len(numbers), CENSUS_DAY))

    def moved(self) -> Iterator[Columns]:
        """One in fifty moved to another county."""
        for numbers in _chunks(self.size):
            numbers = numbers[uniform(self.seed, "moved", numbers) < 1 / 50]
            _, sex, birth, citizen = self.persons(numbers)
            county = whole(self.seed, "moved to", numbers, self.shape[0])
            day = CHANGES_FROM + whole(self.seed, "moved on", numbers, CHANGES_DAYS)
            yield self.columns(numbers, county, sex, birth, citizen, day)

    def persons(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """County, sex, day of birth and citizen number; no two residents share a number."""
        return self.persons_at(shuffled(numbers, self.size))

    def persons_at(self, place: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """The same by place, where residents stand in the order of county, sex and age group."""
        cell = np.searchsorted(self.cell_ends, place, side="right")
        rank = place - (self.cell_ends - self.cell_sizes)[cell]
        county, sex, age = np.unravel_index(cell, self.shape)
        away = rank % 5 == 4
        birth, slot = self._birth(age, np.where(away, rank // 5, rank - rank // 5), away)
        origin = np.where(away, (county + 1) % self.shape[0], county)
        citizen = citizen_numbers(census.codes_in_force(origin, birth), birth, slot * 2 + (sex == 0))
        return county, sex, birth, citizen

    def columns(self, numbers: np.ndarray, county: np.ndarray, sex: np.ndarray, birth: np.ndarray, citizen: np.ndarray, day: np.ndarray) -> Columns:
        """The fields of the file."""
        rural = uniform(self.seed, "household", numbers) >= census.urban_shares()[county]
        return [
            texts(citizen),
            labels(list(census.SEXES), sex),
            dates(birth),
            texts(census.codes_in_force(county, day)),
            labels(HOUSEHOLDS, rural.astype(np.int64)),
            dates(day),
            labels(["合成数据"], np.zeros(len(county), dtype=np.int64)),
        ]

    def _birth(self, age: np.ndarray, rank: np.ndarray, away: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A day inside the age group and an order number, a different pair for each rank of a cell."""
        low, high = np.array([(low, high) for _, low, high in census.AGE_GROUPS]).T
        days = ((high - low) * 365)[age]
        step = np.array([_step(int(span)) for span in (high - low) * 365])[age]
        newest = CENSUS_DAY - np.ceil(low[age] * 365.25).astype(np.int64) - 1
        room = np.where(away, ORDERS - ORDERS_AT_HOME, ORDERS_AT_HOME)
        slot = np.where(away, ORDERS_AT_HOME, 0) + rank // days % room
        if (rank // days >= room).any():
            raise ValueError("more residents in an age group of a county than citizen numbers exist; ask for fewer residents")
        return newest - rank * step % days, slot


def _step(days: int) -> int:
    """A step without a common factor with the number of days, so that all days are used."""
    step = int(days * 0.618) | 1
    while np.gcd(step, days) != 1:
        step += 1
    return step


def _chunks(size: int) -> Iterator[np.ndarray]:
    for start in range(0, size, CHUNK_ROWS):
        yield np.arange(start, min(start + CHUNK_ROWS, size), dtype=np.int64)
