"""The driver's guard: one SELECT a time, no table function that reaches outside the file, 20 seconds at most.

A read-only connection alone is not enough: DuckDB can attach other files, write by COPY, and one statement of its logging
functions ends the whole worker. The statement is parsed by DuckDB itself, so guard and engine never disagree about its meaning.
"""

import json
import threading
from pathlib import Path

import duckdb
from duckdb_engine import ConnectionWrapper, CursorWrapper

from spark_jobs import duck

SECONDS = 20
HARDENED = duck.HARDENED | {"temp_directory": "", "max_temp_directory_size": "0B"}
TABLE_FUNCTIONS = {
    "range", "generate_series", "unnest", "repeat", "json_each", "json_tree",
    "duckdb_tables", "duckdb_views", "duckdb_columns", "duckdb_schemas", "duckdb_constraints", "duckdb_indexes", "duckdb_types", "duckdb_keywords",
}  # fmt: skip
TRANSACTION_WORDS = {"begin", "commit", "rollback"}

_parser = None
_parser_lock = threading.Lock()


def guarded_connection(path: Path) -> "GuardedConnection":
    """A read-only connection to one serving file. Every opening uses the same settings: DuckDB refuses two settings of one file."""
    return GuardedConnection(duckdb.connect(str(path), read_only=True, config=HARDENED))


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


def check(raw: duckdb.DuckDBPyConnection, statement: str) -> None:
    """Raises unless the text is exactly one SELECT (or EXPLAIN) whose table functions are all harmless."""
    statements = raw.extract_statements(statement)
    if len(statements) != 1:
        raise duckdb.PermissionException("一次只能一条语句 · One statement at a time")
    kind = statements[0].type
    if kind == duckdb.StatementType.EXPLAIN:
        text = statement.strip()[len("explain"):].strip()
        text = text[len("analyze"):] if text.lower().startswith("analyze") else text
    elif kind == duckdb.StatementType.SELECT:
        text = statement
    else:
        raise duckdb.PermissionException("只允许 SELECT 与 EXPLAIN · Only SELECT and EXPLAIN are answered")
    refused = sorted(table_functions(syntax_tree(text)) - TABLE_FUNCTIONS)
    if refused:
        raise duckdb.PermissionException(f"不允许的表函数 · Table functions not allowed: {', '.join(refused)}")


def syntax_tree(text: str) -> dict:
    """DuckDB's own parse of a SELECT, made on a side connection that holds no data."""
    global _parser
    with _parser_lock:
        if _parser is None:
            _parser = duckdb.connect(":memory:", config={"enable_external_access": "false"})
        tree = json.loads(_parser.execute("select json_serialize_sql(?)", [text.strip().rstrip(";")]).fetchone()[0])
    if tree["error"]:
        raise duckdb.PermissionException(f"只允许 SELECT 与 EXPLAIN · Only SELECT and EXPLAIN are answered: {tree['error_message']}")
    return tree


def table_functions(node) -> set[str]:
    """Names of all functions the parsed statement uses as tables."""
    if isinstance(node, list):
        return set().union(*map(table_functions, node))
    if not isinstance(node, dict):
        return set()
    found = set().union(*map(table_functions, node.values()))
    if node.get("type") == "TABLE_FUNCTION":
        found.add(node["function"]["function_name"].lower())
    return found


def warm() -> None:
    """Opens the side connection before the first request needs it (it costs a second)."""
    syntax_tree("select 1")
