"""The driver's guard: one SELECT a time, no table function that reaches outside the file, 20 seconds at most.

A read-only connection alone is not enough: DuckDB can attach other files, write by COPY, and one statement of its logging
functions ends the whole worker. The statement is parsed by DuckDB itself, so guard and engine never disagree about its meaning.
"""

import threading
from pathlib import Path

import duckdb
from duckdb_engine import ConnectionWrapper, CursorWrapper

from infra.superset import open_files
from spark_jobs.sql_guard import check, warm  # noqa: F401  (warm: asked for by gunicorn.conf.py)

SECONDS = 20
TRANSACTION_WORDS = {"begin", "commit", "rollback"}


def guarded_connection(path: Path) -> "GuardedConnection":
    """A read-only connection to one serving file."""
    return GuardedConnection(open_files.connection(path))


class GuardedConnection(ConnectionWrapper):
    """A connection that is interrupted when it has been open too long."""

    def __init__(self, raw: duckdb.DuckDBPyConnection) -> None:
        super().__init__(raw)
        self._raw = raw
        self._timer = threading.Timer(SECONDS, raw.interrupt)
        self._timer.daemon = True
        self._timer.start()

    def cursor(self) -> "GuardedCursor":
        return GuardedCursor(self._raw, self)

    def close(self) -> None:
        self._timer.cancel()
        super().close()


class GuardedCursor(CursorWrapper):
    """A cursor that reads the statement before DuckDB runs it."""

    def __init__(self, raw: duckdb.DuckDBPyConnection, connection: GuardedConnection) -> None:
        super().__init__(raw, connection)
        self._raw = raw

    def execute(self, statement, parameters=None, context=None):
        if statement.strip().lower() not in TRANSACTION_WORDS:
            check(self._raw, statement)
        return super().execute(statement, parameters, context)

    def executemany(self, statement, parameters=None, context=None):
        raise duckdb.PermissionException("只读 · Only single SELECT statements are answered")
