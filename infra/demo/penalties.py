"""A synthetic credit office: administrative penalties (credit.penalty), XLSX, at most a million records a sheet.

Every penalty names an enterprise of the synthetic register, an article that exists, and the one class of the national
catalogue that penalties belong to (行政管理信息).
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import xlsxwriter

from infra.demo import census, planting
from infra.demo.csv_stream import dates, write_manifest
from infra.demo.draw import choose, uniform, whole
from infra.demo.enterprises import Department
from infra.demo.planting import Kind, Planted, places, write_list

FEED = "credit/penalty"
HEADER = ["决定文书号", "统一社会信用代码", "当事人名称", "行政区划代码", "信用信息类别代码", "处罚种类", "违法事实", "处罚依据", "处罚机关",
          "处罚决定日期", "公示截止日期", "罚款金额（元）", "数据说明"]
FINE = HEADER.index("罚款金额（元）")
SHEET_ROWS = 1_000_000
CHUNK_ROWS = 50_000
FIRST_DAY, DAYS = np.datetime64("2022-01-01"), 910
ADMINISTRATIVE = "03"  # 行政管理信息, the class of penalties in the national catalogue

# field, mark in the document number, office, act, article, months in public
CASES = [
    ("市监", "市场监督管理局", "经营标签不符合规定的食品", "《中华人民共和国食品安全法》第一百二十五条", 36),
    ("市监", "市场监督管理局", "生产不符合国家标准的产品", "《中华人民共和国产品质量法》第四十九条", 12),
    ("市监", "市场监督管理局", "发布虚假广告", "《中华人民共和国广告法》第五十五条", 12),
    ("环", "生态环境局", "超过大气污染物排放标准排放", "《中华人民共和国大气污染防治法》第九十九条", 12),
    ("环", "生态环境局", "超过水污染物排放标准排放", "《中华人民共和国水污染防治法》第八十三条", 12),
    ("应急", "应急管理局", "未按规定开展安全生产教育培训", "《中华人民共和国安全生产法》第九十七条", 36),
    ("税", "税务局", "少列收入造成少缴税款", "《中华人民共和国税收征收管理法》第六十三条", 12),
    ("建", "住房和城乡建设局", "未取得施工许可证擅自施工", "《中华人民共和国建筑法》第六十四条", 12),
]
CASE_SHARES = [22, 14, 9, 10, 7, 12, 16, 10]
PENALTIES = ["罚款", "警告", "没收违法所得", "责令停产停业", "吊销许可证件", "通报批评"]
PENALTY_SHARES = [62, 20, 9, 4, 2, 3]
WITH_AMOUNT = (0, 2)  # fines and confiscations

KINDS = [
    Kind("wrong check digit", "CHECK-DIGIT.uscc", planting.change(1, planting.wrong_last)),
    Kind("code damaged by a spreadsheet", "EXCEL-NUMBER.uscc", planting.change(1, planting.excel_number)),
    Kind("missing legal basis", "REQUIRED.legal_basis", planting.replace(7, "")),
    Kind("amount in words", "TYPE.fine_cny", planting.replace(FINE, "伍万元")),
    Kind("negative amount", "MINIMUM.fine_cny", planting.replace(FINE, "-20000")),
    Kind("impossible date", "TYPE.decision_date", planting.replace(9, "2023-02-29")),
    Kind("date in the future", "FUTURE.decision_date", planting.replace(9, "2098-06-01")),
    Kind("public until before decided", "CP-ORDER", planting.replace(10, "2001-01-01")),
    Kind("unknown division", "DIVISION.division_code", planting.replace(3, "459998")),
    Kind("full-width digits in a code", "PATTERN.division_code", planting.change(3, planting.wide_digits)),
    Kind("class outside the catalogue", "ENUM.category_code", planting.replace(4, "99")),
    Kind("penalty the law does not know", "ENUM.penalty_kind", planting.replace(5, "批评教育")),
    Kind("two records contradict", "KEY.CONFLICT", planting.contradict(FINE, lambda text: "77777777")),
    Kind("same record twice", "KEY.DUPLICATE", planting.repeat(), outcome="repeated"),
    Kind("character lost before sending", "U_FFFD", planting.replace(6, "经营标签不符合规定的食\ufffd")),
    Kind("header repeated", "REPEATED_HEADER", planting.repeat_header()),
]


def write_deliveries(folder: Path, planted_to: Path, *, penalties: int, enterprises: int, seed: int) -> list[Path]:
    """One workbook for each million penalties."""
    department = Department(enterprises, seed)
    starts = range(0, penalties, SHEET_ROWS)
    paths = []
    for number, start in enumerate(starts, 1):
        path = folder / f"penalty_2024-06_合成数据_{number:02d}.xlsx"
        rows = min(SHEET_ROWS, penalties - start)
        _write_workbook(path, planted_to, _records(department, start, rows), rows=rows, sequence=number)
        paths.append(path)
    return paths


def _records(department: Department, start: int, rows: int) -> Iterator[list[str]]:
    """The fields of each penalty, all as text."""
    for first in range(start, start + rows, CHUNK_ROWS):
        numbers = np.arange(first, min(first + CHUNK_ROWS, start + rows), dtype=np.int64)
        yield from zip(*_columns(department, numbers), strict=True)


def _columns(department: Department, numbers: np.ndarray) -> list[list[str]]:
    seed = department.seed
    parties = department.base(whole(seed, "penalty party", numbers, department.size))
    case = choose(seed, "penalty case", numbers, CASE_SHARES)
    penalty = choose(seed, "penalty kind", numbers, PENALTY_SHARES)
    decided = FIRST_DAY + whole(seed, "penalty day", numbers, DAYS)
    months = np.array([months for *_, months in CASES])[case]
    fines = np.round(10 ** (3 + 2.7 * uniform(seed, "penalty fine", numbers)), -2).astype(np.int64)
    years = decided.astype("datetime64[Y]").astype(np.int64) + 1970
    counties = census.counties()
    return [
        [f"桂合成{CASES[c][0]}罚〔{y}〕{n:07d}号" for c, y, n in zip(case, years, numbers, strict=True)],
        [uscc.decode() for uscc in department.usccs(parties.numbers, parties.home, parties.established)],
        department.names(parties.numbers, parties.home).to_pylist(),
        [str(code) for code in census.codes_in_force(parties.county, decided)],
        [ADMINISTRATIVE] * len(numbers),
        [PENALTIES[p] for p in penalty],
        [CASES[c][2] for c in case],
        [CASES[c][3] for c in case],
        [f"{counties[place]['市']}{counties[place]['区县']}{CASES[c][1]}" for c, place in zip(case, parties.county, strict=True)],
        dates(decided).to_pylist(),
        dates(decided + months * 30).to_pylist(),
        [str(fine) if p in WITH_AMOUNT else "" for p, fine in zip(penalty, fines, strict=True)],
        ["合成数据"] * len(numbers),
    ]


def _write_workbook(path: Path, planted_to: Path, records: Iterator[list[str]], *, rows: int, sequence: int) -> None:
    """One sheet, written row by row; texts as text, amounts as numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    errors = places(rows, KINDS)
    planted: list[Planted] = []
    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": "行政处罚（合成数据）", "created": datetime(2024, 7, 1, tzinfo=UTC)})
        sheet = book.add_worksheet("行政处罚（合成数据）")
        line = _write_row(sheet, 0, HEADER)
        headers = 0
        for place, fields in enumerate(records):
            kind = errors.get(place)
            for record, is_planted in kind.edit(list(fields), HEADER) if kind else [(fields, False)]:
                line = _write_row(sheet, line, record)
                headers += record is HEADER
                if is_planted:
                    planted.append(Planted(line - 1, line, kind.name, kind.outcome, kind.code, ",".join(fields)))
    write_list(planted_to / f"{path.name}.planted.json", planted)
    write_manifest(path, rows=line - 1 - headers, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), period="2022-01/2024-06", sequence=sequence,
                   known_at="2024-07-01", note="synthetic 合成数据")


def _write_row(sheet, line: int, record: list[str]) -> int:
    """Write a row and give the number of lines so far."""
    for column, text in enumerate(record):
        if column == FINE and text.lstrip("-").isdigit():
            sheet.write_number(line, column, int(text))
        else:
            sheet.write_string(line, column, text)
    return line + 1
