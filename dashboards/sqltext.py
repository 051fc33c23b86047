"""Which columns a metric expression reads, by DuckDB's own parser (no data, no file)."""

import json
from functools import cache, lru_cache

import duckdb


@cache
def columns_of(expression: str) -> frozenset[str]:
    """Names of the columns in one SQL expression. Raises when it is not valid SQL or holds a sub-query."""
    tree = json.loads(_parser().execute("select json_serialize_sql(?)", [f"select {expression} from mart"]).fetchone()[0])
    if tree["error"]:
        raise ValueError(f"not a SQL expression: {expression}: {tree['error_message']}")
    return frozenset(_columns(tree))


@lru_cache
def _parser() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:")


def _columns(node) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(_columns, node))
    if not isinstance(node, dict):
        return set()
    if node.get("class") == "SUBQUERY":
        raise ValueError("a metric must not hold a sub-query: such logic belongs to dbt")
    found = set().union(*map(_columns, node.values()))
    if node.get("class") == "COLUMN_REF":
        found.add(node["column_names"][-1])
    return found
