"""Rows of a PostgreSQL table by watermark, in one consistent snapshot, streamed to CSV.

Options of the contract's server: `table`; `watermark`, a column that grows with each change; `overlap`, how far back a row may
be committed after a later one was seen (an interval, or a number for a counting watermark); `user`; `secret`.
Rows inside the overlap come again and are counted as repeated. Rows without a watermark come each time and fail their rule.
"""

from pathlib import Path

import psycopg
from psycopg import sql

from expectations.feed import Feed, Source
from spark_jobs.ingest.pull import Fetched, secret
from spark_jobs.ingest.refusal import Refused
from spark_jobs.lake import ServiceDown
from spark_jobs.settings import TIME_ZONE, Settings

CONNECT_SECONDS = 10
MOMENTS = ("timestamp without time zone", "timestamp with time zone", "date")


def fetch(settings: Settings, feed: Feed, source: Source, begin: dict, folder: Path) -> Fetched | None:
    """The rows from the watermark (less the overlap) on; None where there are none."""
    try:
        with _connect(settings, source) as connection, connection.transaction():
            return _fetch(connection, feed, source, begin.get("to"), folder)
    except psycopg.ProgrammingError as fault:
        raise Refused("SOURCE_CHANGED", f"{feed.id}, server {source.name}: {_line(fault)} (owner: {feed.owner})") from fault
    except psycopg.Error as fault:
        raise ServiceDown(f"{feed.id}: the database of server {source.name} ({source.address['host']}:{source.address['port']}) failed: {_line(fault)}") from fault


def _connect(settings: Settings, source: Source) -> psycopg.Connection:
    connection = psycopg.connect(
        host=source.address["host"],
        port=source.address["port"],
        dbname=source.address["database"],
        user=source.options["user"],
        password=secret(settings, source),
        connect_timeout=CONNECT_SECONDS,
        options=f"-c timezone={TIME_ZONE} -c datestyle=ISO",
    )
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # every statement below sees the same rows
    connection.read_only = True
    return connection


def _fetch(connection: psycopg.Connection, feed: Feed, source: Source, begin: str | None, folder: Path) -> Fetched | None:
    kinds = _columns(connection, source)
    headers = [field.header for field in feed.text_fields]
    missing = [name for name in (*headers, source.options["watermark"]) if name not in kinds]
    if missing:
        raise Refused("HEADER_MISMATCH", f"{source.options['table']} lacks {', '.join(missing)}; it has {', '.join(kinds)} (owner: {feed.owner})")
    chosen = _chosen(source, kinds[source.options["watermark"]], begin)
    mark = sql.Identifier(source.options["watermark"])
    to, rows = connection.execute(sql.SQL("select max({})::text, count(*) from {}").format(mark, chosen)).fetchone()
    if not rows:
        return None
    path = folder / f"{feed.id.partition('.')[2]}_until_{_name(to or begin or 'unknown')}.csv"
    _copy(connection, feed, headers, mark, chosen, path, rows)
    unknown = [name for name in kinds if name not in headers and name != source.options["watermark"]]
    notes = (f"columns that the contract does not know were left there: {', '.join(unknown)}",) if unknown else ()
    return Fetched(path, rows, {"to": to or begin}, notes)


def _columns(connection: psycopg.Connection, source: Source) -> dict[str, str]:
    """Column → type of the table. A missing table is a ProgrammingError."""
    name = f"{sql.Identifier(source.address['schema'], source.options['table']).as_string(connection)}"
    query = "select attname, format_type(atttypid, null) from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum"
    return dict(connection.execute(query, [name]).fetchall())


def _chosen(source: Source, kind: str, begin: str | None) -> sql.Composed:
    """The table's rows from the watermark on, as a relation."""
    table = sql.Identifier(source.address["schema"], source.options["table"])
    if begin is None:
        return sql.SQL("{} as rows_chosen").format(table)
    return sql.SQL("(select * from {table} where {mark} >= {begin}::{kind} - {overlap}::{step} or {mark} is null) as rows_chosen").format(
        table=table,
        mark=sql.Identifier(source.options["watermark"]),
        begin=sql.Literal(begin),
        kind=sql.SQL(kind),
        overlap=sql.Literal(str(source.options["overlap"])),
        step=sql.SQL("interval" if kind in MOMENTS else kind),
    )


def _copy(connection: psycopg.Connection, feed: Feed, headers: list[str], mark: sql.Identifier, chosen: sql.Composed, path: Path, rows: int) -> None:
    """Stream the rows to the file, in an order that is the same each time. The database's own count must be met."""
    keys = [sql.Identifier(field.header) for field in feed.text_fields if field.key_position is not None]
    query = sql.SQL("copy (select {columns} from {chosen} order by {order}) to stdout (format csv, header, encoding 'UTF8')").format(
        columns=sql.SQL(", ").join(sql.SQL("{0}::text as {0}").format(sql.Identifier(header)) for header in headers),
        chosen=chosen,
        order=sql.SQL(", ").join(sql.SQL("rows_chosen.{}").format(column) for column in (mark, *keys)),
    )
    with connection.cursor() as cursor, path.open("wb") as file:
        with cursor.copy(query) as copy:
            for piece in copy:
                file.write(piece)
        if cursor.rowcount != rows:
            raise Refused("ROWCOUNT", f"{feed.id}: the database counted {rows} rows and sent {cursor.rowcount}")


def _name(mark: str) -> str:
    return "".join(sign if sign.isdigit() else "-" for sign in mark).strip("-")


def _line(fault: psycopg.Error) -> str:
    return " ".join(str(fault).split())
