"""What the economic departments published, read a second time: plain Python over the bytes that were sent, with none of the house's readers, contracts or SQL.

A cell is one figure: (feed, indicator, industry code, division, convention, period), all as the departments and the house's seeds name them. A record that
the list of planted errors names is not believed: where its division, period or form is spoilt the whole of it, where its first figure is spoilt that figure alone.
"""

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import openpyxl

from tests.marts.oracles import sent

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
REGION, CITIES = "450000", [f"45{number:02d}00" for number in range(1, 15)]
FEEDS = ["consumption", "employment", "finance", "fiscal_tax", "gdp_regional", "industry", "industry_output", "investment", "power", "prices", "purchasing_managers", "trade"]
ENCODINGS = {"consumption": "gb18030", "finance": "gb18030", "industry_output": "gb18030"}  # the others write UTF-8, some with a mark before it
DELIMITERS = {"prices": ";", "power": "\t"}
TITLES = {"consumption": 2, "fiscal_tax": 2, "industry": 1, "investment": 1, "purchasing_managers": 1}  # lines above the header
FIXED = {"区划代码", "地区", "指标", "口径", "计量单位", "年份", "月份", "期间", "时间", "截至月份", "数据说明", "用电分类", "行业代码", "行业名称", "area.code", "area.name", "flow", "period", "note", ""}
CONVENTIONS = {
    "累计": "cumulative", "累计数": "cumulative", "cumulativeValue": "cumulative",
    "累计同比增长（%）": "cumulative_yoy_pct", "累计同比（%）": "cumulative_yoy_pct", "cumulativeGrowth": "cumulative_yoy_pct", "当月同比增长（%）": "yoy_pct",
    "本期": "current", "当月": "current", "当月总产值": "current", "currentValue": "current",
    "上月=100": "previous_month_index", "上年同月=100": "same_month_index", "上年同期=100": "same_period_index",
}  # fmt: skip
QUARTERS = {"一季度": 3, "上半年": 6, "前三季度": 9, "全年": 12}
SPOILT_IN_ITS_FIRST_FIGURE = {
    "figure in words", "figure with full-width digits", "figure missing", "figure below zero", "two records contradict", "a growth rate for an index", "index above a hundred",
}  # fmt: skip
Cell = tuple[str, str, str, str, str, str]


@dataclass(frozen=True)
class Figures:
    """One publication: the day on which it became known, what could be believed, and what its department had meant by the records that were spoilt."""

    known_at: str
    believed: dict[Cell, Fraction]
    meant: dict[Cell, Fraction]


@cache
def publications(home: Path, feed: str) -> list[Figures]:
    """The publications of a department, oldest first."""
    found = []
    for record in (json.loads(path.read_text()) for path in (home / "landing" / "deliveries" / f"economy.{feed}").glob("*/received.json")):
        header, lines = _lines(feed, record["file"], sent(home, record["file"]).read_bytes())
        planted = {one["line"]: one for one in json.loads((home / "demo/planted/economy" / feed / f"{record['file']}.planted.json").read_text())}
        believed, meant = {}, {}
        for number, fields in lines:
            error = planted.get(number)
            if error is None or error["outcome"] == "repeated":
                believed |= _cells(feed, header, fields)
            elif error["kind"] in SPOILT_IN_ITS_FIRST_FIGURE:
                believed |= _cells(feed, header, fields, spared=1)
            if error and error["outcome"] != "repeated":
                meant |= _cells(feed, header, error["original"].split(","))
        found.append(Figures(record["known_at"], believed, {cell: value for cell, value in meant.items() if cell not in believed}))
    return sorted(found, key=lambda one: one.known_at)


@cache
def vintages(home: Path, feed: str) -> dict[Cell, list[tuple[str, Fraction]]]:
    """Cell → every day on which another value of it became known, and the value; the last one stands."""
    found: dict[Cell, list[tuple[str, Fraction]]] = defaultdict(list)
    for publication in publications(home, feed):
        for cell, value in publication.believed.items():
            if not found[cell] or found[cell][-1][1] != value:
                found[cell].append((publication.known_at, value))
    return found


@cache
def standing(home: Path, feed: str, day: str = "9999-12-31") -> dict[Cell, Fraction]:
    """Cell → the value that stood on a day."""
    return {cell: values[-1] for cell, log in vintages(home, feed).items() if (values := [value for known_at, value in log if known_at <= day])}


@cache
def last_meant(home: Path, feed: str) -> dict[Cell, Fraction]:
    """Cell → what the department meant in the last publication that has it, planted errors undone."""
    found: dict[Cell, Fraction] = {}
    for publication in publications(home, feed):
        found |= publication.believed | publication.meant
    return found


@cache
def spoilt(home: Path, feed: str) -> set[Cell]:
    """Cells that a planted error took from any publication."""
    return {cell for publication in publications(home, feed) for cell in publication.meant}


@cache
def series(home: Path, feed: str, indicator: str, division: str, convention: str) -> dict[str, Fraction]:
    """Period → value standing, in order of periods."""
    found = {cell[5]: value for cell, value in standing(home, feed).items() if cell[:5] == (f"economy.{feed}", indicator, "", division, convention)}
    return dict(sorted(found.items()))


@cache
def seed(name: str) -> tuple[dict[str, str], ...]:
    """A list that somebody decided on: indicators, sources, cut points. None of it is computed."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def concepts() -> dict[str, dict[str, str]]:
    """Concept code → its row of the list of indicators, for those that a department of the region publishes."""
    ours = {row["concept_code"] for row in seed("indicator_source") if row["feed"].removeprefix("economy.") in FEEDS}
    return {row["concept_code"]: row for row in seed("indicator") if row["concept_code"] in ours}


@cache
def names_in_the_house() -> dict[tuple[str, str], tuple[str, str]]:
    """(feed, the department's name of an indicator) → (concept, industry code)."""
    return {(row["feed"], row["source_indicator"]): (row["concept_code"], row["industry_code"]) for row in seed("indicator_source")}


def named(cell: Cell) -> tuple[str, str, str, str]:
    """Indicator code, division, industry code and period of a cell, as the core names them."""
    concept, industry = names_in_the_house()[cell[:2]]
    return f"{concept}__{cell[4]}", cell[3], cell[2] or industry, cell[5]


def year_before(period: str) -> str:
    """The same months of the year before."""
    return re.sub(r"\d{4}", lambda year: str(int(year.group()) - 1), period)


def position_in_ten_years(values: list[Fraction]) -> Fraction:
    """Where the last of the values stands among all of them, in per cent: those below it and half of those equal to it, itself included."""
    last = values[-1]
    return Fraction(100) * (sum(value < last for value in values) + Fraction(sum(value == last for value in values), 2)) / len(values)


def _lines(feed: str, name: str, content: bytes) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header, and every record below it under the number that the lists of planted errors give it."""
    if name.endswith(".json"):
        records = [_flat(record) for record in json.loads(content, parse_float=str, parse_int=str)["list"]]
        return list(records[0]), ((number, list(record.values())) for number, record in enumerate(records, 1))
    if name.endswith(".xlsx"):
        sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
        rows = [["" if value is None else str(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    else:
        text = content.decode(ENCODINGS.get(feed, "utf-8-sig"))
        rows = list(csv.reader(text.split("\n"), delimiter=DELIMITERS.get(feed, ","), quoting=csv.QUOTE_NONE))
    above = TITLES.get(feed, 0)
    header = [name for name in rows[above] if name]
    return header, ((number, row) for number, row in enumerate(rows[above + 1 :], above + 2) if len(row) >= len(header))


def _flat(record: dict, before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in record.items():
        found |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {before + name: "" if value is None else str(value)}
    return found


def _cells(feed: str, header: list[str], fields: list[str], spared: int = 0) -> dict[Cell, Fraction]:
    """The figures of one record but for the first `spared`."""
    row = dict(zip(header, fields, strict=False))
    found = {}
    for column in [name for name in header if name not in FIXED][spared:]:
        if row[column]:
            cell = _cell(feed, row, column)
            found[cell] = Fraction(row[column])
    return found


def _cell(feed: str, row: dict[str, str], column: str) -> Cell:
    indicator = row.get("指标") or row.get("用电分类") or row.get("flow") or "规模以上工业总产值"
    division = row.get("区划代码") or row.get("area.code") or (column[:6] if column[:2] == "45" else REGION)
    convention = CONVENTIONS.get(row.get("口径") or column)
    if convention is None:
        convention = "end_of_period" if feed == "finance" else "current" if feed == "power" or indicator == "城镇调查失业率" else "cumulative"
    when = next((row[name] for name in ("期间", "时间", "截至月份", "period") if name in row), None) or (f"{row['月份']}月" if "月份" in row else column)
    return f"economy.{feed}", indicator, row.get("行业代码", ""), division, convention, _period(row.get("年份", ""), when, convention)


def _period(year: str, when: str, convention: str) -> str:
    """2024-03; 2024-01/2024-03 for a span since January; 2024Q1 for a mean of three months."""
    if when in QUARTERS:
        return f"{year}Q{QUARTERS[when] // 3}" if convention == "current" else f"{year}-01/{year}-{QUARTERS[when]:02d}"
    year = year or when[:4]
    numbers = re.findall(r"\d+", when.removeprefix(year))
    last = int(numbers[-1])
    if len(numbers) == 2 or convention in ("cumulative", "cumulative_yoy_pct", "same_period_index"):
        return f"{year}-01/{year}-{last:02d}"
    return f"{year}-{last:02d}"
