"""A synthetic market regulator: the register of enterprises (legal_person.registration), GB18030 CSV, three deliveries.

Enterprises are spread over counties and industry sections as the employed persons of the 2020 census are.
The third delivery arrives last and tells of the first quarter: its changes lie before those of the second.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infra.demo import census, planting
from infra.demo.csv_stream import CHUNK_ROWS, Columns, dates, labels, numbered, texts, write_csv
from infra.demo.draw import choose, largest_remainder, shuffled, uniform, whole
from infra.demo.identifiers import enterprise_usccs
from infra.demo.planting import Kind

FEED = "legal_person/registration"
HEADER = ["统一社会信用代码", "企业名称", "行政区划代码", "行业代码", "成立日期", "注册资本（元）", "登记状态", "变更日期", "数据说明"]
STATUSES = ["存续", "吊销", "注销"]
REGISTER_DAY = np.datetime64("2023-12-31")
FIRST_QUARTER = (np.datetime64("2024-01-01"), 91)  # first day, days
SECOND_QUARTER = (np.datetime64("2024-04-01"), 91)
SECTION_DIVISIONS = [(1, 5), (6, 12), (13, 43), (44, 46), (47, 50), (51, 52), (53, 60), (61, 62), (63, 65), (66, 69), (70, 70), (71, 72), (73, 75),
                     (76, 79), (80, 82), (83, 83), (84, 85), (86, 90), (91, 96), (97, 97)]  # GB/T 4754-2017, first and last division of A … T

KINDS = [
    Kind("wrong check digit", "CHECK-DIGIT.uscc", planting.change(0, planting.wrong_last)),
    Kind("code damaged by a spreadsheet", "EXCEL-NUMBER.uscc", planting.change(0, planting.excel_number)),
    Kind("missing required name", "REQUIRED.enterprise_name", planting.replace(1, "")),
    Kind("amount in words", "TYPE.registered_capital_cny", planting.replace(5, "壹佰万元整")),
    Kind("negative amount", "MINIMUM.registered_capital_cny", planting.replace(5, "-500000.00")),
    Kind("impossible date", "TYPE.establishment_date", planting.replace(4, "2021-02-30")),
    Kind("date as a spreadsheet serial", "TYPE.establishment_date", planting.replace(4, "45292")),
    Kind("date in the future", "FUTURE.change_date", planting.replace(7, "2099-01-01")),
    Kind("changed before established", "LP-ORDER", planting.replace(7, "1949-10-01")),
    Kind("unknown division", "DIVISION.division_code", planting.replace(2, "459999")),
    Kind("division outside Guangxi", "PATTERN.division_code", planting.replace(2, "440106")),
    Kind("full-width digits in a code", "PATTERN.division_code", planting.change(2, planting.wide_digits)),
    Kind("industry not in the standard", "PATTERN.industry_code", planting.replace(3, "98")),
    Kind("unknown status", "ENUM.status", planting.replace(6, "营业中")),
    Kind("two records contradict", "KEY.CONFLICT", planting.contradict(5, lambda text: "88888888.00")),
    Kind("same record twice", "KEY.DUPLICATE", planting.repeat(), outcome="repeated"),
    Kind("stray quote", "STRAY_QUOTE", planting.as_line(1, lambda text: text[:4] + '"' + text[4:])),
    Kind("one delimiter too many", "WIDTH", planting.as_line(1, lambda text: text[:4] + "," + text[4:])),
    Kind("a delimiter missing", "WIDTH", planting.drop_delimiter(3)),
    Kind("control character", "CONTROL_CHAR", planting.as_line(1, lambda text: text[:4] + "\x01" + text[4:])),
    Kind("character lost before sending", "U_FFFD", planting.as_line(1, lambda text: text[:2] + "\ufffd" + text[3:])),
    Kind("header repeated", "REPEATED_HEADER", planting.repeat_header()),
]


def write_deliveries(folder: Path, planted_to: Path, *, enterprises: int, seed: int) -> list[Path]:
    """The full register of 2023-12, the changes of April to June 2024, and the late changes of January to March."""
    department = Department(enterprises, seed)
    deliveries = [
        ("registration_2023-12_full.csv", department.register(), enterprises, KINDS, {"period": "2023-12", "sequence": 1, "known_at": "2024-01-05"}),
        ("registration_2024-q2_changes.csv", department.changes("q2"), enterprises // 20, KINDS, {"period": "2024-Q2", "sequence": 3, "known_at": "2024-07-05"}),
        ("registration_2024-q1_changes_late.csv", department.changes("q1"), enterprises // 40, KINDS[:1], {"period": "2024-Q1", "sequence": 2, "known_at": "2024-08-20"}),
    ]
    for name, chunks, rows, kinds, manifest in deliveries:
        write_csv(folder, name, HEADER, chunks, rows=rows, encoding="gb18030", kinds=kinds, planted_to=planted_to, note="synthetic 合成数据", **manifest)
    return [folder / name for name, *_ in deliveries]


@dataclass
class State:
    """What the register says of some enterprises, one array a column."""

    numbers: np.ndarray
    home: np.ndarray  # county where it was founded: the code and the name keep it
    county: np.ndarray
    industry: np.ndarray
    established: np.ndarray
    capital: np.ndarray
    status: np.ndarray
    changed: np.ndarray


class Department:
    """Every enterprise by its number; later changes build on the earlier ones."""

    def __init__(self, enterprises: int, seed: int):
        self.size, self.seed = enterprises, seed
        weights = census.employed()
        self.sections = weights.shape[1]
        self.cell_ends = np.cumsum(largest_remainder(weights.ravel(), enterprises))

    def register(self) -> Iterator[Columns]:
        """All enterprises as they stood on the register day."""
        for numbers in _chunks(self.size):
            yield self.columns(self.base(numbers))

    def changes(self, quarter: str) -> Iterator[Columns]:
        """The enterprises changed or founded in a quarter, as they stood after it."""
        for numbers in _chunks(self.size):
            state, touched = self.after(numbers, quarter)
            yield self.columns(_only(state, touched))
        yield self.columns(self.founded(quarter))

    def base(self, numbers: np.ndarray) -> State:
        """One in twelve has left the register by its day, one in five changed something else since it was founded."""
        cell = np.searchsorted(self.cell_ends, shuffled(numbers, self.size), side="right")
        age = ((1 - np.sqrt(1 - uniform(self.seed, "age", numbers))) * 10_400).astype(np.int64)  # more young ones than old
        established = REGISTER_DAY - age
        lately = established + (uniform(self.seed, "changed", numbers) * age).astype(np.int64)
        status = choose(self.seed, "status", numbers, [11, 0.25, 0.75])
        changed = np.where((status > 0) | (uniform(self.seed, "has changed", numbers) < 0.2), lately, established)
        county, industry = cell // self.sections, self._industry(numbers, cell % self.sections)
        return State(numbers, county, county, industry, established, self._capital(numbers, "capital"), status, changed)

    def after(self, numbers: np.ndarray, quarter: str) -> tuple[State, np.ndarray]:
        """The state after a quarter and which enterprises were touched in it."""
        if quarter == "q1":
            return self._apply(self.base(numbers), quarter, FIRST_QUARTER, share=1 / 40)
        before, _ = self.after(numbers, "q1")
        return self._apply(before, quarter, SECOND_QUARTER, share=1 / 20)

    def founded(self, quarter: str) -> State:
        """New enterprises; numbers go on after the register."""
        births = self.size // 100
        first_day, days = FIRST_QUARTER if quarter == "q1" else SECOND_QUARTER
        numbers = np.arange(births, dtype=np.int64) + self.size + (0 if quarter == "q1" else births)
        cell = np.searchsorted(self.cell_ends, whole(self.seed, "new cell", numbers, self.size), side="right")
        established = first_day + whole(self.seed, "new day", numbers, days)
        alive = np.zeros(births, dtype=np.int64)
        county, industry = cell // self.sections, self._industry(numbers, cell % self.sections)
        return State(numbers, county, county, industry, established, self._capital(numbers, "capital"), alive, established)

    def usccs(self, numbers: np.ndarray, county: np.ndarray, established: np.ndarray) -> np.ndarray:
        """The division in the code is the one in force when the enterprise was founded."""
        return enterprise_usccs(numbers, census.codes_in_force(county, established))

    def names(self, numbers: np.ndarray, county: np.ndarray) -> pa.Array:
        """桂合成00000123（合成数据）南宁市兴宁区有限公司: nobody can take it for a real one."""
        places = [f"{row['市']}{row['区县']}有限公司" for row in census.counties()]
        return pc.binary_join_element_wise(numbered("桂合成", numbers, 8, "（合成数据）"), labels(places, county), "")

    def columns(self, state: State) -> Columns:
        """The fields of the file."""
        return [
            texts(self.usccs(state.numbers, state.home, state.established)),
            self.names(state.numbers, state.home),
            texts(census.codes_in_force(state.county, state.changed)),
            numbered("", state.industry, 2),
            dates(state.established),
            numbered("", state.capital, 1, ".00"),
            labels(STATUSES, state.status),
            dates(state.changed),
            labels(["合成数据"], np.zeros(len(state.numbers), dtype=np.int64)),
        ]

    def _apply(self, state: State, quarter: str, period: tuple[np.datetime64, int], share: float) -> tuple[State, np.ndarray]:
        """Four in ten close, one in ten loses its licence, three in ten change their capital, two in ten move to another county."""
        numbers = state.numbers
        touched = (uniform(self.seed, f"{quarter} touched", numbers) < share) & (state.status == 0)
        kind = np.where(touched, choose(self.seed, f"{quarter} kind", numbers, [4, 1, 3, 2]), -1)
        first_day, days = period
        county = np.where(kind == 3, whole(self.seed, f"{quarter} county", numbers, len(census.counties())), state.county)
        capital = np.where(kind == 2, self._capital(numbers, f"{quarter} capital"), state.capital)
        status = np.where(kind == 0, 2, np.where(kind == 1, 1, state.status))
        changed = np.where(touched, first_day + whole(self.seed, f"{quarter} day", numbers, days), state.changed)
        return State(numbers, state.home, county, state.industry, state.established, capital, status, changed), touched

    def _industry(self, numbers: np.ndarray, section: np.ndarray) -> np.ndarray:
        first, last = np.array(SECTION_DIVISIONS).T
        return first[section] + (uniform(self.seed, "industry", numbers) * (last - first + 1)[section]).astype(np.int64)

    def _capital(self, numbers: np.ndarray, purpose: str) -> np.ndarray:
        return np.round(10 ** (4 + 4 * uniform(self.seed, purpose, numbers)), -3).astype(np.int64)


def _only(state: State, mask: np.ndarray) -> State:
    return State(*(getattr(state, field)[mask] for field in State.__dataclass_fields__))


def _chunks(size: int) -> Iterator[np.ndarray]:
    for start in range(0, size, CHUNK_ROWS):
        yield np.arange(start, min(start + CHUNK_ROWS, size), dtype=np.int64)
