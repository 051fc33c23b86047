"""A synthetic monitoring platform: readings of surface water (environment.surface_water), served page by page over HTTP.

Items, units and the limits that values are drawn around are those of GB 3838-2002 table 1 (as kept in Silence.Water, MIT);
sections lie evenly over the counties of the census. Nothing here was measured.
"""

import json
import zlib
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np

from infra.demo import census
from infra.demo.draw import uniform

HOST = "127.0.0.1"
FIRST = datetime(2026, 7, 1)
HOURS = 4  # between two readings of a section
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
    """So many readings, oldest first: every item of every section, one moment after the other."""
    counties = census.counties()
    draw = uniform(seed, "water", np.arange(count, dtype=np.int64))
    found = []
    for number in range(count):
        moment, rest = divmod(number, len(counties) * len(ITEMS))
        section, item = divmod(rest, len(ITEMS))
        name, (unit, usual, spread, limit) = list(ITEMS.items())[item]
        water, kind = WATERS[section % len(WATERS)]
        at = FIRST + timedelta(hours=HOURS * moment)
        found.append({
            "section_code": f"HC{section + 1:04d}",
            "section_name": f"合成断面{section + 1:03d}",
            "water_name": water,
            "water_kind": kind,
            "division_code": str(census.codes_in_force(np.array([section]), np.array([np.datetime64(at.date())]))[0]),
            "monitored_at": at.isoformat(),
            "item": name,
            "value": _text(usual * spread ** (draw[number] * 1.6 - 1), limit),
            "unit": unit,
            "updated_at": (at + timedelta(minutes=40, seconds=section)).isoformat(),
            "note": "合成数据",
        })  # fmt: skip
    return sorted(found, key=lambda reading: reading["updated_at"])


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
