"""The marts' numbers worked out a second time: plain Python over the raw files, with none of the house's readers, contracts or SQL."""

import csv
import json
import math
from collections import Counter, defaultdict
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "infra" / "demo" / "data"
AS_FIRST_PUBLISHED, REVISED = date(2023, 2, 28), date(2026, 4, 18)
LEVELS = [(50, "优"), (100, "良"), (150, "轻度污染"), (200, "中度污染"), (300, "重度污染"), (500, "严重污染")]
# HJ 633-2012, copied from its table 1 and 2: concentration at index 0, 50, 100, 150, 200, 300, 400, 500
INDEX = [0, 50, 100, 150, 200, 300, 400, 500]
BREAKPOINTS_2012 = {
    "二氧化硫": [0, 150, 500, 650, 800],
    "二氧化氮": [0, 100, 200, 700, 1200, 2340, 3090, 3840],
    "一氧化碳": [0, 5, 10, 35, 60, 90, 120, 150],
    "臭氧1小时": [0, 160, 200, 300, 400, 800, 1000, 1200],
    "颗粒物(PM10)": [0, 50, 150, 250, 350, 420, 500, 600],
    "细颗粒物(PM2.5)": [0, 35, 75, 115, 150, 250, 350, 500],
}
# the feed exchanges o3 with o3_24h: the hour's ozone stands under o3_24h
HOURLY_FIELD = {"二氧化硫": "so2", "二氧化氮": "no2", "一氧化碳": "co", "臭氧1小时": "o3_24h", "颗粒物(PM10)": "pm10", "细颗粒物(PM2.5)": "pm2_5"}


@cache
def census() -> dict[str, dict[str, str]]:
    """Division code → the row of the yearbook."""
    with (DATA / "population/census_county/guangxi_county_2020.csv").open(encoding="utf-8", newline="") as file:
        return {row["区划代码"]: row for row in csv.DictReader(file)}


def level_of(code: str) -> str:
    return "province" if code.endswith("0000") else "prefecture" if code.endswith("00") else "county"


@cache
def provincial_gdp() -> dict[date, dict[tuple[str, int], Fraction]]:
    """Publication → (division, year) → GDP in 100 million CNY, exactly as printed."""
    first = json.loads((DATA / "economy/gdp_provincial/gdp_1952_2022_as_first_published.json").read_text(encoding="utf-8"), parse_float=Fraction)
    with (DATA / "economy/gdp_provincial/gdp_2015_2024_revised_5th_econ_census.csv").open(encoding="utf-8-sig", newline="") as file:
        revised = {(row["省份"], int(row["年份"])): Fraction(row["GDP总量"]) for row in csv.DictReader(file)}
    return {
        AS_FIRST_PUBLISHED: {(one["name"], int(year)): one["value"] for year, block in first.items() if year != "0" for one in block["map"]},
        REVISED: revised,
    }


@cache
def quarterly_gdp(file_name: str) -> dict[tuple[str, str, int, int], Fraction]:
    """(indicator before the comma, Current Quarter or Accumulated, year, quarter) → value, out of the awkward export."""
    lines = (DATA / "economy/gdp_quarterly" / file_name).read_text(encoding="utf-8-sig").split("\n")
    periods = [cell.strip() for cell in lines[2].split(",")[1:]]
    values = {}
    for line in lines[3:]:
        cells = line.split("\t")
        if len(cells) < 10:
            continue
        # one branch is written without the space before its unit
        name, _, kind = cells[0].replace("(preceding year=100) ,", ",").replace("(preceding year=100),", ",").rpartition(",")
        kind = kind.replace("(100 million yuan)", "").strip()
        for period, cell in zip(periods, cells[1:], strict=False):
            if period:
                values[name.strip(), kind, int(period[3:]), int(period[0])] = Fraction(cell.strip(",\t "))
    return values


def house_price_chain(city: str, series: str) -> dict[date, float]:
    """Product of the monthly indices since 2011-01 (2010-12 = 100), up to the first missing month."""
    with (DATA / "economy/house_price/merged_housing_data_eng.csv").open(encoding="utf-8", newline="") as file:
        monthly = {date(int(row["year"]), int(row["month"]), 1): row[series] for row in csv.DictReader(file) if row["city"] == city}
    level, month, chain = Fraction(100), date(2011, 1, 1), {}
    while monthly.get(month):
        level *= Fraction(monthly[month]) / 100
        chain[month] = float(level)
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return chain


@cache
def stations() -> dict[str, dict[str, str]]:
    """Station code → the fields of the broadcast."""
    features = json.loads((DATA / "environment/air_quality/airnow_20170707T16.json").read_text(encoding="utf-8"))["features"]
    return {feature["properties"]["stationcode"]: feature["properties"] for feature in features}


def air_quality(station: dict[str, str]) -> tuple[int | None, str | None, set[str], bool]:
    """Index, level, primary pollutants and completeness of a station by HJ 633-2012, hourly."""
    means = {pollutant: station[field] for pollutant, field in HOURLY_FIELD.items()}
    indices = {p: _sub_index(BREAKPOINTS_2012[p], Fraction(mean)) for p, mean in means.items() if mean != "-;"}
    is_complete = "-;" not in means.values()
    index = max((i for i in indices.values() if i is not None), default=None)
    if index is None:
        return None, None, set(), is_complete
    level = next(name for highest, name in LEVELS if index <= highest)
    return index, level, {p for p, i in indices.items() if i == index} if index > 50 else set(), is_complete


def published_air_quality(station: dict[str, str]) -> tuple[int, str, set[str]] | None:
    if station["aqi"] == "-;":
        return None
    return int(station["aqi"]), station["quality"], set(station["primarypollutant"].split(",")) - {"-;"}


def registered(home: Path) -> dict[str, list[list[str]]]:
    """USCC → its clean records in order of change, from the delivered files and the lists of planted errors."""
    histories = defaultdict(list)
    for path in sorted((home / "demo/planted/legal_person/registration").glob("*.json")):
        spoilt = {one["line"] for one in json.loads(path.read_text())}
        file = sent(home, path.name.removesuffix(".planted.json"))
        for number, line in enumerate(file.read_bytes().decode("gb18030").split("\n")[1:-1], 2):
            if number not in spoilt:
                fields = line.split(",")
                histories[fields[0]].append(fields)
    return {uscc: sorted(records, key=lambda record: record[7]) for uscc, records in histories.items()}


def in_business(histories: dict[str, list[list[str]]], end_of_month: str) -> Counter[str]:
    """Enterprises in business at the end of a month, by the division code of their state then (first state before its own day)."""
    found: Counter[str] = Counter()
    for records in histories.values():
        if records[0][4] > end_of_month:
            continue
        past = [record for record in records if record[7] <= end_of_month]
        state = past[-1] if past else records[0]
        if not past or state[6] == "存续":
            found[state[2]] += 1
    return found


def sent(home: Path, name: str) -> Path:
    """The bytes of a delivered file, kept in landing under their SHA-256."""
    records = (json.loads(path.read_text()) for path in (home / "landing" / "deliveries").glob("*/*/received.json"))
    sha256 = next(record["sha256"] for record in records if record["file"] == name)
    return home / "landing" / "files" / sha256[:2] / sha256

def _sub_index(breakpoints: list[int], mean: Fraction) -> int | None:
    """Rounded up; None where the standard computes nothing (sulphur dioxide above 800 in one hour)."""
    for place in range(1, len(breakpoints)):
        low, high = breakpoints[place - 1], breakpoints[place]
        if mean <= high:
            return math.ceil(Fraction(INDEX[place] - INDEX[place - 1], high - low) * (mean - low) + INDEX[place - 1])
    return 500 if len(breakpoints) == len(INDEX) else None
