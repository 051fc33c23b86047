"""Shapes of the 14 prefectures of Guangxi (see SOURCE.txt), projected to the drawing area of the maps."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("guangxi_prefectures.json")
WIDTH, HEIGHT = 760.0, 560.0
# Degrees of the drawing area; a degree of longitude is cos(23.6°) of a degree of latitude in length.
WEST, NORTH, UNITS_PER_LATITUDE = 104.30, 26.50, 97.0
UNITS_PER_LONGITUDE = UNITS_PER_LATITUDE * 0.9164


@dataclass(frozen=True)
class Shape:
    code: str
    name: str
    path: str
    label_x: float
    label_y: float


@lru_cache
def prefectures() -> tuple[Shape, ...]:
    """The prefectures in the order of their codes, as SVG paths."""
    features = json.loads(FILE.read_text(encoding="utf-8"))["features"]
    return tuple(
        Shape(
            code=feature["properties"]["division_code"],
            name=feature["properties"]["name_zh"],
            path="".join(_ring(ring) for polygon in feature["geometry"]["coordinates"] for ring in polygon),
            label_x=round(project(*feature["properties"]["label_at"])[0]),
            label_y=round(project(*feature["properties"]["label_at"])[1]),
        )
        for feature in features
    )


def project(longitude: float, latitude: float) -> tuple[float, float]:
    return (longitude - WEST) * UNITS_PER_LONGITUDE, (NORTH - latitude) * UNITS_PER_LATITUDE


def projection_sql(longitude: str, latitude: str) -> tuple[str, str]:
    """The same projection as two SQL expressions, for points that come from a mart."""
    return f"({longitude} - {WEST}) * {UNITS_PER_LONGITUDE:.4f}", f"({NORTH} - {latitude}) * {UNITS_PER_LATITUDE:.4f}"


def _ring(ring: list[list[float]]) -> str:
    """One closed line on a grid of one unit. Rounding treats shared borders alike on both sides, so no gaps appear."""
    points = [tuple(map(round, project(*point))) for point in ring]
    kept = [point for before, point in zip([None, *points], points) if point != before]
    if len(kept) < 4:
        return ""  # an islet smaller than the grid
    steps = [f"{x - x0} {y - y0}" for (x0, y0), (x, y) in zip(kept, kept[1:])]
    return f"M{kept[0][0]} {kept[0][1]}l{' '.join(steps)}z".replace(" -", "-")
