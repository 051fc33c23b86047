"""make bench: speed and memory of the house, measured in one run on one stack, beside DuckDB where it does the same work.

CPU-seconds are those of the whole process tree: the engine with its Python workers, and the client. Ratios are what to compare;
seconds depend on the machine. Every figure says how many times it was taken.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import psutil
from rich.console import Console
from rich.table import Table

from infra.operate import processes
from infra.operate.airflow_api import Airflow
from infra.operate.dashboards import Reader
from infra.operate.services import environment, services
from infra.operate.up import answers
from spark_jobs.files import read_json
from spark_jobs.settings import CHECKOUT, Settings, from_environment

FEED, TABLE = "economy.house_price", "economy__house_price"
ITEMS = [f"{market}_{kind}_index" for market in ("new", "existing") for kind in ("home_price", "small_home", "medium_home", "large_home")]
LARGE_LINES = 125_000  # eight cells a line: a million rows
SMALL_LINES, SMALL_REPEATS = 25, 7  # 200 rows


def main() -> None:
    settings = from_environment()
    table = Table("figure", "value", "how", title=f"Guihu bench, load {psutil.getloadavg()[0]:.1f} at the start", min_width=100)
    idle = memory(settings)
    Airflow(settings).pause("landing", True)  # nothing else shall work meanwhile
    engine_start(settings, table)
    bring_in_the_demonstration(settings, table)
    small_feed(settings, table)
    large_feed(settings, table)
    models(settings, table)
    charts(settings, table)
    for service, megabytes in memory(settings).items():
        table.add_row(f"memory of {service}", f"{idle[service]:.0f} → {megabytes:.0f} MB", "idle at the start → after the work, PSS of the tree")
    Console(width=140).print(table)


def engine_start(settings: Settings, table: Table) -> None:
    """A second engine on a home of its own, until both its doors answer."""
    with tempfile.TemporaryDirectory() as folder:
        other = replace(settings, home=Path(folder), port=settings.port + 200)
        for name in ("connect_token", "thrift_password"):
            other.secret(name)
        variables = environment(other)
        taken = []
        for _ in range(2):
            started = time.monotonic()
            engine = subprocess.Popen([CHECKOUT / "infra" / "engine" / "start.sh"], env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while not (answers(other.connect_port) and answers(other.thrift_port)):
                time.sleep(0.05)
            taken.append((time.monotonic() - started, sum(psutil.Process(engine.pid).cpu_times()[:2])))
            engine.terminate()
            engine.wait(timeout=60)
    for name, (seconds, cpu) in zip(("engine start, first time", "engine start, with its class archive"), taken):
        table.add_row(name, f"{seconds:.1f} s, {cpu:.1f} CPU-s", "once")


def bring_in_the_demonstration(settings: Settings, table: Table) -> None:
    """The whole way of the demonstration by the command alone, step by step."""
    subprocess.run([sys.executable, "-m", "infra.demo.deliver", "--home", settings.home], cwd=CHECKOUT, check=True, capture_output=True)
    guihu("receive", "--inbox")
    feeds = sorted({p.parent.parent.name for p in (settings.landing / "deliveries").glob("*/*/received.json")}, key=lambda f: not f.startswith("reference."))
    for name, work in {
        "ingest of the demonstration": lambda: [guihu("ingest", feed) for feed in feeds],
        "gate silver": lambda: guihu("gate", "silver"),
        "build (dbt)": lambda: guihu("build"),
        "gate gold": lambda: guihu("gate", "gold"),
        "release": lambda: guihu("release"),
    }.items():
        seconds, cpu = measured(settings, work)
        table.add_row(name, f"{seconds:.1f} s, {cpu:.1f} CPU-s", "once, cold engine")


def small_feed(settings: Settings, table: Table) -> None:
    """Receipt and ingest of 200 rows, process start included."""
    taken = []
    for repeat in range(SMALL_REPEATS):
        with tempfile.TemporaryDirectory() as folder:
            path = write_file(Path(folder) / f"small_{repeat}.csv", SMALL_LINES, 2100 + repeat)
            guihu("receive", FEED, str(path))
            taken.append(measured(settings, lambda: guihu("ingest", FEED)))
    seconds, cpu = (statistics.median(column) for column in zip(*taken))
    table.add_row("ingest of a 200-row feed", f"{seconds:.2f} s, {cpu:.1f} CPU-s", f"median of {SMALL_REPEATS}, process start included")


def large_feed(settings: Settings, table: Table) -> None:
    """A million rows through landing, bronze, judgement and silver, and DuckDB doing the judgement alone into Parquet."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_file(Path(folder) / "large.csv", LARGE_LINES, 2200)
        guihu("receive", FEED, str(path))
        seconds, cpu = measured(settings, lambda: guihu("ingest", FEED))
        outcome = next(o for o in outcomes(settings) if o["rows_in"] == LARGE_LINES * len(ITEMS))
        duck_seconds, duck_cpu, duck_rows = duckdb_does_the_same(path, Path(folder) / "silver.parquet")
    assert duck_rows == outcome["rows_loaded"], f"DuckDB kept {duck_rows} rows, the lake {outcome['rows_loaded']}"
    rows = outcome["rows_in"]
    table.add_row("a million rows, whole way", f"{seconds:.1f} s, {cpu:.1f} CPU-s, {rows / cpu / 1000:.0f} k rows/CPU-s", f"once; steps {outcome['seconds']}")
    table.add_row("the same rules in DuckDB to Parquet", f"{duck_seconds:.1f} s, {duck_cpu:.1f} CPU-s, {rows / duck_cpu / 1000:.0f} k rows/CPU-s", f"once; ours is {duck_cpu / cpu:.2f}×, bronze, judged rows and Delta commits included")


def models(settings: Settings, table: Table) -> None:
    results = read_json(settings.home / "dbt" / "target" / "run_results.json")["results"]
    for kind in ("model", "seed", "test"):
        seconds = [r["execution_time"] for r in results if r["unique_id"].startswith(f"{kind}.")]
        table.add_row(f"dbt, a {kind}", f"{statistics.median(seconds):.2f} s", f"median of {len(seconds)}, sum {sum(seconds):.0f} s on 2 threads")


def charts(settings: Settings, table: Table) -> None:
    """Uncached chart data over HTTP as a leader, and the queries that Superset made of them in DuckDB on the same file."""
    reader = Reader(settings, "leader")
    over_http, direct = [], []
    for dashboard in reader.dashboards():
        for chart in reader.get(f"/api/v1/dashboard/{dashboard['id']}/charts").json()["result"]:
            address = f"/api/v1/chart/{chart['id']}/data/"
            query = reader.get(address, type="query").json()["result"][0]["query"]
            for _ in range(3):
                over_http.append(clocked(lambda a=address: reader.get(a, force="true")))
                direct.append(clocked(lambda q=query: ask_duckdb(settings, q)))
    for name, taken in {"chart over HTTP, uncached": over_http, "the same queries in DuckDB": direct}.items():
        ordered = sorted(taken)
        table.add_row(name, f"p50 {1000 * statistics.median(ordered):.0f} ms, p95 {1000 * ordered[int(0.95 * len(ordered))]:.0f} ms", f"{len(ordered)} requests, the charts of a leader")


def duckdb_does_the_same(path: Path, target: Path) -> tuple[float, float, int]:
    """Typed, judged (types, ranges, code list, required, duplicate keys) and written as Parquet with zstd; seconds, CPU-seconds, good rows."""
    listed = ", ".join(f"'{item}'" for item in ITEMS)
    query = f"""copy (
      select *, count(*) over (partition by city_name_en, year, month, item) as n from (
        select city as city_name_en, try_cast(year as bigint) as year, try_cast(month as bigint) as month, item, try_cast(value as double) as value
        from (unpivot (from read_csv('{path}', all_varchar = true)) on {", ".join(ITEMS)} into name item value value))
      where city_name_en is not null and year between 2005 and 2200 and month between 1 and 12 and item in ({listed}) and value between 50 and 200
    ) to '{target}' (format parquet, compression zstd)"""
    before, started = sum(psutil.Process().cpu_times()[:2]), time.monotonic()
    duckdb.connect(config={"threads": "2"}).execute(query)
    seconds, cpu = time.monotonic() - started, sum(psutil.Process().cpu_times()[:2]) - before
    return seconds, cpu, duckdb.sql(f"select count(*) from '{target}'").fetchone()[0]


def write_file(path: Path, lines: int, first_year: int) -> Path:
    """A file of made-up cities in the form of the feed; every value lies within the contract's bounds."""
    with path.open("w") as file:
        file.write("city,year,month," + ",".join(ITEMS) + "\n")
        for n in range(lines):
            file.write(f"Bench{n // 12:06d}x{first_year},2099,{n % 12 + 1}," + ",".join(f"{90 + (n + k) % 20}.{k}" for k in range(len(ITEMS))) + "\n")
    return path


def outcomes(settings: Settings) -> list[dict]:
    return [read_json(path) for path in (settings.landing / "deliveries" / FEED).glob("*/outcome.json")]


def measured(settings: Settings, work: Callable) -> tuple[float, float]:
    """Seconds and CPU-seconds of the work: this process's children and the engine's tree."""
    def total() -> float:
        engine = sum(sum(p.cpu_times()[:4]) for p in processes.of_deployment(settings.home, "engine"))
        own = psutil.Process().cpu_times()
        return engine + own.children_user + own.children_system

    before, started = total(), time.monotonic()
    work()
    return time.monotonic() - started, total() - before


def memory(settings: Settings) -> dict[str, float]:
    """Megabytes of each service."""
    return {s.name: sum(p.memory_full_info().pss for p in processes.of_deployment(settings.home, s.name)) / 2**20 for s in services(settings)}


def clocked(work: Callable) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def ask_duckdb(settings: Settings, sql: str) -> None:
    with duckdb.connect(str(settings.releases / "current" / "leader" / "serve.duckdb"), read_only=True) as connection:
        connection.execute(sql).fetchall()


def guihu(*arguments: str) -> None:
    subprocess.run([CHECKOUT / "guihu", *arguments], check=True, capture_output=True)


if __name__ == "__main__":
    main()
