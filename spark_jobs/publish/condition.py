"""The condition that somebody gives for the rows of one dataset: an expression over its columns, and nothing else.

The text is read by DuckDB's own parser, and only the kinds of node and the functions named here pass: no subquery, no table, no file,
nothing that answers differently tomorrow (random, now). What goes into the query is the parsed condition written anew, never the text.
"""

from typing import Any

import duckdb

from spark_jobs.publish.query import QueryRefused
from spark_jobs.sql_guard import nodes, statement, syntax_tree

TEMPLATE = "select 1 from dataset where ({}\n)"
WRITTEN = "SELECT 1 FROM dataset WHERE "
CLASSES = {"COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "OPERATOR", "BETWEEN", "FUNCTION", "CAST", "CASE"}
FUNCTIONS = {
    "~~", "!~~", "~~*", "!~~*", "+", "-", "*", "/", "//", "%", "||",
    "abs", "ceil", "concat", "contains", "date_part", "date_trunc", "day", "ends_with", "floor", "greatest", "least", "left", "length", "like_escape", "lower", "ltrim",
    "month", "not_like_escape", "prefix", "quarter", "regexp_full_match", "regexp_matches", "right", "round", "rtrim", "starts_with", "strftime", "substr", "substring", "suffix",
    "trim", "upper", "year",
}  # fmt: skip
TYPES = {"BIGINT", "BOOLEAN", "DATE", "DECIMAL", "DOUBLE", "FLOAT", "INTEGER", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", "VARCHAR"}
LONGEST = 10_000  # characters


def checked(text: str, columns: list[str]) -> str:
    """The condition in its one spelling: two texts that mean the same give the same. Raises QueryRefused with what is allowed."""
    if len(text) > LONGEST:
        raise QueryRefused(f"the condition has {len(text):,} characters, at most {LONGEST:,} are read")
    try:
        tree, plain = syntax_tree(TEMPLATE.format(text)), syntax_tree(TEMPLATE.format("true"))
    except duckdb.Error as fault:
        raise QueryRefused(f"the condition cannot be read: {str(fault).splitlines()[0]}") from fault
    if _around_the_condition(tree) != _around_the_condition(plain):
        raise QueryRefused("the condition is one expression over the columns, as year >= 2020 and division_code = '450000'")
    for node in nodes(tree["statements"][0]["node"]["where_clause"]):
        if "class" in node:
            _check(node, columns)
            if "column_names" in node:
                node["column_names"] = [name.lower() for name in node["column_names"]]
    return statement(tree).removeprefix(WRITTEN)


def _check(node: dict, columns: list[str]) -> None:
    if node["class"] not in CLASSES:
        raise QueryRefused(f"a condition holds columns, values and comparisons, no {node['class'].lower()}")
    if node["class"] == "COLUMN_REF" and (len(node["column_names"]) != 1 or node["column_names"][0].lower() not in columns):
        raise QueryRefused(f"there is no column {'.'.join(node['column_names'])}; there are {', '.join(columns)}")
    if node["class"] == "FUNCTION" and (node["function_name"].lower() not in FUNCTIONS or node["catalog"] or node["schema"] not in ("", "main")):
        raise QueryRefused(f"a condition does not call {node['function_name']}; it may call {', '.join(sorted(f for f in FUNCTIONS if f.isidentifier()))}")
    if node["class"] == "CAST" and node["cast_type"]["id"] not in TYPES:
        raise QueryRefused(f"a condition casts to {', '.join(sorted(TYPES))}")


def _around_the_condition(tree: dict) -> Any:
    """Everything that was parsed besides the condition: the template alone, unless the text broke out of it."""
    outside = {**tree, "statements": [{**one, "node": {**one["node"], "where_clause": None}} for one in tree["statements"]]}
    return _without_places(outside)


def _without_places(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_places(item) for item in node]
    if isinstance(node, dict):
        return {name: _without_places(item) for name, item in node.items() if name != "query_location"}
    return node
