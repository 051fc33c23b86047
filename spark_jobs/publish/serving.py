"""serving: one DuckDB file a role that holds only the tables, rows and values that the policy opens to it (security by absence)."""

import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

from spark_jobs.duck import delta_reader, serving_reader
from spark_jobs.faultpoint import faultpoint
from spark_jobs.publish import policy
from spark_jobs.publish.labels import label_statements
from spark_jobs.settings import TIME_ZONE, Settings

FILE = "serve.duckdb"
WHOLE = ".whole.duckdb"
# small blocks, and compressions of the latest storage: three quarters of the size, in two thirds of the time; no log beside a file that nobody reads yet
COMPACT = {"wal_autocheckpoint": "0B", "autoinstall_known_extensions": "false", "storage_compatibility_version": "latest", "default_block_size": "65536"}
# what was known on a day: select * from mart.mart_economy__gdp__as_of(date '2024-01-01')
AS_OF = """create or replace macro mart.{table}__as_of(day) as table
  select * from mart.{table} where vintage_date <= day and (superseded_date is null or superseded_date > day)"""


def write_files(settings: Settings, folder: Path, release: dict, readers: list[policy.Role]) -> dict[str, dict[str, int]]:
    """`<folder>/<role>/serve.duckdb` of the readers. Returns rows by role and table.

    The tables are read from Delta once, into a draft that nobody is given, and cut from there. Twenty-odd roles share most of their tables: a
    file starts from a copy of the largest one that holds nothing else, and what the roles of one kind have in common is written as a draft.
    """
    folder.mkdir(parents=True)
    whole, common = folder / WHOLE, folder / ".common"
    columns = _read_all(settings, whole, release["tables"])
    cuts = {folder / role.name / FILE: {table: cut(role, table, columns[table]) for table in columns if role.sees(table)} for role in readers}
    drafts = {common / kind / FILE: _shared([cuts[folder / role.name / FILE] for role in readers if role.kind == kind]) for kind in {role.kind for role in readers}}
    written: dict[Path, dict] = {}
    for path, wanted in sorted({**drafts, **cuts}.items(), key=lambda file: len(file[1])):
        start = max((other for other in written if written[other].items() <= wanted.items()), key=lambda other: len(written[other]), default=None)
        missing = {table: made for table, made in wanted.items() if start is None or table not in written[start]}
        _write_file(settings, path, start, whole, missing, columns, release | {"table_count": len(wanted)})
        written[path] = wanted
    whole.unlink()
    shutil.rmtree(common)
    return {role.name: _row_counts(folder / role.name / FILE, sorted(cuts[folder / role.name / FILE])) for role in readers}


def write_changed(settings: Settings, folder: Path, release: dict, readers: list[policy.Role], former: dict, changed: set[str]) -> dict[str, dict[str, int]]:
    """The same files, each from the former release's file of the same role: only the tables that changed are cut anew. Returns rows by role and table.

    The former release was made under the same policy. What a role could read before may stay in unused blocks of its file until they are used again.
    """
    folder.mkdir(parents=True)
    whole = folder / WHOLE
    columns = _read_all(settings, whole, {table: version for table, version in release["tables"].items() if table in changed})
    gone = sorted(former["tables"].keys() - release["tables"].keys())

    def carry_over(role: policy.Role) -> dict[str, int]:
        path, start = folder / role.name / FILE, settings.releases / former["release_id"] / role.name / FILE
        cuts = {table: cut(role, table, columns[table]) for table in columns if role.sees(table)}
        seen = [table for table in release["tables"] if role.sees(table)]
        _write_file(settings, path, start, whole, cuts, columns, release | {"table_count": len(seen)}, gone, threads=1)
        counted = _row_counts(path, cuts)
        return {table: counted[table] if table in counted else former["rows"][role.name][table] for table in sorted(seen)}

    with ThreadPoolExecutor(2) as pool:  # DuckDB works without Python's lock
        rows = dict(zip([role.name for role in readers], pool.map(carry_over, readers), strict=True))
    whole.unlink()
    return rows


def _shared(cuts: list[dict]) -> dict:
    """What all of them have, cut alike."""
    return {table: made for table, made in cuts[0].items() if all(other.get(table) == made for other in cuts)}


def cut(role: policy.Role, table: str, columns: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    """SELECT and parameters of a role's table: its rows only, and nothing in the columns it may not read.

    PolicyFault where the policy names a column that the table does not have: a filter that cannot be applied opens nothing.
    """
    rows, masked = role.rows(table), role.masked(table)
    if missing := {*rows, *masked} - set(columns):
        raise policy.PolicyFault(f"{policy.POLICY.name}: {table} has no column {', '.join(sorted(missing))} (role {role.name})")
    listed = ", ".join(f"null::{kind} as {name}" if name in masked else name for name, kind in columns.items())
    where = " and ".join(f"{column} = ?" for column in rows)
    return f"select {listed} from whole.{table}{f' where {where}' if where else ''}", tuple(rows.values())


def _read_all(settings: Settings, whole: Path, tables: dict[str, int]) -> dict[str, dict[str, str]]:
    """All tables of the release in one file; table → column → type."""
    with delta_reader(str(whole)) as connection:
        for table, version in tables.items():
            connection.execute(f"create table {table} as select * from delta_scan('{settings.lake / 'gold' / table}', version => {version})")
        return {table: {name: kind for name, kind, *_ in connection.execute(f"describe {table}").fetchall()} for table in tables}


def _write_file(settings: Settings, path: Path, start: Path | None, whole: Path, cuts: dict, columns: dict[str, dict[str, str]], release: dict, gone: Iterable[str] = (), threads: int = 2) -> None:
    path.parent.mkdir(parents=True)
    if start:
        shutil.copyfile(start, path)
    with duckdb.connect(str(path), config=COMPACT | {"threads": str(threads)}) as connection:
        connection.execute(f"set timezone = '{TIME_ZONE}'; attach '{whole}' as whole (read_only); create schema if not exists mart; begin")
        for table in gone:
            connection.execute(f"drop table if exists mart.{table}; drop macro table if exists mart.{table}__as_of")
        for table, (select, parameters) in cuts.items():
            connection.execute(f"create or replace table mart.{table} as {select}", parameters)
            faultpoint("serving file half written")
            for statement in _described(settings, table, columns[table]):
                connection.execute(statement)
        connection.execute(
            "create or replace table mart.release_info as select ? as release_id, ?::timestamptz as released_at, ? as table_count",
            [release["release_id"], release["released_at"], release["table_count"]],
        )
        connection.execute("commit; detach whole")
    path.chmod(0o444)
    faultpoint("serving file written")


def _row_counts(path: Path, tables: Iterable[str]) -> dict[str, int]:
    with serving_reader(path) as connection:
        return {table: connection.table(f"mart.{table}").count("*").fetchone()[0] for table in tables}


def _described(settings: Settings, table: str, columns: Iterable[str]) -> list[str]:
    known_on_a_day = [AS_OF.format(table=table)] if {"vintage_date", "superseded_date"} <= set(columns) else []
    return known_on_a_day + label_statements(settings, table, list(columns))
