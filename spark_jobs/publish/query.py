"""Answers from a serving file: one SELECT, rendered as a table, CSV or JSON."""

import csv
import io
import json
from pathlib import Path

import duckdb

from spark_jobs.duck import serving_reader


class QueryRefused(ValueError):
    """The statement is not one SELECT, or the database refuses it."""


def ask(path: Path, query: str) -> tuple[list[str], list[tuple]]:
    """Column names and rows. Raises QueryRefused."""
    with serving_reader(path) as connection:
        try:
            statements = connection.extract_statements(query)
            if len(statements) != 1 or statements[0].type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
                raise QueryRefused("give exactly one SELECT")
            answer = connection.execute(query)
            return [column[0] for column in answer.description], answer.fetchall()
        except duckdb.Error as fault:
            raise QueryRefused(f"{str(fault).splitlines()[0]}; `select table_name from information_schema.tables` lists what this role sees") from fault


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
