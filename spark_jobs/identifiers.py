"""How a citizen number is written (GB 11643-1999), and how it is masked where nobody expects one."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from expectations.feed import Feed
from expectations.rules import MASK

DAY = "(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
# whole, or without its check character, or the old form of 15 digits
NUMBER = f"(?<![0-9A-Za-z])[1-9][0-9]{{5}}(?:(?:18|19|20)[0-9]{{2}}{DAY}[0-9]{{3}}[0-9Xx]?|[0-9]{{2}}{DAY}[0-9]{{3}})(?![0-9A-Za-z])"
WIDE_NUMBER = "[１-９][０-９]{13,16}[０-９Ｘｘ]"
IN_TEXT = re.compile(f"{NUMBER}|{WIDE_NUMBER}")
MANY_DIGITS = "[0-9０-９]{14}"


def without_numbers(rows: pa.Table, feed: Feed) -> pa.Table:
    """Text rows with the numbers of persons masked in the sentences of a feed that names none (one that does has them in the vault by now)."""
    for name in () if feed.identifiers else (*(f.name for f in feed.sentences), "_original"):
        has_digits = pc.fill_null(pc.match_substring_regex(rows[name], MANY_DIGITS), False)
        if pc.any(has_digits).as_py():
            texts = [_masked(text) for text in rows[name].filter(has_digits).to_pylist()]
            column = pc.replace_with_mask(_in_one(rows[name]), _in_one(has_digits), pa.array(texts, rows[name].type))
            rows = rows.set_column(rows.column_names.index(name), name, column)
    return rows


def _masked(text: str) -> str:
    return IN_TEXT.sub(lambda found: f"{found[0][:6] if found[0].isascii() else ''}{MASK}", text)


def _in_one(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
