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

from infra.demo import enterprises
from infra.operate import processes
from infra.operate.airflow_api import Airflow
from infra.operate.dashboards import Reader
from infra.operate.services import environment, services
from infra.operate.up import answers
from spark_jobs import delta, integrity
from spark_jobs.files import read_json, write_json
from spark_jobs.ingest.functions import ORGANISATION_ALPHABET, ORGANISATION_WEIGHTS, USCC_ALPHABET, USCC_WEIGHTS
from spark_jobs.settings import CHECKOUT, Settings, from_environment

FEED, TABLE = "economy.house_price", "economy__house_price"
ITEMS = [f"{market}_{kind}_index" for market in ("new", "existing") for kind in ("home_price", "small_home", "medium_home", "large_home")]
REGISTER, LARGE_ROWS = "legal_person.registration", 1_000_000
SMALL_LINES, SMALL_REPEATS = 25, 50  # 200 rows


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
    """From the inbox to silver, 200 rows, both commands with their process starts."""
    taken = []
    for repeat in range(SMALL_REPEATS):
        with tempfile.TemporaryDirectory() as folder:
            path = write_file(Path(folder) / f"small_{repeat}.csv", SMALL_LINES, 2100 + repeat)
            taken.append(measured(settings, lambda p=path: (guihu("receive", FEED, str(p)), guihu("ingest", FEED))))
    seconds, cpu = zip(*taken)
    table.add_row("a 200-row delivery to silver", f"median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s, {statistics.median(cpu):.1f} CPU-s", f"{SMALL_REPEATS} times, receive and ingest, process starts included")


def large_feed(settings: Settings, table: Table) -> None:
    """A million enterprises, GB18030, through landing, bronze, judgement and commit; and DuckDB doing the same cleaning of the same rows in UTF-8 to Parquet."""
    with tempfile.TemporaryDirectory() as folder:
        full, changes = sound_registration(Path(folder), LARGE_ROWS)
        receive_expected(full)
        seconds, cpu = measured(settings, lambda: guihu("ingest", REGISTER))
        ours = register_digest(settings, full)
        theirs = Path(folder) / "silver.parquet"
        duck_seconds, duck_cpu = duckdb_cleans(settings, full, theirs)
        assert ours == digest(f"read_parquet('{theirs}')"), "the two did not keep the same rows"
        receive_expected(changes)
        change_seconds, change_cpu = measured(settings, lambda: guihu("ingest", REGISTER))
    table.add_row("a million enterprises, whole way", f"{seconds:.1f} s, {cpu:.1f} CPU-s, {LARGE_ROWS / cpu / 1000:.0f} k rows/CPU-s", "once, process start, bronze and commits included")
    table.add_row("the same cleaning in DuckDB", f"{duck_seconds:.1f} s, {duck_cpu:.1f} CPU-s, {LARGE_ROWS / duck_cpu / 1000:.0f} k rows/CPU-s", f"once, equal rows by digest; ours is {duck_cpu / cpu:.2f}×")
    table.add_row("1 % of changes to that register", f"{change_seconds:.1f} s, {change_cpu:.1f} CPU-s", f"once; {100 * change_cpu / cpu:.1f} % of the full load")


def sound_registration(folder: Path, enterprises_: int) -> tuple[Path, Path]:
    """The register and a hundredth of its changes, without the planted errors: both engines then keep every row."""
    made = enterprises.write_deliveries(folder / "made", folder / "planted", enterprises=enterprises_, seed=1)
    full, changes = made[0], next(path for path in made if "q2" in path.name)
    for path, most in ((full, enterprises_), (changes, enterprises_ // 100)):
        spoilt = {one["line"] for listed in (folder / "planted").rglob(f"{path.name}.planted.json") for one in read_json(listed)}
        lines = path.read_bytes().split(b"\n")
        path.write_bytes(b"\n".join([lines[0], *[line for number, line in enumerate(lines[1:-1], 2) if number not in spoilt][:most]]) + b"\n")
        manifest = path.with_name(f"{path.name}.manifest.json")
        told = read_json(manifest)
        write_json(manifest, {"known_at": told["known_at"], "note": "bench, without planted errors"})
    return full, changes


def receive_expected(path: Path) -> None:
    """Received, and let pass although its volume is unusual: that check is not what is measured."""
    guihu("receive", REGISTER, str(path))
    guihu("hold", "accept", integrity.sha256_of(path)[:16], "--because", "bench")


def register_digest(settings: Settings, sent: Path) -> tuple:
    delivery = integrity.sha256_of(sent)[:16]
    files = [file for file in delta.data_files(settings.lake / "judged" / REGISTER.replace(".", "__")) if Path(file).name.startswith(delivery)]
    return digest(f"(from read_parquet({files}) where _verdict = 'loaded')")


def digest(source: str) -> tuple:
    """Number of rows and a hash that does not depend on their order."""
    columns = "uscc, enterprise_name, division_code, industry_code, establishment_date, registered_capital_cny::decimal(20, 2), status, change_date"
    return duckdb.sql(f"select count(*), sum(hash({columns})::hugeint) from {source}").fetchone()


def duckdb_cleans(settings: Settings, path: Path, target: Path) -> tuple[float, float]:
    """Typed and judged by the rules of the contract, check characters included, good and bad rows in one Parquet file; seconds, CPU-seconds.

    It is given UTF-8, one pass, no lineage, no text rows kept, no commit: the cheaper way.
    """
    text = target.with_name("utf8.csv")
    text.write_bytes(path.read_bytes().decode("gb18030").encode())
    outer = " + ".join(f"(strpos('{USCC_ALPHABET}', uscc[{i + 1}]) - 1) * {weight}" for i, weight in enumerate(USCC_WEIGHTS))
    inner = " + ".join(f"(strpos('{ORGANISATION_ALPHABET}', uscc[{i + 9}]) - 1) * {weight}" for i, weight in enumerate(ORGANISATION_WEIGHTS))
    check = f"case 11 - ({inner}) % 11 when 10 then 'X' when 11 then '0' else (11 - ({inner}) % 11)::varchar end"
    divisions = settings.lake / "judged" / "reference__division" / "*.parquet"
    query = f"""copy (
      with typed as (select trim("统一社会信用代码") as uscc, trim("企业名称") as enterprise_name, trim("行政区划代码") as division_code, trim("行业代码") as industry_code,
          try_cast("成立日期" as date) as establishment_date, try_cast("注册资本（元）" as decimal(18, 2)) as registered_capital_cny, trim("登记状态") as status, try_cast("变更日期" as date) as change_date
        from read_csv('{text}', all_varchar = true)),
      judged as (select *, list_filter([
        case when not regexp_matches(uscc, '^[0-9A-HJ-NPQRTUWXY]{{18}}$') then 'PATTERN' end, case when not length(enterprise_name) between 4 and 120 then 'LENGTH' end,
        case when not regexp_matches(division_code, '^45[0-9]{{4}}$') then 'PATTERN' end, case when not regexp_matches(industry_code, '^(0[1-9]|[1-8][0-9]|9[0-7])$') then 'PATTERN' end,
        case when establishment_date is null then 'TYPE' end, case when registered_capital_cny < 0 then 'MINIMUM' end, case when status not in ('存续', '吊销', '注销') then 'ENUM' end,
        case when change_date is null then 'TYPE' end, case when (31 - ({outer}) % 31) % 31 <> strpos('{USCC_ALPHABET}', uscc[18]) - 1 or {check} <> uscc[17] then 'CHECK' end,
        case when division_code not in (select division_code from read_parquet('{divisions}')) then 'DIVISION' end,
        case when greatest(establishment_date, change_date) > current_date then 'FUTURE' end, case when change_date < establishment_date then 'ORDER' end], lambda code: code is not null) as reasons from typed)
      select *, count(*) over (partition by uscc, change_date) as same_key from judged
    ) to '{target}' (format parquet, compression zstd)"""
    before, started = sum(psutil.Process().cpu_times()[:2]), time.monotonic()
    duckdb.connect(config={"threads": "2"}).execute(query)
    return time.monotonic() - started, sum(psutil.Process().cpu_times()[:2]) - before


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


def write_file(path: Path, lines: int, first_year: int) -> Path:
    """A file of made-up cities in the form of the feed; every value lies within the contract's bounds."""
    with path.open("w") as file:
        file.write("city,year,month," + ",".join(ITEMS) + "\n")
        for n in range(lines):
            file.write(f"Bench{n // 12:06d}x{first_year},2099,{n % 12 + 1}," + ",".join(f"{90 + (n + k) % 20}.{k}" for k in range(len(ITEMS))) + "\n")
    return path


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
