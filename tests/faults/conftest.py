"""A small delivery of its own for each fault, and its rows counted by DuckDB, beside our readers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from expectations.contract import load_feed
from spark_jobs import silver
from spark_jobs.duck import delta_reader

CITIES = 40
WHOLE = dict.fromkeys(("bronze", "judged", "silver"), (2 * CITIES, 2 * CITIES))
FEED, TABLE = "economy.house_price", "economy__house_price"


@pytest.fixture
def small_file(tmp_path) -> Callable[[int], Path]:
    """A month of 40 made-up cities: 80 cells, 40 of each kind."""

    def write(year: int) -> Path:
        path = tmp_path / f"month_{year}.csv"
        lines = [f"Kill{city:02d},{year},1,{100 + year % 7}.{city:02d},{98 + year % 5}.{city:02d}" for city in range(CITIES)]
        path.write_text("city,year,month,new_home_price_index,existing_home_price_index\n" + "\n".join(lines) + "\n")
        return path

    return write


@pytest.fixture
def rows(settings) -> Callable[[int], dict[str, tuple[int, int]]]:
    """Rows and distinct facts of a year in bronze, judged and silver."""

    def count(year: int) -> dict[str, tuple[int, int]]:
        connection = delta_reader()
        for layer in ("bronze", "judged"):
            connection.execute(f"create view {layer} as select * from delta_scan('{settings.lake / layer / TABLE}')")
        connection.execute(f"create view silver as {silver.query(load_feed(FEED), 'judged')}")
        query = "select count(*), count(distinct (city_name_en, item)) from {} where cast(year as varchar) = ?"
        return {layer: connection.execute(query.format(layer), [str(year)]).fetchone() for layer in WHOLE}

    return count
