"""The real people of the census, which the synthetic departments are spread over."""

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np

DATA = Path(__file__).with_name("data")
SECTIONS = "ABCDEFGHIJKLMNOPQRST"
LONG_FORM_TOTAL = "各种行业人口总计"  # the 20 sections follow it in the file, in the order of the standard
AGE_GROUPS = [("0岁", 0, 1), ("1到4岁", 1, 5), *((f"{low}到{low + 4}岁", low, low + 5) for low in range(5, 85, 5)), ("85岁以上", 85, 101)]
SEXES = "男女"


@dataclass(frozen=True)
class Change:
    """A place that got another code on a day."""

    day: date
    old_code: str
    new_code: str


@cache
def counties() -> list[dict[str, str]]:
    """The 111 counties of the census, one row each, columns as sent."""
    with (DATA / "population/census_county/guangxi_county_2020.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if not row["区划代码"].endswith("00")]


def employed() -> np.ndarray:
    """Employed persons of the long form, county × section."""
    headers = list(counties()[0])
    first = headers.index(LONG_FORM_TOTAL) + 1
    return np.array([[_number(row[h]) for h in headers[first : first + len(SECTIONS)]] for row in counties()])


def persons() -> np.ndarray:
    """Permanent population, county × sex × age group."""
    return np.array([[[_number(row[f"{sex}_{name}"]) for name, _, _ in AGE_GROUPS] for sex in SEXES] for row in counties()])


def urban_shares() -> np.ndarray:
    """Urban share of each county."""
    return np.array([_number(row["城镇人口"]) / _number(row["人口数_合计"]) for row in counties()])


@cache
def recodings() -> list[Change]:
    """Changes after which the same place goes on under another code."""
    with (DATA / "reference/division_change/guangxi_division_changes.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["变更类型"] not in ("合并", "析置")]
    return [Change(date.fromisoformat(row["变更日期"]), row["原代码"], row["新代码"]) for row in rows]


def codes_in_force(county: np.ndarray, days: np.ndarray) -> np.ndarray:
    """The code each county (by position) had on a day, as a number."""
    codes = np.array([int(row["区划代码"]) for row in counties()])[county]
    for change in sorted(recodings(), key=lambda change: change.day):
        codes = np.where((codes == int(change.old_code)) & (days >= np.datetime64(change.day)), int(change.new_code), codes)
    for change in sorted(recodings(), key=lambda change: change.day, reverse=True):
        codes = np.where((codes == int(change.new_code)) & (days < np.datetime64(change.day)), int(change.old_code), codes)
    return codes


def _number(text: str) -> float:
    return float(text) if text else 0.0
