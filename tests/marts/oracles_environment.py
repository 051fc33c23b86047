"""Water class and discharge worked out a second time, from the bytes as they were sent, with none of the house's readers, contracts or SQL."""

import csv
import json
import math
import re
from collections import defaultdict
from pathlib import Path

from tests.marts.oracles import DATA

CLASSES = ["Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ"]
TOXIC = {"氰化物", "铅", "六价铬", "镉", "汞", "砷"}
# GB 18918-2002 table 1, grade I-A (daily means); GB 13223-2011 table 1, new coal-fired boilers in Guangxi (hours at 6 % of oxygen)
DAILY = {"w01018": (None, 50), "w21003": (None, 5), "w21011": (None, 0.5), "w01001": (6, 9)}
HOURLY = {"a34013": 30, "a21026": 200, "a21002": 100}


def sent(home: Path, feed: str) -> list[bytes]:
    """What came for a feed, delivery by delivery."""
    records = (json.loads(path.read_text()) for path in sorted((home / "landing" / "deliveries" / feed).glob("*/received.json")))
    return [(home / "landing" / "files" / record["sha256"][:2] / record["sha256"]).read_bytes() for record in records]


def limits() -> dict[tuple[str, str], list[tuple[float, float]]]:
    """(item, kind of water) → the five limits of GB 3838-2002 table 1 as ranges."""
    found = defaultdict(dict)
    with (DATA / "reference/surface_water_limit/gb_3838_2002.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for kind in ("河流", "湖库"):
                if row["类别"] in CLASSES and row["水体"] in ("全部", kind):
                    found[row["项目"], kind][row["类别"]] = (float(row["下限"] or "-inf"), float(row["上限"] or "inf"))
    return {key: [classes[name] for name in CLASSES] for key, classes in found.items() if len(classes) == 5}


def sections(home: Path) -> dict[tuple[str, str], tuple[int, set[str], list[str], int]]:
    """(section, month) → class 1 to 6, the items that decide it, the main pollutants in order, how many items were judged."""
    values, kinds = defaultdict(list), {}
    for body in sent(home, "environment.surface_water"):
        for reading in {json.dumps(one) for page in json.loads(body) for one in page["readings"]}:
            one = json.loads(reading)
            text = one["value"]
            values[one["section_code"], one["monitored_at"][:7], one["item"]].append(float(text[:-1]) / 2 if text.endswith("L") else float(text))
            kinds[one["section_code"]] = one["water_kind"]
    judged, allowed = defaultdict(dict), limits()
    for (section, month, item), readings in values.items():
        if item in ("水温", "总氮", "粪大肠菌群"):
            continue
        mean = -math.log10(math.fsum(10**-value for value in readings) / len(readings)) if item == "pH值" else math.fsum(readings) / len(readings)
        ranges = allowed[item, kinds[section]]
        best = next((number for number, (low, high) in enumerate(ranges, 1) if low <= mean <= high), 6)
        judged[section, month][item] = (best, 0.0 if item in ("pH值", "溶解氧") else mean / ranges[2][1] - 1)
    return {key: _section(items) for key, items in judged.items()}


def _section(items: dict[str, tuple[int, float]]) -> tuple[int, set[str], list[str], int]:
    worst = max(number for number, _ in items.values())
    over = sorted((item for item, (number, _) in items.items() if number > 3), key=lambda item: (item not in TOXIC, -items[item][0], -items[item][1], item))
    return worst, {item for item, (number, _) in items.items() if number == worst}, over[:3], len(items)


def outlets(home: Path) -> dict[tuple[str, str, str], tuple[float, float, bool | None]]:
    """(monitor, factor, day) → daily mean, highest hour, whether over the limit (None: no limit on file)."""
    hours: dict[tuple[str, str], dict[str, float]] = {}
    for body in sent(home, "environment.pollutant_discharge"):
        for message in re.findall(rb"##\d{4}(QN=.*?&&)[0-9A-F]{4}", body):
            text = message.decode("ascii")
            monitor, moment = re.search(r"MN=(\w+)", text)[1], re.search(r"DataTime=(\d{14})", text)[1]
            hours[monitor, moment] = {factor: float(value) for factor, value in re.findall(r"(\w+)-Avg=([\d.]+)", text)}
    days = defaultdict(list)
    for (monitor, moment), values in hours.items():
        for factor, value in values.items():
            if factor in HOURLY:
                value *= (21 - 6) / (21 - values["a19001"])
            days[monitor, factor, moment[:8]].append((value, values.get("w00000", 1.0) if factor in DAILY and factor != "w01001" else 1.0))
    return {key: _outlet(key[1], pairs) for key, pairs in days.items()}


def _outlet(factor: str, pairs: list[tuple[float, float]]) -> tuple[float, float, bool | None]:
    mean, highest = math.fsum(value * weight for value, weight in pairs) / math.fsum(weight for _, weight in pairs), max(value for value, _ in pairs)
    if factor in HOURLY:
        return mean, highest, highest > HOURLY[factor]
    if factor in DAILY:
        low, high = DAILY[factor]
        return mean, highest, mean > high or (low is not None and mean < low)
    return mean, highest, None
