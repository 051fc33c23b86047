"""Text that a spreadsheet would take for a formula, made harmless in text files: one apostrophe before it, nothing else changed.

A cell is hostile when it begins, after any invisible characters, spaces, quotation marks or apostrophes, with = + - @, with one of their
forms that normalise to them (full width, small, superscript, the minus sign), or itself begins with a tab or an end of line.
Columns of numbers are never touched, nor is text that is wholly a plain number such as -12.5. `restored` is the exact inverse.
"""

import re

SIGNS = "=+\\-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋−﬩"
INVISIBLE = "\\s\\p{Z}\\p{C}\\x{034F}\\x{115F}\\x{1160}\\x{3164}\\x{FFA0}\\x{FE00}-\\x{FE0F}"  # spaces, controls, formats, and letters and marks that are drawn as nothing
HOSTILE = f"^(?:[{INVISIBLE}\"'‘’“”]*[{SIGNS}]|'*[\\t\\r\\n])"
NUMBER = "^[+-]?[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
# most text begins with a letter, a digit or a Chinese character: told apart by its first bytes before an expression is tried
SUSPECT = "({c} < '0' or ({c} >= '=' and {c} < 'A') or ({c} >= '\x7f' and {c} < '一') or {c} >= '\uf000')"


def neutralised(column: str) -> str:
    """SQL of a text column with hostile cells made harmless."""
    suspect = SUSPECT.format(c=column)
    return f"case when {suspect} and regexp_matches({column}, {_quoted(HOSTILE)}) and not regexp_full_match({column}, {_quoted(NUMBER)}) then '''' || {column} else {column} end"


def restored(text: str) -> str:
    """The cell as it stands in the lake."""
    return text[1:] if text.startswith("'") and _begins_hostile(text[1:]) else text


def _begins_hostile(text: str) -> bool:
    import duckdb

    return duckdb.execute("select regexp_matches(?, ?) and not regexp_full_match(?, ?)", [text, HOSTILE, text, NUMBER]).fetchone()[0]


def _quoted(pattern: str) -> str:
    return "'" + re.sub("'", "''", pattern) + "'"
