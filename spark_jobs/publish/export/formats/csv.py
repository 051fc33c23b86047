"""CSV: UTF-8 with BOM, RFC 4180, dates as ISO 8601, empty = absent, "" = empty text. Written by DuckDB, row order kept.

Text stands in quotation marks and numbers do not, so that a reader need not guess (in the first column only where it must: there the BOM comes before).

A spreadsheet that opens a CSV guesses: 0012 becomes 12, an 18-digit code loses its last digits. No CSV can forbid that without other content, so
the data stay as they are, the dictionary names the columns of text, and there are two ways that are safe: import them as text (or take xlsx), or
ask for `--ids excel`: then, and only then, a text cell that Excel would change is written as ="0012", which Excel shows as 0012 and keeps as text.
"""

from pathlib import Path

from spark_jobs.publish.export.extract import Extract, Tell
from spark_jobs.publish.export.formulas import columns_to_watch, neutralised

EXTENSION = "csv"
APPENDS = True  # the file only grows: it can be hashed while it is written
BOM = "\ufeff"
MONTH = "(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
CHANGED_BY_EXCEL = "^(?:" + "|".join([
    "0[0-9]+(?:\\.[0-9]+)?", "[0-9]{16,}", "[0-9]+\\.[0-9]*0", "[0-9.]+[eE][+-]?[0-9]+", "[0-9]+,[0-9,]+", "[0-9.]+%",  # numbers: zeros, digits or the form are lost
    "[0-9]{1,4}[-/][0-9]{1,2}(?:[-/][0-9]{1,4})?", "[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9]{2,4}", "[0-9]{1,3}:[0-9]{2}(?::[0-9]{2})?", "[0-9]{1,4}年[0-9]{1,2}月(?:[0-9]{1,2}日)?",  # dates, fractions, times
    f"[0-9]{{1,4}}[-/ ]?{MONTH}(?:[-/ ][0-9]{{1,4}})?", f"{MONTH}[-/. ]?[0-9]{{1,4}}", "(?i:true|false)",
]) + ")$"  # fmt: skip


def write(extract: Extract, path: Path, tell: Tell, mark: str = BOM) -> None:
    tell(f"{extract.rows:,} rows to {path.name}")
    texts = [column.name for column in extract.dataset.columns if column.type == "VARCHAR"]
    watched = columns_to_watch(extract.connection, extract.relation, texts)
    # the mark that says UTF-8 is the first thing in the header, before any quotation mark
    listed = [f'{cell(c.name, c.type, extract.ids, c.name in watched)} as "{mark if place == 0 else ""}{c.name}"' for place, c in enumerate(extract.dataset.columns)]
    quoted = ", ".join(f'"{name}"' for name in texts if not mark or name != extract.names[0])
    options = f"format csv, header{f', force_quote ({quoted})' if quoted else ''}"
    extract.connection.execute(f"copy (select {', '.join(listed)} from ({extract.select})) to '{path}' ({options})")


def cell(column: str, kind: str, ids: str = "plain", watched: bool = True) -> str:
    """SQL of one cell. Times are written in UTC, as RFC 3339."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        utc = f"timezone('UTC', {column})"
        return f"case when microsecond({column}) % 1000000 = 0 then strftime({utc}, '%Y-%m-%dT%H:%M:%SZ') else strftime({utc}, '%Y-%m-%dT%H:%M:%S.%fZ') end"
    if kind != "VARCHAR":
        return column
    harmless = neutralised(column) if watched else column
    if ids == "excel":
        return f"""case when regexp_matches({column}, '{CHANGED_BY_EXCEL}') then '="' || {column} || '"' else {harmless} end"""
    return harmless
