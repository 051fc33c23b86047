"""A small delivery of its own for each fault, and its rows counted by DuckDB, beside our readers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from expectations.contract import load_feed
from spark_jobs import silver
from spark_jobs.duck import delta_reader
from tests.faults.recount import Recount

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
        connection.execute(f"create view silver as {silver.query(load_feed(FEED), lambda table: 'judged')}")
        query = "select count(*), count(distinct (city_name_en, item)) from {} where cast(year as varchar) = ?"
        return {layer: connection.execute(query.format(layer), [str(year)]).fetchone() for layer in WHOLE}

    return count


FIGURES = pytest.StashKey[dict]()


@pytest.fixture
def figures(request) -> Callable:
    """Keep what a fault left, for the table at the end."""
    kept = request.config.stash.setdefault(FIGURES, {})

    def keep(what: str, found: Recount) -> None:
        faults, sum_ = kept.get(what, (0, Recount()))
        kept[what] = faults + 1, sum_ + found

    return keep


def pytest_terminal_summary(terminalreporter, config) -> None:
    kept = config.stash.get(FIGURES, {})
    if not kept:
        return
    terminalreporter.section("faults: after each the same command again, then a recount against the files as sent")
    terminalreporter.write_line(f"{'':50} {'faults':>7} {'rows':>9} {'lost':>5} {'doubled':>8} {'partial':>8} {'left':>5}")
    every = [(what, *told) for what, told in kept.items()]
    for what, faults, found in [*every, ("all", sum(n for _, n, _ in every), sum((f for *_, f in every), Recount()))]:
        terminalreporter.write_line(f"{what:50} {faults:7} {found.rows:9,} {found.lost:5} {found.doubled:8} {found.partial:8} {found.left:5}")
