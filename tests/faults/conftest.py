"""A small delivery of its own for each fault, and its rows counted by DuckDB, beside our readers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from spark_jobs.publish.duck import delta_reader

CITIES = 40
FEED, TABLE = "economy.house_price", "economy__house_price"


@pytest.fixture
def small_file(tmp_path) -> Callable[[int], Path]:
    """A month of 40 made-up cities: 80 cells, 40 of each kind."""

    def write(year: int) -> Path:
        path = tmp_path / f"month_{year}.csv"
        lines = [f"Kill{city:02d},{year},1,100.{city:02d},99.{city:02d}" for city in range(CITIES)]
        path.write_text("city,year,month,new_home_price_index,existing_home_price_index\n" + "\n".join(lines) + "\n")
        return path

    return write


@pytest.fixture
def rows(settings) -> Callable[[int], dict[str, tuple[int, int]]]:
    """Rows and distinct facts of a year in bronze, judged and silver."""

    def count(year: int) -> dict[str, tuple[int, int]]:
        found = {}
        for layer in ("bronze", "judged", "silver"):
            source = f"delta_scan('{settings.lake / layer / TABLE}')"
            found[layer] = delta_reader().execute(f"select count(*), count(distinct (city_name_en, item)) from {source} where cast(year as varchar) = '{year}'").fetchone()
        return found

    return count
