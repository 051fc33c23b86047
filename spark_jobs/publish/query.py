"""Answers from a serving file: one SELECT, rendered as a table, CSV or JSON."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import duckdb

from spark_jobs import sql_guard
from spark_jobs.duck import serving_reader

INTERVALS = (("vintage_date", "superseded_date"), ("valid_from", "valid_to"))  # from and to which a row was known, was in force


class QueryRefused(ValueError):
    """The statement is not one SELECT, or the database refuses it."""


def ask(path: Path, query: str, as_of: date | None = None) -> tuple[list[str], list[tuple]]:
    """Column names and rows; with `as_of` from what was known on that day. Raises QueryRefused."""
    with serving_reader(path) if as_of is None else _reader_as_of(path, as_of) as connection:
        try:
            sql_guard.check(connection, query)
            answer = connection.execute(query)
            return [column[0] for column in answer.description], answer.fetchall()
        except duckdb.Error as fault:
            seen = "what this role sees" if as_of is None else "what this role sees as of a day; tables without vintages or validity are not among them"
            raise QueryRefused(f"{str(fault).splitlines()[0]}; `select table_name from information_schema.tables` lists {seen}") from fault


def _reader_as_of(path: Path, day: date) -> duckdb.DuckDBPyConnection:
    """The serving file as it would have read on a day: of each table with vintages what was known, of each list with validity what was in force."""
    connection = duckdb.connect(config={"memory_limit": "512MB", "threads": "2", "autoinstall_known_extensions": "false"})
    connection.execute(f"attach '{path}' as served (read_only); create schema mart")
    columns: dict[str, set[str]] = {}
    for table, column in connection.execute("select table_name, column_name from duckdb_columns() where database_name = 'served' and schema_name = 'mart'").fetchall():
        columns.setdefault(table, set()).add(column)
    for table, names in columns.items():
        known = as_it_was(f"served.mart.{table}", names, day)
        if known:
            connection.execute(f"create view mart.{table} as {known}")
    connection.execute("set enable_external_access = false; set lock_configuration = true")
    return connection


def as_it_was(relation: str, columns: set[str], day: date) -> str | None:
    """The rows of a table that were known, or in force, on a day, as they read then; None where the table keeps neither."""
    for first, last in INTERVALS:
        if {first, last} <= columns:
            told = f"null::date as {last}" + (", true as is_latest" if "is_latest" in columns else "")
            return f"select * replace ({told}) from {relation} where {first} <= date '{day}' and ({last} is null or {last} > date '{day}')"
    return None


def rendered(columns: list[str], rows: list[tuple], format: str) -> str:
    """The answer as text: an aligned table, CSV with a header, or a JSON list of objects."""
    if format == "json":
        return json.dumps([dict(zip(columns, row)) for row in rows], ensure_ascii=False, default=str)
    if format == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([columns, *rows])
        return text.getvalue().rstrip("\n")
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    text = io.StringIO()
    Console(file=text, width=220, highlight=False, markup=False).print(table)
    return text.getvalue() + f"({len(rows)} rows)"
