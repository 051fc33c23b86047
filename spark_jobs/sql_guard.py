"""What a statement that somebody typed means, told by DuckDB's own parser: guard and engine never disagree about it."""

import json
import threading
from typing import Any

import duckdb

TABLE_FUNCTIONS = {
    "range", "generate_series", "unnest", "repeat", "json_each", "json_tree",
    "duckdb_tables", "duckdb_views", "duckdb_columns", "duckdb_schemas", "duckdb_constraints", "duckdb_indexes", "duckdb_types", "duckdb_keywords",
}  # fmt: skip
AS_OF = "__as_of"  # the macros of a serving file: what was known on a day

_parser = None
_parser_lock = threading.Lock()


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
    refused = sorted(name for name in table_functions(syntax_tree(text)) - TABLE_FUNCTIONS if not name.endswith(AS_OF))
    if refused:
        raise duckdb.PermissionException(f"不允许的表函数 · Table functions not allowed: {', '.join(refused)}")


def syntax_tree(text: str) -> dict:
    """DuckDB's own parse of a SELECT, made on a side connection that holds no data. Raises duckdb.PermissionException."""
    tree = json.loads(_asked("select json_serialize_sql(?)", text.strip().rstrip(";")))
    if tree["error"]:
        raise duckdb.PermissionException(f"只允许 SELECT 与 EXPLAIN · Only SELECT and EXPLAIN are answered: {tree['error_message']}")
    return tree


def statement(tree: dict) -> str:
    """The one spelling of a parsed SELECT, whatever spaces, case or comments it was typed with."""
    return _asked("select json_deserialize_sql(?)", json.dumps(tree))


def table_functions(node: Any) -> set[str]:
    """Names of all functions the parsed statement uses as tables."""
    return {found["function"]["function_name"].lower() for found in nodes(node) if found.get("type") == "TABLE_FUNCTION"}


def nodes(node: Any) -> list[dict]:
    """Every node of a parsed statement, outer before inner."""
    if isinstance(node, list):
        return [found for item in node for found in nodes(item)]
    if not isinstance(node, dict):
        return []
    return [node, *(found for item in node.values() for found in nodes(item))]


def warm() -> None:
    """Opens the side connection before the first request needs it (it costs a second)."""
    syntax_tree("select 1")


def _asked(query: str, parameter: str) -> str:
    global _parser
    with _parser_lock:
        if _parser is None:
            _parser = duckdb.connect(":memory:", config={"enable_external_access": "false"})
        return _parser.execute(query, [parameter]).fetchone()[0]
