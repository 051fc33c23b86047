"""serving: one DuckDB file a role that holds only the tables, rows and values that the policy opens to it (security by absence)."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from spark_jobs.duck import delta_reader
from spark_jobs.faultpoint import faultpoint
from spark_jobs.publish import policy
from spark_jobs.publish.labels import label_statements
from spark_jobs.settings import TIME_ZONE, Settings

FILE = "serve.duckdb"
# what was known on a day: select * from mart.mart_economy__gdp__as_of(date '2024-01-01')
AS_OF = """create macro mart.{table}__as_of(day) as table
  select * from mart.{table} where vintage_date <= day and (superseded_date is null or superseded_date > day)"""


def write_files(settings: Settings, folder: Path, release: dict) -> dict[str, dict[str, int]]:
    """`<folder>/<role>/serve.duckdb` for every role of the policy. Returns rows by role and table.

    The tables are read from Delta once, into a draft that nobody is given, and cut from there.
    """
    folder.mkdir(parents=True)
    whole = folder / ".whole.duckdb"
    columns = _read_all(settings, whole, release["tables"])
    rows = {role.name: _write_file(settings, folder / role.name / FILE, whole, role, release, columns) for role in policy.roles().values()}
    whole.unlink()
    return rows


def _read_all(settings: Settings, whole: Path, tables: dict[str, int]) -> dict[str, dict[str, str]]:
    """All tables of the release in one file; table → column → type."""
    with delta_reader(str(whole)) as connection:
        for table, version in tables.items():
            connection.execute(f"create table {table} as select * from delta_scan('{settings.lake / 'gold' / table}', version => {version})")
        return {table: {name: kind for name, kind, *_ in connection.execute(f"describe {table}").fetchall()} for table in tables}


def _write_file(settings: Settings, path: Path, whole: Path, role: policy.Role, release: dict, columns: dict[str, dict[str, str]]) -> dict[str, int]:
    path.parent.mkdir(parents=True)
    seen = [table for table in columns if role.sees(table)]
    with duckdb.connect(str(path), config={"autoinstall_known_extensions": "false", "threads": "2"}) as connection:
        connection.execute(f"set timezone = '{TIME_ZONE}'; attach '{whole}' as whole (read_only); create schema mart; begin")
        for table in seen:
            connection.execute(*cut(role, table, columns[table]))
            faultpoint("serving file half written")
            for statement in _described(settings, table, columns[table]):
                connection.execute(statement)
        connection.execute(
            "create table mart.release_info as select ? as release_id, ?::timestamptz as released_at, ? as table_count",
            [release["release_id"], release["released_at"], len(seen)],
        )
        connection.execute("commit; detach whole")
        rows = {table: connection.table(f"mart.{table}").count("*").fetchone()[0] for table in seen}
    path.chmod(0o444)
    faultpoint("serving file written")
    return rows


def cut(role: policy.Role, table: str, columns: dict[str, str]) -> tuple[str, list[str]]:
    """Statement and parameters that make a role's table: its rows only, and nothing in the columns it may not read.

    PolicyFault where the policy names a column that the table does not have: a filter that cannot be applied opens nothing.
    """
    rows, masked = role.rows(table), role.masked(table)
    if missing := {*rows, *masked} - set(columns):
        raise policy.PolicyFault(f"{policy.POLICY.name}: {table} has no column {', '.join(sorted(missing))} (role {role.name})")
    listed = ", ".join(f"null::{kind} as {name}" if name in masked else name for name, kind in columns.items())
    where = " and ".join(f"{column} = ?" for column in rows)
    return f"create table mart.{table} as select {listed} from whole.{table}{f' where {where}' if where else ''}", list(rows.values())


def _described(settings: Settings, table: str, columns: Iterable[str]) -> list[str]:
    known_on_a_day = [AS_OF.format(table=table)] if {"vintage_date", "superseded_date"} <= set(columns) else []
    return known_on_a_day + label_statements(settings, table, list(columns))
