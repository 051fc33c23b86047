"""A register of millions of rows, its changes, and what the rules cost; beside DuckDB doing the same cleaning."""

import itertools
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import psutil
from rich.table import Table

from expectations.contract import load_feed
from expectations.feed import Feed
from infra.demo import enterprises
from spark_jobs import delta, integrity
from spark_jobs.files import read_json, write_json
from spark_jobs.ingest import bronze, kernel, landing
from spark_jobs.ingest.conform import known_divisions
from spark_jobs.ingest.functions import ORGANISATION_ALPHABET, ORGANISATION_WEIGHTS, USCC_ALPHABET, USCC_WEIGHTS
from spark_jobs.settings import CHECKOUT, Settings
from tests.bench.measure import guihu, measured, peak_memory

REGISTER = "legal_person.registration"
PIECE = 16 << 20  # bytes
TAX_PARTS, TAX_REPEATS = 3, 5


def large_register(settings: Settings, table: Table, rows: int) -> None:
    """Through landing, bronze, judgement and commit in a lake of its own with the same engine; then a hundredth of its rows changes."""
    with tempfile.TemporaryDirectory() as folder:
        lake = lake_beside(settings, Path(folder) / "home")
        full, changes = sound_registration(Path(folder), rows)
        receive_expected(lake, full)
        with peak_memory(settings) as peak:
            seconds, cpu = measured(settings, lambda: guihu("ingest", REGISTER, GUIHU_HOME=str(lake.home)))
        ours, steps = register_digest(lake, full), ingest_seconds(lake)
        text = Path(folder) / "utf8.csv"
        transcoding = cpu_of(lambda: transcode(full, text))
        duck_seconds, duck_cpu = duckdb_cleans(lake, text, Path(folder) / "silver.parquet")
        assert ours == digest(f"read_parquet('{folder}/silver.parquet')"), "the two did not keep the same rows"
        receive_expected(lake, changes)
        change_seconds, change_cpu = measured(settings, lambda: guihu("ingest", REGISTER, GUIHU_HOME=str(lake.home)))
        if rows <= 1_000_000:
            rule_tax(lake, table, full)
    name = f"{rows / 1e6:g} M enterprises"
    table.add_row(f"{name}, whole way", f"{seconds:.1f} s, {cpu:.1f} CPU-s, {rows / cpu / 1000:.0f} k rows/CPU-s", f"once, process start, bronze and commits included; {steps}")
    table.add_row(f"{name}, DuckDB cleans them", f"{duck_seconds:.1f} s, {duck_cpu:.1f} CPU-s, {rows / duck_cpu / 1000:.0f} k rows/CPU-s", f"once, equal rows by digest; ours is {duck_cpu / cpu:.2f}×, and {(duck_cpu + transcoding) / cpu:.2f}× where its {transcoding:.1f} CPU-s from GB18030 to UTF-8 count too")
    table.add_row(f"{name}, most memory", f"{peak.total / 1024:.1f} GB", "all services and the command, PSS: " + ", ".join(f"{part} {size:.0f}" for part, size in peak.parts.items()) + " MB")
    table.add_row(f"{name}, 1 % of changes", f"{change_seconds:.1f} s, {change_cpu:.1f} CPU-s", f"once; {100 * change_cpu / cpu:.1f} % of the full load")


def rule_tax(lake: Settings, table: Table, sent: Path) -> None:
    """Reading, judging and writing the same parts with every rule of the contract and with none, turn by turn in this process."""
    feed = load_feed(REGISTER)
    taken = {"on": [], "off": []}
    for _ in range(TAX_REPEATS):
        for name, judged in (("on", feed), ("off", without_rules(feed))):
            taken[name].append(cpu_of(lambda j=judged: one_pass(lake, j, sent)))
    tax = statistics.median(taken["on"]) / statistics.median(taken["off"])
    table.add_row("all rules on against none", f"{tax:.2f}×", f"CPU of {TAX_PARTS} parts of 16 MB read, judged, written; median of {TAX_REPEATS} turns each: {statistics.median(taken['on']):.2f} and {statistics.median(taken['off']):.2f} CPU-s")


def without_rules(feed: Feed) -> Feed:
    fields = tuple(replace(f, required=False, options={name: f.options[name] for name in ("format",) if name in f.options}, enum=(), normalise=(), editions={}) for f in feed.fields)
    return replace(feed, fields=fields, rules=(), history_rules=())


def one_pass(lake: Settings, feed: Feed, sent: Path) -> None:
    delivery = landing.imagine(feed, sent, sent.with_name(f"{sent.name}.manifest.json"))
    plan = bronze.inspect(sent, feed, delivery)
    with tempfile.TemporaryDirectory() as folder:
        tables = {name: Path(folder) / "lake" / name / feed.table for name in ("bronze", "judged")}
        job = kernel.Job(feed, delivery, plan, sent, known_divisions(lake), lake.home, **tables, staging=Path(folder) / "staging", threads=1)
        for number in range(min(TAX_PARTS, len(plan.parts))):
            kernel.work(job, number)


def cpu_of(work: Callable) -> float:
    before = sum(psutil.Process().cpu_times()[:2])
    work()
    return sum(psutil.Process().cpu_times()[:2]) - before


def lake_beside(settings: Settings, home: Path) -> Settings:
    """An empty lake, with the lists of divisions, that the running engine works for."""
    shutil.copytree(settings.home / "secrets", home / "secrets")
    for path in sorted((CHECKOUT / "infra" / "demo" / "data" / "reference" / "division").glob("*.tsv")):
        guihu("receive", "reference.division", str(path), GUIHU_HOME=str(home))
    guihu("ingest", "reference.division", GUIHU_HOME=str(home))
    return replace(settings, home=home)


def sound_registration(folder: Path, rows: int) -> tuple[Path, Path]:
    """The register and a hundredth of its changes, without the planted errors: both engines then keep every row."""
    made = enterprises.write_deliveries(folder / "made", folder / "planted", enterprises=rows, seed=1)
    full, changes = made[0], next(path for path in made if "q2" in path.name)
    for path, most in ((full, rows), (changes, rows // 100)):
        spoilt = {one["line"] for listed in (folder / "planted").rglob(f"{path.name}.planted.json") for one in read_json(listed)}
        sound = path.with_suffix(".sound")
        with path.open("rb") as file, sound.open("wb") as target:
            target.write(file.readline())
            target.writelines(itertools.islice((line for number, line in enumerate(file, 2) if number not in spoilt), most))
        sound.replace(path)
        told = read_json(path.with_name(f"{path.name}.manifest.json"))
        write_json(path.with_name(f"{path.name}.manifest.json"), {"known_at": told["known_at"], "note": "bench, without planted errors"})
    return full, changes


def receive_expected(lake: Settings, path: Path) -> None:
    """Received, and let pass although its volume is unusual: that check is not what is measured."""
    guihu("receive", REGISTER, str(path), GUIHU_HOME=str(lake.home))
    guihu("hold", "accept", integrity.sha256_of(path)[:16], "--because", "bench", GUIHU_HOME=str(lake.home))


def ingest_seconds(lake: Settings) -> str:
    """Where the time of the last delivery went, summed over the tasks."""
    outcome = next(path for path in lake.landing.glob(f"deliveries/{REGISTER}/*/outcome.json"))
    return ", ".join(f"{step} {taken} s" for step, taken in json.loads(outcome.read_text())["seconds"].items())


def register_digest(lake: Settings, sent: Path) -> tuple:
    delivery = integrity.sha256_of(sent)[:16]
    files = [file for file in delta.data_files(lake.lake / "judged" / REGISTER.replace(".", "__")) if Path(file).name.startswith(delivery)]
    return digest(f"(from read_parquet({files}) where _verdict = 'loaded')")


def digest(source: str) -> tuple:
    """Number of rows and a hash that does not depend on their order."""
    columns = "uscc, enterprise_name, division_code, industry_code, establishment_date, registered_capital_cny::decimal(20, 2), status, change_date"
    return duckdb.sql(f"select count(*), sum(hash({columns})::hugeint) from {source}").fetchone()


def transcode(sent: Path, target: Path) -> None:
    """DuckDB reads no GB18030."""
    with sent.open(encoding="gb18030", newline="") as file, target.open("w", encoding="utf-8", newline="") as copy:
        shutil.copyfileobj(file, copy, PIECE)


def duckdb_cleans(lake: Settings, text: Path, target: Path) -> tuple[float, float]:
    """Typed and judged by the rules of the contract, check characters included, good and bad rows in one Parquet file; seconds, CPU-seconds.

    It is given UTF-8, one pass, no lineage, no text rows kept, no commit: the cheaper way.
    """
    outer = " + ".join(f"(strpos('{USCC_ALPHABET}', uscc[{i + 1}]) - 1) * {weight}" for i, weight in enumerate(USCC_WEIGHTS))
    inner = " + ".join(f"(strpos('{ORGANISATION_ALPHABET}', uscc[{i + 9}]) - 1) * {weight}" for i, weight in enumerate(ORGANISATION_WEIGHTS))
    check = f"case 11 - ({inner}) % 11 when 10 then 'X' when 11 then '0' else (11 - ({inner}) % 11)::varchar end"
    divisions = lake.lake / "judged" / "reference__division" / "*.parquet"
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
