"""What a contract says of a whole delivery: its rules of type sql, and that other feeds know what it refers to."""

import re
from pathlib import Path

import duckdb

from expectations.contract import load_feed
from expectations.feed import Feed, Field
from expectations.rules import spark_type, text_literal
from spark_jobs import delta
from spark_jobs.ingest.findings import Finding

RELATIONS = re.compile(r"\b(?:from|join)\s+([a-z][a-z0-9_]*__[a-z0-9_]+)\b")


def broken(connection: duckdb.DuckDBPyConnection, feed: Feed, edition: str | None, lake: Path) -> list[Finding]:
    """Findings about the relation `now` of the connection, beside which `before` stands. `lake` is the folder of the judged tables."""
    found = _unknown_edition(feed, edition)
    for rule in feed.history_rules:
        for table in sorted(set(RELATIONS.findall(rule.query))):
            _good_rows(connection, table, lake)
        count, example = connection.execute(rule.query).fetchone()
        if count:
            found.append(Finding(rule.code, None, f"{count:,} times: {rule.message_zh}", f"nothing of the kind: {rule.message_en}", str(example), rule.severity == "hold"))
    return found + [finding for field in feed.references for finding in _parked(connection, feed, field, lake)]


def _unknown_edition(feed: Feed, edition: str | None) -> list[Finding]:
    """The manifest names an edition of a classification that the contract can neither read nor map."""
    classified = [f for f in feed.text_fields if f.editions]
    if edition is None or not classified or any(edition in f.editions for f in classified):
        return []
    known = sorted({name for f in classified for name in f.editions})
    return [Finding("EDITION", classified[0].name, f"the manifest says that its codes are of {edition}", f"codes of {' or '.join(known)}")]


def _parked(connection: duckdb.DuckDBPyConnection, feed: Feed, field: Field, lake: Path) -> list[Finding]:
    """Rows that wait until another feed knows what they refer to (silver.py leaves them out until then)."""
    known = []
    for table, column in field.references:
        _good_rows(connection, table, lake)
        known.append(f"select {column} from {table}")
    name = field.silver_name
    count, example = connection.execute(f"select count(*), any_value({name}) from now where {name} is not null and {name} not in ({' union all '.join(known)})").fetchone()
    if not count:
        return []
    feeds = " or ".join(table.replace("__", ".", 1) for table, _ in field.references)
    return [Finding("PARKED", name, f"{count:,} rows name what {feeds} does not know", f"they come into silver when it does: guihu parked {feed.id}", str(example), holds=False)]


def _good_rows(connection: duckdb.DuckDBPyConnection, table: str, lake: Path) -> None:
    """A view of the rows of another feed that are not in quarantine, under the name of its table; empty where nothing of it is loaded."""
    files = delta.data_files(lake / table)
    if files:
        listed = ", ".join(map(text_literal, files))
        source = f"from read_parquet([{listed}], union_by_name = true) where _verdict <> 'quarantined'"
    else:
        fields = load_feed(table.replace("__", ".", 1)).silver_fields
        source = f"select {', '.join(f'null::{spark_type(f)} as {f.silver_name}' for f in fields)} where false"
    connection.execute(f"create or replace view {table} as {source}")
