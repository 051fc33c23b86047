"""What the serving files say of a table: rows, dates, vintages; and the first rows, from the public's own file and no other."""

from datetime import date, datetime
from pathlib import Path

from spark_jobs.duck import serving_reader

SAMPLE_ROWS = 5
LONGEST = 60  # characters of a value that is shown
# the columns that say what a row is about, by preference; a vintage says when it became known
DATES = ("period_end_date", "observed_at", "month", "day", "decision_date", "received_at", "as_of_at", "vintage_date", "valid_from", "last_date")


def measured(folder: Path, roles: dict[str, dict]) -> dict[str, dict]:
    """Of every table in any serving file: rows, data date, number of vintages and the latest of them."""
    found: dict[str, dict] = {}
    for role in sorted(roles, key=lambda name: -len(roles[name])):
        path = folder / role / "serve.duckdb"
        missing = set(roles[role]) - set(found)
        if not missing or not path.is_file():
            continue
        connection = serving_reader(path)
        for table in sorted(missing):
            found[table] = _measured(connection, table)
        connection.close()
    return found


def samples(path: Path, hidden: set[str]) -> dict[str, dict]:
    """The first rows of every table in the public's serving file as texts, without the columns that are `hidden` (names of persons' fields)."""
    if not path.is_file():
        return {}
    connection = serving_reader(path)
    tables = [name for (name,) in connection.execute("select table_name from information_schema.tables where table_schema = 'mart' order by 1").fetchall()]
    found = {}
    for table in tables:
        columns = [name for name, *_ in connection.execute(f"describe mart.{table}").fetchall() if name not in hidden]
        rows = connection.execute(f"select {', '.join(columns)} from mart.{table} limit {SAMPLE_ROWS}").fetchall()
        found[table] = {"columns": columns, "rows": [[_text(value) for value in row] for row in rows]}
    connection.close()
    return found


def feed_states(folder: Path) -> dict[str, dict]:
    """What mart_operations__feed of this release says of each feed, empty where the release has no such mart."""
    path = folder / "data_engineer" / "serve.duckdb"
    if not path.is_file():
        return {}
    connection = serving_reader(path)
    try:
        if not connection.execute("select 1 from information_schema.tables where table_name = 'mart_operations__feed'").fetchone():
            return {}
        result = connection.execute("select feed, last_received_at, due_at, is_late, rows_parked, as_of_at from mart.mart_operations__feed")
        names = [name for name, *_ in result.description]
        return {row[0]: dict(zip(names, map(_moment, row))) for row in result.fetchall()}
    finally:
        connection.close()


def _measured(connection, table: str) -> dict:
    types = {name: kind for name, kind, *_ in connection.execute(f"describe mart.{table}").fetchall()}
    dated = next((name for name in DATES if types.get(name, "").startswith(("DATE", "TIMESTAMP"))), None)
    vintage = "vintage_date" if "vintage_date" in types else None
    asked = [
        "count(*)",
        f"min({dated})" if dated else "null",
        f"max({dated})" if dated else "null",
        f"count(distinct {vintage})" if vintage else "null",
        f"max({vintage})" if vintage else "null",
    ]
    rows, earliest, latest, vintages, last = connection.execute(f"select {', '.join(asked)} from mart.{table}").fetchone()
    return {"rows": rows, "data_from": _day(earliest), "data_date": _day(latest), "date_column": dated, "vintages": vintages, "last_vintage": _day(last), "types": types}


def _text(value) -> str:
    if value is None:
        return ""
    text = f"{value:.6g}" if isinstance(value, float) else value.isoformat(sep=" ", timespec="minutes") if isinstance(value, datetime) else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _day(value) -> str | None:
    return value.date().isoformat() if isinstance(value, datetime) else value.isoformat() if isinstance(value, date) else None


def _moment(value):
    return value.isoformat(timespec="minutes") if isinstance(value, datetime) else value
