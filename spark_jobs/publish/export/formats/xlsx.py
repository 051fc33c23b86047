"""XLSX by XlsxWriter, a row at a time: codes are cells of text, never formulas; numbers keep all the digits of a double.

What Excel has no number for stays exact as text: integers beyond 2^53, decimals that no double is, days before 1900, times finer than a millisecond, nan and inf.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from spark_jobs.publish.export import citation
from spark_jobs.publish.export.extract import Extract, Tell
from spark_jobs.publish.export.formats import DoesNotFit

EXTENSION = "xlsx"
MOST_ROWS = 1_048_576 - 1
LONGEST_TEXT = 32_767
LARGEST_EXACT = 2**53
FIRST_DAY = date(1900, 3, 1)  # the days before it are one off in Excel
SIGN = re.compile(r"[^0-9A-Za-z㐀-鿿豈-﫿]*[=+\-@＝＋－＠]")


class Exact(float):
    """A number that XlsxWriter writes with as many digits as it takes to read the same double again (it writes 16; some take 17)."""

    def __format__(self, form: str) -> str:
        return float.__repr__(self)


def write(extract: Extract, path: Path, tell: Tell) -> None:
    """Raises DoesNotFit where a sheet cannot hold the rows."""
    import xlsxwriter

    if extract.rows > MOST_ROWS:
        raise DoesNotFit(f"a sheet holds {MOST_ROWS:,} rows and there are {extract.rows:,}: narrow them with --where, or take csv or parquet")
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "tmpdir": str(path.parent)}
    with xlsxwriter.Workbook(str(path), options) as book:
        mark = extract.mark()
        made = datetime.fromisoformat(mark["released_at"]).astimezone(UTC).replace(tzinfo=None)
        book.set_properties({"title": f"{mark['title_zh']} · {mark['title_en']}", "subject": mark["identifier"], "author": citation.PUBLISHER, "comments": f"recipient: {extract.recipient}", "created": made})
        for name in ("identifier", "release", "as_of", "recipient"):
            book.set_custom_property(name, mark[name] or "—")
        _data(extract, book, tell)
        _sheet(book, "字典 dictionary", [citation.DICTIONARY, *citation.dictionary(extract)], [24, 24, 32, 20, 12, 8, 80])
        _sheet(book, "引用 citation", [(line,) for line in citation.readme(extract, "xlsx").splitlines()], [140])


def _data(extract: Extract, book: Any, tell: Tell) -> None:
    sheet = book.add_worksheet("data")
    bold, text, hostile, day, moment = (book.add_format(form) for form in ({"bold": True}, {"num_format": "@"}, {"num_format": "@", "quote_prefix": True}, {"num_format": "yyyy-mm-dd"}, {"num_format": "yyyy-mm-dd hh:mm:ss.000"}))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(extract.rows, 1), len(extract.names) - 1)
    sheet.set_column(0, len(extract.names) - 1, 16)
    for place, name in enumerate(extract.names):
        sheet.write_string(0, place, name, bold)

    def write_text(row: int, place: int, value: str) -> None:
        if len(value) > LONGEST_TEXT:
            raise DoesNotFit(f"a cell of a sheet holds {LONGEST_TEXT:,} characters, row {row:,} of {extract.names[place]} has {len(value):,}: take csv or parquet")
        sheet.write_string(row, place, value, hostile if SIGN.match(value) else text)

    def write_other(row: int, place: int, value: Any) -> None:
        write_text(row, place, str(value))

    def write_number(row: int, place: int, value: Any) -> None:
        number = float(value)
        if number - number != 0 or (isinstance(value, int) and abs(value) > LARGEST_EXACT) or (isinstance(value, Decimal) and Decimal(repr(number)) != value):
            write_text(row, place, str(value))
        else:
            sheet.write_number(row, place, Exact(number))

    def write_day(row: int, place: int, value: date) -> None:
        if value < FIRST_DAY:
            write_text(row, place, value.isoformat())
        else:
            sheet.write_datetime(row, place, value, day)

    def write_moment(row: int, place: int, value: datetime) -> None:
        utc = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        if utc.date() < FIRST_DAY or utc.microsecond % 1000:
            write_text(row, place, utc.isoformat())
        else:
            sheet.write_datetime(row, place, utc, moment)

    writers: dict[type, Callable[[int, int, Any], Any]] = {str: write_text, bool: sheet.write_boolean, int: write_number, float: write_number, Decimal: write_number, date: write_day, datetime: write_moment}
    row = 0
    for batch in extract.batches():
        for values in zip(*(column.to_pylist() for column in batch.columns)):
            row += 1
            for place, value in enumerate(values):
                if value is not None:
                    writers.get(type(value), write_other)(row, place, value)
        tell(f"{row:,} of {extract.rows:,} rows")


def _sheet(book: Any, name: str, rows: list[tuple[str, ...]], widths: list[int]) -> None:
    sheet = book.add_worksheet(name)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    for row, values in enumerate(rows):
        for place, value in enumerate(values):
            sheet.write_string(row, place, value)
