"""A synthetic monitoring platform: readings of surface water (environment.surface_water), served page by page over HTTP.

Items, units and the limits that values are drawn around are those of GB 3838-2002 table 1 (as kept in Silence.Water, MIT);
sections lie evenly over the counties of the census, each is sampled on the first day of six months. Most readings keep class III; one
section in five is polluted in a month, whatever its river. Nothing here was measured.
"""

import json
import zlib
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from urllib.parse import parse_qs, urlsplit

import numpy as np

from infra.demo import census
from infra.demo.draw import uniform

HOST = "127.0.0.1"
MOMENTS = [datetime(2026, month, 1) for month in range(2, 8)]
SECTIONS_APART = 6  # counties from one section to the next, so that few sections reach every corner
POLLUTED = 0.2  # share of the sections in a month
POLLUTANTS = ("溶解氧", "高锰酸盐指数", "化学需氧量", "五日生化需氧量", "氨氮", "总磷")  # one of them makes a section polluted
WATERS = [("西江", "河流"), ("柳江", "河流"), ("漓江", "河流"), ("郁江", "河流"), ("南流江", "河流"), ("大王滩水库", "湖库")]
# item: unit, class III limit (for temperature, pH and oxygen a usual value), spread as a factor, detection limit
ITEMS = {
    "水温": ("℃", 24, 1.3, 0), "pH值": ("无量纲", 7.4, 1.1, 0), "溶解氧": ("mg/L", 7, 1.4, 0), "高锰酸盐指数": ("mg/L", 6, 3, 0.5), "化学需氧量": ("mg/L", 20, 3, 4),
    "五日生化需氧量": ("mg/L", 4, 3, 0.5), "氨氮": ("mg/L", 1, 5, 0.025), "总磷": ("mg/L", 0.2, 4, 0.01), "总氮": ("mg/L", 1, 3, 0.05), "铜": ("mg/L", 1, 900, 0.001),
    "锌": ("mg/L", 1, 90, 0.05), "氟化物": ("mg/L", 1, 6, 0.05), "硒": ("mg/L", 0.01, 40, 0.0004), "砷": ("mg/L", 0.05, 90, 0.0003), "汞": ("mg/L", 0.0001, 4, 0.00004),
    "镉": ("mg/L", 0.005, 90, 0.0001), "六价铬": ("mg/L", 0.05, 20, 0.004), "铅": ("mg/L", 0.05, 40, 0.001), "氰化物": ("mg/L", 0.2, 90, 0.001), "挥发酚": ("mg/L", 0.005, 20, 0.0003),
    "石油类": ("mg/L", 0.05, 9, 0.01), "阴离子表面活性剂": ("mg/L", 0.2, 9, 0.05), "硫化物": ("mg/L", 0.2, 50, 0.005), "粪大肠菌群": ("个/L", 10000, 20, 20),
}  # fmt: skip


def readings(count: int, seed: int) -> list[dict[str, str]]:
    """So many readings, oldest first: every item of every section, one month after the other."""
    counties, sections = census.counties(), -(-count // (len(MOMENTS) * len(ITEMS)))
    draw = uniform(seed, "water", np.arange(sections * len(MOMENTS) * len(ITEMS), dtype=np.int64))
    polluted = uniform(seed, "polluted water", np.arange(sections * len(MOMENTS), dtype=np.int64))
    found = []
    for number, (month, section, item) in enumerate(product(range(len(MOMENTS)), range(sections), ITEMS)):
        at, county = MOMENTS[month], (section * SECTIONS_APART + section * SECTIONS_APART // len(counties)) % len(counties)
        water, kind = WATERS[section % len(WATERS)]
        unit, _, _, detection = ITEMS[item]
        found.append({
            "section_code": f"HC{section + 1:04d}",
            "section_name": f"合成断面{section + 1:03d}",
            "water_name": water,
            "water_kind": kind,
            "division_code": str(census.codes_in_force(np.array([county]), np.array([np.datetime64(at.date())]))[0]),
            "monitored_at": at.isoformat(),
            "item": item,
            "value": _text(_value(item, kind, draw[number], polluted[number // len(ITEMS)]), detection),
            "unit": unit,
            "updated_at": (at + timedelta(minutes=40, seconds=section)).isoformat(),
            "note": "合成数据",
        })  # fmt: skip
    return sorted(found, key=lambda reading: reading["updated_at"])[:count]


def _value(item: str, kind: str, chance: float, section_chance: float) -> float:
    """Below the limit of class III by up to the item's spread; where the section is polluted, its pollutant beyond it, up to 2.6 times."""
    _, usual, spread, _ = ITEMS[item]
    if item == "总磷" and kind == "湖库":
        usual = 0.05  # lakes have a limit of their own
    if section_chance < POLLUTED and item == POLLUTANTS[int(section_chance / POLLUTED * len(POLLUTANTS))]:
        return 4.9 - 3.2 * chance if item == "溶解氧" else usual * (1.05 + 1.55 * chance)
    if item in ("水温", "pH值", "溶解氧"):
        return usual * spread ** (chance * 1.6 - 0.8)
    return usual * spread ** (chance * 0.6 - 1)


def page_of(rows: list[dict[str, str]], asked: dict[str, str]) -> dict:
    """The page that is asked for: page, size, since."""
    chosen = [row for row in rows if row["updated_at"] >= asked.get("since", "")]
    page, size = int(asked["page"]), int(asked["size"])
    return {"total": len(chosen), "page": page, "size": size, "readings": chosen[(page - 1) * size : page * size]}


class Platform(ThreadingHTTPServer):
    """The interface on loopback, on a free port where none is given. `rows` may grow while it serves."""

    daemon_threads = True

    def __init__(self, rows: list[dict[str, str]], handler: type["Readings"] | None = None, port: int = 0):
        super().__init__((HOST, port), handler or Readings)
        self.rows = rows

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}/readings"


class Readings(BaseHTTPRequestHandler):
    """GET /readings?page=1&size=500&since=2026-07-01T00:00:00, with an ETag for each page."""

    protocol_version = "HTTP/1.1"
    server: Platform

    def do_GET(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        body = json.dumps(page_of(self.server.rows, asked), ensure_ascii=False).encode()
        etag = f'"{zlib.crc32(body):08x}"'
        if self.headers.get("If-None-Match") == etag:
            self.answer(304, b"", ETag=etag)
        else:
            self.answer(200, body, ETag=etag)

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments) -> None:
        """The platform keeps no log."""


def _text(value: float, limit: float) -> str:
    """Three significant figures; below the detection limit the limit with L."""
    return f"{limit:.10f}".rstrip("0").rstrip(".") + "L" if value < limit else f"{float(f'{value:.3g}'):.10f}".rstrip("0").rstrip(".")
