"""make bench: speed and memory of the house, measured in one run on one stack, beside DuckDB where it does the same work.

CPU-seconds are those of the whole process tree: the engine with its Python workers, and the client. Ratios are what to compare;
seconds depend on the machine. Every figure says how many times it was taken. GUIHU_BENCH_MILLIONS=1,5,10 takes registers of more rows.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from infra.operate.airflow_api import Airflow
from infra.operate.progress import console
from infra.operate.services import environment
from infra.operate.up import answers
from spark_jobs.files import read_json
from spark_jobs.settings import CHECKOUT, Settings, from_environment
from tests.bench.large import large_register
from tests.bench.measure import guihu, measured, memory
from tests.bench.monthly import hold_back, monthly_round
from tests.bench.readers import charts, pages

FEED, TABLE = "economy.house_price", "economy__house_price"
ITEMS = [f"{market}_{kind}_index" for market in ("new", "existing") for kind in ("home_price", "small_home", "medium_home", "large_home")]
SMALL_LINES, SMALL_REPEATS = 25, 50  # 200 rows


def main() -> None:
    settings = from_environment()
    table = Table("figure", "value", "how", title=f"Guihu bench, load {psutil.getloadavg()[0]:.1f} at the start", min_width=100)
    idle = memory(settings)
    Airflow(settings).pause("landing", True)  # nothing else shall work meanwhile
    sizes = [int(float(millions) * 1_000_000) for millions in os.environ.get("GUIHU_BENCH_MILLIONS", "1").split(",")]
    steps = {step.__name__: partial(step, settings, table) for step in (engine_start, bring_in_the_demonstration, small_feed)}
    steps |= {f"a register of {rows:,} rows": partial(large_register, settings, table, rows) for rows in sizes}
    steps |= {step.__name__: partial(step, settings, table) for step in (models, charts, pages)}
    for number, (name, step) in enumerate(steps.items(), 1):
        console.print(f"{number} of {len(steps)}: {name.replace('_', ' ')}")
        step()
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
    held = hold_back(settings)
    guihu("receive", "--inbox")
    feeds = sorted({p.parent.parent.name for p in (settings.landing / "deliveries").glob("*/*/received.json")}, key=lambda f: not f.startswith("reference."))
    for name, work in {
        "ingest of the demonstration": lambda: [guihu("ingest", feed) for feed in feeds],
        "gate silver": lambda: guihu("gate", "silver"),
        "core, analyses and marts, from nothing": lambda: guihu("build"),
        "gate gold": lambda: guihu("gate", "gold"),
        "release": lambda: guihu("release"),
    }.items():
        seconds, cpu = measured(settings, work)
        table.add_row(name, f"{seconds:.1f} s, {cpu:.1f} CPU-s", "once, cold engine")
    monthly_round(settings, table, held)


def small_feed(settings: Settings, table: Table) -> None:
    """From the inbox to silver, 200 rows, both commands with their process starts."""
    taken = []
    for repeat in range(SMALL_REPEATS):
        with tempfile.TemporaryDirectory() as folder:
            path = write_file(Path(folder) / f"small_{repeat}.csv", SMALL_LINES, 2100 + repeat)
            taken.append(measured(settings, lambda p=path: (guihu("receive", FEED, str(p)), guihu("ingest", FEED))))
    seconds, cpu = zip(*taken)
    table.add_row("a 200-row delivery to silver", f"median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s, {statistics.median(cpu):.1f} CPU-s", f"{SMALL_REPEATS} times, receive and ingest, process starts included")


def models(settings: Settings, table: Table) -> None:
    results = read_json(settings.home / "dbt" / "target" / "run_results.json")["results"]
    for kind in ("model", "seed", "test"):
        seconds = [r["execution_time"] for r in results if r["unique_id"].startswith(f"{kind}.")]
        table.add_row(f"dbt, a {kind}", f"{statistics.median(seconds):.2f} s", f"median of {len(seconds)}, sum {sum(seconds):.0f} s on 2 threads")


def write_file(path: Path, lines: int, first_year: int) -> Path:
    """A file of made-up cities in the form of the feed; every value lies within the contract's bounds."""
    with path.open("w") as file:
        file.write("city,year,month," + ",".join(ITEMS) + "\n")
        for n in range(lines):
            file.write(f"Bench{n // 12:06d}x{first_year},2099,{n % 12 + 1}," + ",".join(f"{90 + (n + k) % 20}.{k}" for k in range(len(ITEMS))) + "\n")
    return path


if __name__ == "__main__":
    main()
