"""Text that a spreadsheet would take for a formula, made harmless in text files: one apostrophe before it, nothing else changed.

A cell is hostile when it begins, after any invisible characters, spaces, quotation marks or apostrophes, with = + - @, with one of their
forms that normalise to them (full width, small, superscript, the minus sign), or itself begins with a tab or an end of line.
Columns of numbers are never touched, nor is text that is wholly a plain number such as -12.5. `restored` is the exact inverse.
"""

import re

import duckdb

SIGNS = "=+\\-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋−﬩"
INVISIBLE = "\\s\\p{Z}\\p{C}\\x{034F}\\x{115F}\\x{1160}\\x{3164}\\x{FFA0}\\x{FE00}-\\x{FE0F}"  # spaces, controls, formats, and letters and marks that are drawn as nothing
HOSTILE = f"^(?:[{INVISIBLE}\"'‘’“”]*[{SIGNS}]|'*[\\t\\r\\n])"
NUMBER = "^[+-]?[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
# most text begins with a letter, a Chinese character, a digit or a sign such as % or (: a column whose first and last value lie inside one of these ranges holds nothing hostile
HARMLESS = (("A", "\x7f"), ("一", "\uf000"), ("0", "="), ("#", "'"), ("(", "+"), (".", "0"))
STATISTICS = re.compile(r"\[Min: ([^,]*), Max: ([^,]*), Has Unicode: .*", re.DOTALL)


def columns_to_watch(connection: duckdb.DuckDBPyConnection, relation: str, columns: list[str]) -> set[str]:
    """The text columns in which a hostile cell can stand: all but those that DuckDB's statistics of the whole table clear. Nothing is scanned."""
    if not columns:
        return set()
    told = connection.execute(f"select {', '.join(f'stats({name})' for name in columns)} from {relation} limit 1").fetchone()
    return {name for name, statistics in zip(columns, told or []) if not _is_clear(statistics)}


def _is_clear(statistics: str) -> bool:
    """Least and greatest value, cut to eight bytes, both inside one harmless range. What cannot be read for certain is not clear."""
    found = STATISTICS.fullmatch(statistics)
    if not found:
        return False
    low, high = (re.sub(rb"\\x([0-9A-F]{2})", lambda byte: bytes.fromhex(byte[1].decode()), text.encode()) for text in found.groups())
    return any(first.encode() <= low and high < last.encode() for first, last in HARMLESS)


def neutralised(column: str) -> str:
    """SQL of a text column with hostile cells made harmless."""
    suspect = " and ".join(f"not ({column} >= {_quoted(first)} and {column} < {_quoted(last)})" for first, last in HARMLESS)
    return f"case when {suspect} and regexp_matches({column}, {_quoted(HOSTILE)}) and not regexp_full_match({column}, {_quoted(NUMBER)}) then '''' || {column} else {column} end"


def restored(text: str) -> str:
    """The cell as it stands in the lake."""
    return text[1:] if text.startswith("'") and _begins_hostile(text[1:]) else text


def _begins_hostile(text: str) -> bool:
    return duckdb.execute("select regexp_matches(?, ?) and not regexp_full_match(?, ?)", [text, HOSTILE, text, NUMBER]).fetchone()[0]


def _quoted(pattern: str) -> str:
    return "'" + pattern.replace("'", "''") + "'"
