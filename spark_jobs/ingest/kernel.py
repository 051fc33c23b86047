"""The kernel: one part of a landed file becomes Parquet files of bronze and judged rows, in one pass of DuckDB.

It runs in this process for a small file and in the engine's tasks for a large one; the files count only when a commit names them.
"""

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from expectations.feed import Dialect, Feed
from expectations.rules import judged_query, original, text_literal
from spark_jobs.delta import DataFile, data_files, finished
from spark_jobs.duck import row_kernel
from spark_jobs.faultpoint import faultpoint
from spark_jobs.identifiers import without_numbers
from spark_jobs.ingest import bronze, functions
from spark_jobs.ingest.landing import Delivery
from spark_jobs.ingest.readers import Plan

PARQUET = "(format parquet, compression zstd, compression_level 1, row_group_size 250000)"
VERDICT_COLUMNS = [
    ("_delivery_id", "string"),
    ("_row", "bigint"),
    ("_ordinal", "bigint"),  # place within its part of the file: joins do not keep the order of rows
    ("_received_at", "timestamp"),
    ("_known_at", "timestamp"),
    ("_verdict", "string"),
    ("_reasons", "array<string>"),
    ("_warnings", "array<string>"),
    ("_original", "string"),
    ("_content_hash", "bigint"),
]


@dataclass(frozen=True)
class Job:
    """What a part needs to know of its delivery; it travels to the engine's tasks."""

    feed: Feed
    delivery: Delivery
    plan: Plan
    path: Path  # the landed file
    divisions: tuple[tuple[str, str], ...]  # every division code that was ever valid, with each spelling of its names
    home: Path  # of the deployment: its secrets and its vault
    bronze: Path | None = None  # folder of the table; None where the text rows are committed already
    judged: Path | None = None
    staging: Path | None = None  # where the keys of each part are left; None: the file is rehearsed and nothing is written
    threads: int = 2

    @property
    def dialect(self) -> Dialect:
        return self.feed.dialect_for(self.delivery.file)

    def file_of(self, number: int) -> str:
        """The file that holds the part: the one delivered, or a member of it (a file in an archive, a sheet)."""
        member = self.plan.parts[number].member
        return f"{self.delivery.file}/{member}".replace("\0", "/") if member else self.delivery.file

    @property
    def key_file(self) -> Path:
        """Key of the tokens of citizen numbers, of the feed's domain."""
        return self.home / "secrets" / f"citizen_token_key_{self.feed.domain}"

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes two rows speak of the same fact: the key, and for a register the day from which the state holds."""
        key, effective = self.feed.key, self.feed.effective_from
        return (*key, effective) if self.feed.kind == "register" and effective not in key else key


@dataclass
class Part:
    """What a part became: its files, the verdicts on its rows, and the seconds that reading and judging took."""

    number: int
    bronze: DataFile | None = None
    judged: DataFile | None = None
    verdicts: Counter = field(default_factory=Counter)
    reasons: Counter = field(default_factory=Counter)
    warnings: Counter = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)


def work(job: Job, number: int) -> Part:
    """Read, judge and write one part, and leave the keys of its good rows in the staging folder."""
    part, started = Part(number), time.monotonic()
    with row_kernel(job.threads) as connection:
        _read(connection, job, number)
        if job.bronze:
            part.bronze = _write(connection, job.bronze / file_name(job, number), _bronze_query(job))
            faultpoint("text file written")
        part.seconds["bronze"] = time.monotonic() - started
        _judge(connection, job, None)
        part.judged = _write(connection, job.judged / file_name(job, number), _judged_columns(job))
        faultpoint("judged file written")
        _read_back(connection, job.judged / file_name(job, number))
        _leave_keys(connection, job, number)
        _count(connection, part)
        part.seconds["judge"] = time.monotonic() - started - part.seconds["bronze"]
    return part


def overrule(job: Job, number: int, overruled: pa.Table) -> Part:
    """Write a part again of which some rows (`ordinal`, `verdict`: "repeated" or "KEY.CONFLICT") fell, when held against others.

    Only these rows are judged again, from their text in the bronze file, where a row's number is its place within the part: no join made it.
    """
    part, judged = Part(number), job.judged / file_name(job, number)
    with row_kernel(job.threads) as connection:
        text = job.judged.parents[1] / "bronze" / job.judged.name / judged.name
        connection.register("overruled", overruled)
        connection.execute(
            f"""create table part as select * exclude (file_row_number), file_row_number as _ordinal
            from read_parquet({text_literal(text)}, file_row_number = true) semi join overruled on ordinal = file_row_number"""
        )
        connection.execute(f"create view delivered as select *, {_text_or_null(job.delivery.manifest.get('edition'))} as _edition from part")
        _judge(connection, job, overruled)
        columns = _judged_columns(job)
        connection.execute(f"create view kept as from read_parquet({text_literal(judged)}) anti join overruled on ordinal = _ordinal")
        draft = job.staging / judged.name
        written = _write(connection, draft, f"{columns.replace('from judged', 'from kept')} union all {columns}")
        _read_back(connection, draft)
        _count(connection, part)
    faultpoint("overruled file written")
    draft.replace(judged)
    faultpoint("overruled file renamed")
    part.judged = replace(written, name=judged.name)
    return part


def rehearse(job: Job, overruled: dict[int, pa.Table]) -> list[dict]:
    """The verdict on every row, in file order; nothing is written. Each entry holds `row`, `verdict`, `reasons`, `warnings`, `original` and `values`."""
    found = []
    for number in range(len(job.plan.parts)):
        with row_kernel(job.threads) as connection:
            _read(connection, job, number)
            _judge(connection, job, overruled.get(number))
            names = [name for name, *_ in connection.execute("describe judged").fetchall()]
            for values in connection.execute("select * from judged order by _row, _ordinal").fetchall():
                row = dict(zip(names, values))
                told = {name: row[f"_{name}"] for name in ("row", "verdict", "reasons", "warnings", "original")}
                found.append(told | {"values": {f.silver_name: row[f.silver_name] for f in job.feed.silver_fields}})
    return found


def keys_of_part(job: Job, number: int) -> pa.Table:
    """Keys of the good rows of a part that is only rehearsed."""
    with row_kernel(job.threads) as connection:
        _read(connection, job, number)
        _judge(connection, job, None)
        return connection.execute(_keys_query(job, number)).to_arrow_table()


def committed(job: Job) -> Part:
    """The verdicts of a delivery that is in its table already."""
    files = [file for file in data_files(job.judged) if Path(file).name.startswith(f"{job.delivery.delivery_id}-")]
    part = Part(0)
    with row_kernel(job.threads) as connection:
        connection.from_parquet(files).create_view("judged")
        _count(connection, part)
    return part


def keys_file(job: Job, number: int) -> Path:
    return job.staging / f"keys-{number:05d}.parquet"


def _read(connection: duckdb.DuckDBPyConnection, job: Job, number: int) -> None:
    """The relation `delivered`: the text rows of the part with the lineage of the delivery."""
    delivery = job.delivery
    connection.register("part", without_numbers(bronze.rows_of_part(job.path, job.feed, job.dialect, job.plan, number), job.feed))
    period, edition = delivery.manifest.get("period"), delivery.manifest.get("edition")
    connection.execute(
        f"""create view delivered as select *, {text_literal(delivery.delivery_id)} as _delivery_id, {text_literal(job.file_of(number))} as _file,
        timestamptz {text_literal(delivery.received_at)} as _received_at, timestamptz {text_literal(delivery.known_at)} as _known_at,
        {_text_or_null(period)} as _period, {_text_or_null(edition)} as _edition from part"""
    )


def _text_or_null(text: str | None) -> str:
    return "null::varchar" if text is None else f"{text_literal(text)}::varchar"


def _bronze_query(job: Job) -> str:
    texts = ", ".join(f.name for f in job.feed.text_fields)
    columns = ", ".join(name for name, _ in bronze.columns(job.feed) if name != "_row_hash")
    return f"select {columns}, (hash({texts}, _original) >> 1)::bigint as _row_hash from delivered"


def _judge(connection: duckdb.DuckDBPyConnection, job: Job, overruled: pa.Table | None) -> None:
    """The view `judged`: typed rows with `_verdict`, loaded, quarantined or repeated."""
    if job.feed.identifiers:
        _open_identifiers(connection, job)
    functions.register(connection, job.key_file)
    codes, spellings = zip(*job.divisions) if job.divisions else ((), ())
    connection.register("known_divisions", pa.table({"division_code": pa.array(codes, pa.string()), "spelling": pa.array(spellings, pa.string())}))
    query, verdict = judged_query(job.feed, "delivered"), "null"
    if overruled is not None:
        connection.register("overruled", overruled)
        query, verdict = f"(select j.*, o.verdict from ({query}) as j left join overruled as o on o.ordinal = j._ordinal)", "verdict"
    else:
        query = f"({query})"
    silver = ", ".join(f.silver_name for f in job.feed.silver_fields)
    connection.execute(
        f"""create view judged as
        select {silver}, {text_literal(job.delivery.delivery_id)} as _delivery_id, _row, _received_at, _known_at, _verdict,
          case when _verdict = 'quarantined' and len(_reasons) = 0 then ['KEY.CONFLICT'] else _reasons end as _reasons, _warnings,
          case when _verdict = 'quarantined' then {original(job.feed)} end as _original, _content_hash, _ordinal
        from (select *, case when len(_reasons) > 0 or {verdict} = 'KEY.CONFLICT' then 'quarantined' when {verdict} = 'repeated' then 'repeated' else 'loaded' end as _verdict
          from {query})"""
    )


def _open_identifiers(connection: duckdb.DuckDBPyConnection, job: Job) -> None:
    """`delivered` with the numbers of the persons in place of their marks, in memory alone: bronze is written by now."""
    from spark_jobs.vault import unsealed

    text = connection.execute("from delivered").to_arrow_table()
    connection.register("opened", unsealed(text, job.home, [f.name for f in job.feed.identifiers]))
    connection.execute("create or replace view delivered as from opened")


def _judged_columns(job: Job) -> str:
    return f"select {', '.join([f.silver_name for f in job.feed.silver_fields] + [name for name, _ in VERDICT_COLUMNS])} from judged"


def _keys_query(job: Job, number: int) -> str:
    return f"select {', '.join(job.identity)}, {number} as part, _ordinal as ordinal, _content_hash as content from judged where _verdict = 'loaded'"


def _read_back(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """`judged` from the file that was just written: to read a few columns of it costs less than to keep all rows beside it."""
    connection.execute(f"create or replace view judged as from read_parquet({text_literal(path)})")


def _leave_keys(connection: duckdb.DuckDBPyConnection, job: Job, number: int) -> None:
    job.staging.mkdir(parents=True, exist_ok=True)
    connection.execute(f"copy ({_keys_query(job, number)}) to {text_literal(keys_file(job, number))} (format parquet, compression snappy)")
    faultpoint("keys left")


def _write(connection: duckdb.DuckDBPyConnection, path: Path, query: str) -> DataFile:
    path.parent.mkdir(parents=True, exist_ok=True)
    (rows,) = connection.execute(f"copy ({query}) to {text_literal(path)} {PARQUET}").fetchone()
    return finished(path, rows)


def file_name(job: Job, number: int) -> str:
    """The same name whenever the same part is written: what a killed task left is replaced."""
    return f"{job.delivery.delivery_id}-{number:05d}.parquet"


def _count(connection: duckdb.DuckDBPyConnection, part: Part) -> None:
    for verdict, reasons, warnings, rows in connection.execute("select _verdict, _reasons, _warnings, count(*) from judged group by all").fetchall():
        part.verdicts[verdict] += rows
        part.reasons.update(dict.fromkeys(reasons, rows))
        part.warnings.update(dict.fromkeys(warnings, rows))
