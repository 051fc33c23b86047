"""Strict CSV (RFC 4180): every line is judged by its bytes before any value is taken from it.

pandas, Spark and DuckDB repair a broken line silently; here numpy finds quotes and delimiters, broken lines are cut out with
a code and their bytes, and only clean bytes reach pyarrow's parser, whose row count must then be the expected one.
"""

import csv as standard_csv
import io
import re
from collections import Counter
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from expectations.feed import Dialect
from spark_jobs.ingest.readers import NOT_RECORDS, SPREADSHEET_ERRORS, Part, Plan, integers, text_table
from spark_jobs.ingest.readers.encoding import MOJIBAKE, Text, open_text, piece_of, refuse_undecodable
from spark_jobs.ingest.readers.multiline import join_lines, split_foreign_ends
from spark_jobs.ingest.refusal import Refused

BLOCK = 16 << 20
LONGEST_LINE = 1 << 20  # bytes; a longer line is rejected
LONGEST_HONEST_LINE = 10 << 20  # a file with a longer one is refused
MOST_MOJIBAKE = 0.001  # of the records
UNIT_SEPARATOR = 0x1F
NEWLINE, RETURN, TAB, QUOTE = 10, 13, 9, 34
REPLACEMENT = "\ufffd".encode()
LINE_END = re.compile(rb"\r\n?|\n")


def inspect(path: Path, dialect: Dialect) -> Plan:
    """Scan the whole file once. Raises Refused for what makes it untrustworthy as a whole."""
    text = open_text(path, dialect, is_decoded_later=True)
    try:
        return _plan(text, dialect)
    except UnicodeDecodeError:
        refuse_undecodable(memoryview(text.data)[text.start :], text.encoding)
        raise


def _plan(text: Text, dialect: Dialect) -> Plan:
    header_start, header_end = _header_span(text.data, text.start, text.end, dialect)
    headers = _header_names(_utf8(text.data[header_start:header_end], text.encoding, dialect), dialect)
    end, totals = _footer(text.data, header_end, text.end, text.encoding, headers, dialect)
    line = len(LINE_END.findall(text.data, 0, header_end)) + 1
    parts, counts, records, notes = [], Counter(), 0, list(text.notes)
    for offset, length in _blocks(text.data, header_end, end, whole=dialect.multiline):
        block = _utf8(text.data[offset : offset + length], text.encoding, dialect)
        split = split_foreign_ends(block, _width(headers, dialect), _delimiter_byte(dialect))
        if split is not block:
            notes.append(f"LINE_ENDS: from line {line} on, some lines end with CR or U+2028")
        scan = Scan(split, dialect, headers)
        _refuse_second_table(scan, line)
        parts.append(Part(offset, length, line, len(scan.codes) if scan.is_plain and split is block else None))
        bad = scan.codes[~scan.good_mask]
        counts.update(bad)
        records += len(scan.codes) - sum(code in NOT_RECORDS for code in bad)
        line += split.count(b"\n")
    parts = parts or [Part(header_end, 0, line, 0)]
    if counts["MOJIBAKE"] > max(1, records * MOST_MOJIBAKE):
        raise Refused("MOJIBAKE", f"{counts['MOJIBAKE']} of {records} records were decoded in a wrong encoding before they were sent")
    return Plan(headers, text.encoding, records, tuple(parts), dict(counts), tuple(notes), totals, text.is_rewritten)


def read(path: Path, dialect: Dialect, plan: Plan, part: Part) -> pa.Table:
    """The rows of one part, good and defective, in the order of the file."""
    block = _utf8(piece_of(path, dialect, plan.is_rewritten, part.offset, part.length), plan.encoding, dialect)
    if part.records is not None:
        return _with_rows(_parse(block, plan.headers, dialect, part.records), np.arange(part.first_row, part.first_row + part.records))
    scan = Scan(split_foreign_ends(block, _width(plan.headers, dialect), _delimiter_byte(dialect)), dialect, plan.headers)
    table = _with_rows(_parse(scan.good_bytes(), plan.headers, dialect, scan.good_count), scan.first_lines[scan.good_mask] + part.first_row)
    if scan.good_mask.all():
        return table
    bad = np.flatnonzero(~scan.good_mask)
    empty = [[None] * len(bad)] * len(plan.headers)
    originals = [scan.line(i).decode("utf-8", "backslashreplace") for i in bad]
    defects = text_table(plan.headers, empty, (scan.first_lines[bad] + part.first_row).tolist(), [scan.codes[i] for i in bad], originals)
    return pa.concat_tables([table, defects.cast(table.schema)])


class Scan:
    """The verdict on every record of a block of UTF-8 bytes that ends with a newline.

    `codes[i]` is None for a good record; `first_lines[i]` is the line, counted from 0, on which record i begins.
    """

    def __init__(self, block: bytes, dialect: Dialect, headers: tuple[str, ...]):
        self.block = block
        self.bytes = np.frombuffer(block, np.uint8)
        self._controls = np.flatnonzero(self.bytes < 32)
        self._control_values = self.bytes[self._controls]
        self.newlines = self._controls[self._control_values == NEWLINE]
        self.starts = np.concatenate(([0], self.newlines[:-1] + 1)) if len(self.newlines) else np.zeros(0, np.int64)
        ends_with_return = (self.newlines > self.starts) & (self.bytes[self.newlines - 1] == RETURN)
        self.ends = self.newlines - ends_with_return
        self.delimiter = _delimiter_byte(dialect)
        self.codes = np.full(len(self.newlines), None, object)
        self.first_lines = np.arange(len(self.newlines))
        width = _width(headers, dialect)
        self._judge(width, headers, dialect)
        if dialect.multiline:
            join_lines(self, width)
        self.good_mask = np.equal(self.codes, None)
        self.good_count = int(self.good_mask.sum())

    @property
    def is_plain(self) -> bool:
        """Whether every line is one good record."""
        return len(self.codes) == self.good_count and (len(self.codes) == 0 or self.first_lines[-1] == len(self.codes) - 1)

    def line(self, index: int) -> bytes:
        return self.block[self.starts[index] : self.ends[index]]

    def good_bytes(self) -> bytes:
        if self.good_mask.all():
            return self.block
        keep = np.repeat(self.good_mask, self.newlines - self.starts + 1)
        return self.bytes[keep].tobytes()

    def _judge(self, width: int, headers: tuple[str, ...], dialect: Dialect) -> None:
        """Codes in rising order of weight: a later one replaces an earlier one."""
        lengths = self.ends - self.starts
        if len(lengths) and lengths.max() > LONGEST_HONEST_LINE:
            raise Refused("LINE_TOO_LONG", f"a line of {lengths.max():,} bytes: more than {LONGEST_HONEST_LINE:,}, this is no table of rows")
        self.delimiters_on_line = self._delimiters_outside_quotes()
        self._judge_words(dialect)
        self._mark(self.delimiters_on_line != width - 1, "WIDTH")
        if dialect.trailing_delimiter:
            self._mark(self.bytes[self.ends - 1] != self.delimiter, "WIDTH")
        for header in _header_lines(headers, dialect):
            self._mark_equal_lines(header, lengths, "REPEATED_HEADER")
        self._mark(lengths == 0, "EMPTY_ROW")
        self._judge_quotes()
        if not self.block.isascii():
            self._mark_places((match.start() for match in re.finditer(REPLACEMENT, self.block)), "U_FFFD")
        self._judge_control_characters()
        self._mark(lengths > LONGEST_LINE, "LINE_TOO_LONG")

    def _judge_words(self, dialect: Dialect) -> None:
        """Cells that a spreadsheet program wrote in place of a value, and words that a wrong decoding left."""
        if self.block.find(b"#") >= 0:
            errors = [error for error in SPREADSHEET_ERRORS if error not in dialect.null_values]
            mark = re.escape(bytes([self.delimiter]))
            cell = re.compile(rb'(?:^|%b)"?(?:%b)"?(?=%b|\r?$)' % (mark, "|".join(map(re.escape, errors)).encode() or rb"(?!)", mark), re.MULTILINE)
            self._mark_places((match.end() - 1 for match in cell.finditer(self.block)), "SPREADSHEET_ERROR")
        if not self.block.isascii():
            self._mark_places((match.start() for match in MOJIBAKE.finditer(self.block)), "MOJIBAKE")

    def _judge_quotes(self) -> None:
        """Parity starts anew on every line: quotes 0, 2, 4 … of a line open a field, the others close it."""
        quotes = self._quotes
        if not len(quotes):
            return
        before, after = self.bytes[quotes - 1], self.bytes[np.minimum(quotes + 1, len(self.bytes) - 1)]
        line, nth, opening = self._quote_lines, self._quote_nth, self._quote_nth % 2 == 0
        opens_well = (quotes == self.starts[line]) | (before == self.delimiter) | ((before == QUOTE) & (nth > 0))
        closes_well = (quotes + 1 >= self.ends[line]) | (after == self.delimiter) | (after == QUOTE)
        self.codes[np.flatnonzero(self._odd)] = "UNCLOSED_QUOTE"
        self.codes[line[~opening & ~closes_well]] = "TEXT_AFTER_QUOTE"
        self.codes[line[opening & ~opens_well]] = "STRAY_QUOTE"

    def _judge_control_characters(self) -> None:
        positions, values = self._controls, self._control_values
        if len(positions) > len(self.newlines):
            legal = (values == NEWLINE) | (values == TAB) | (values == self.delimiter)
            returns = positions[values == RETURN]
            lone = returns[self.bytes[np.minimum(returns + 1, len(self.bytes) - 1)] != NEWLINE]
            self._mark_places(lone, "LONE_CR")
            self._mark_places(positions[~legal & (values != RETURN)], "CONTROL_CHAR")
        self._mark_places((match.start() for match in re.finditer(b"\x7f", self.block)), "CONTROL_CHAR")

    def _delimiters_outside_quotes(self) -> np.ndarray:
        """Number of separating delimiters on each line."""
        delimiters = np.flatnonzero(self.bytes == self.delimiter)
        self._quotes = np.flatnonzero(self.bytes == QUOTE)
        self._odd = np.zeros(len(self.newlines), bool)
        if len(self._quotes):
            self._quote_lines = np.searchsorted(self.newlines, self._quotes)
            first = np.searchsorted(self._quotes, self.starts)
            self._quote_nth = np.arange(len(self._quotes)) - first[self._quote_lines]
            self._odd = np.diff(np.append(first, len(self._quotes))) % 2 == 1
            toggles = np.sort(np.concatenate((self._quotes, self.newlines[self._odd])))
            delimiters = delimiters[np.searchsorted(toggles, delimiters) % 2 == 0]
        return np.diff(np.searchsorted(delimiters, self.newlines), prepend=0)

    def _mark(self, where: np.ndarray, code: str) -> None:
        self.codes[np.flatnonzero(where)] = code

    def _mark_places(self, places, code: str) -> None:
        """Mark the lines on which these bytes stand."""
        places = places if isinstance(places, np.ndarray) else np.fromiter(places, np.int64)
        if len(places):
            self.codes[np.searchsorted(self.newlines, places)] = code

    def _mark_equal_lines(self, line: bytes, lengths: np.ndarray, code: str) -> None:
        """Lines that equal this one; looked at one by one only where length, first, middle and last byte agree."""
        candidates = np.flatnonzero(lengths == len(line))
        for offset in {0, len(line) // 2, len(line) - 1} if line else ():
            candidates = candidates[self.bytes[self.starts[candidates] + offset] == line[offset]]
        for index in candidates:
            if self.line(index) == line:
                self.codes[index] = code


def _parse(good: bytes, headers: tuple[str, ...], dialect: Dialect, expected: int) -> pa.Table:
    names = [*headers, "_trailing"] if dialect.trailing_delimiter else list(headers)
    if not expected:
        return pa.table([pa.array([], pa.string()) for _ in headers], names=list(headers))
    table = pa.csv.read_csv(
        pa.BufferReader(good),
        pa.csv.ReadOptions(column_names=names, block_size=len(good) + 1, use_threads=False),
        pa.csv.ParseOptions(
            delimiter=chr(_delimiter_byte(dialect)),
            quote_char='"' if b'"' in good else False,
            newlines_in_values=dialect.multiline,
            ignore_empty_lines=False,
        ),
        pa.csv.ConvertOptions(
            check_utf8=False,  # the whole text was decoded strictly before
            column_types={n: pa.string() for n in names},
            strings_can_be_null=False,
            null_values=[],
            include_columns=list(headers),
        ),
    )
    if len(table) != expected:
        raise Refused("INTERNAL_COUNT", f"{expected} records were counted and {len(table)} parsed: please report this file")
    return table.combine_chunks()


def _with_rows(table: pa.Table, rows: np.ndarray) -> pa.Table:
    """The lineage columns of good rows."""
    nothing = pa.nulls(len(table), pa.string())
    return table.append_column("_row", integers(rows)).append_column("_defect", nothing).append_column("_original", nothing)


def _header_span(data: bytes, start: int, end: int, dialect: Dialect) -> tuple[int, int]:
    """Where the header line begins and where the line after it begins."""
    for _ in range(dialect.skip_lines):
        found = LINE_END.search(data, start, end)
        if not found:
            raise Refused("HEADER_MISMATCH", f"the contract says {dialect.skip_lines} title lines and a header; the file ends before")
        start = found.end()
    found = LINE_END.search(data, start, end)
    return start, found.end() if found else end


def _header_names(line: bytes, dialect: Dialect) -> tuple[str, ...]:
    text = line.decode().rstrip("\r\n")
    try:
        names = next(standard_csv.reader(io.StringIO(text), delimiter=chr(_delimiter_byte(dialect)), strict=True))
    except (standard_csv.Error, StopIteration) as fault:
        raise Refused("HEADER_MISMATCH", f"the header line is not readable: {text[:80]!r} ({fault})") from fault
    if dialect.trailing_delimiter and names and not names[-1].strip():
        names = names[:-1]
    return unique_names(names)


def unique_names(names: list[str]) -> tuple[str, ...]:
    """The headers without spaces around them. Raises Refused where one stands twice."""
    names = [name.strip() for name in names]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise Refused("HEADER_DUPLICATE", f"these headers stand twice: {', '.join(map(repr, twice))}")
    return tuple(names)


def _header_lines(headers: tuple[str, ...], dialect: Dialect) -> tuple[bytes, bytes]:
    """The header line as it may stand again further down: bare, and with every name in quotes."""
    delimiter = bytes([_delimiter_byte(dialect)])
    names, tail = [name.encode() for name in headers], delimiter if dialect.trailing_delimiter else b""
    return delimiter.join(names) + tail, delimiter.join(b'"%b"' % name.replace(b'"', b'""') for name in names) + tail


def _footer(data: bytes, start: int, end: int, encoding: str, headers: tuple[str, ...], dialect: Dialect) -> tuple[int, dict[str, str]]:
    """Where the rows end, and what a declared total row claims. Raises Refused where rows go on behind the footer."""
    if dialect.footer_pattern is None:
        return end, {}
    found = re.compile(dialect.footer_pattern.encode(encoding), re.MULTILINE).search(data, start, end)
    if not found:
        return end, {}
    lines = _utf8(data[found.start() : end], encoding, dialect).decode().removesuffix("\n").split("\n")
    footer = re.compile(dialect.footer_pattern)
    rows = list(standard_csv.reader(lines, delimiter=chr(_delimiter_byte(dialect))))
    late = [line for line, cells in zip(lines, rows, strict=False) if len(cells) == _width(headers, dialect) and any(cells) and not footer.search(line)]
    if late:
        raise Refused("ROWS_AFTER_FOOTER", f"behind the footer {lines[0][:40]!r} stands a row: {late[0][:80]!r}")
    if not dialect.footer_is_total:
        return found.start(), {}
    return found.start(), {header: cell.strip() for header, cell in zip(headers, rows[0]) if _is_number(cell)}


def _is_number(text: str) -> bool:
    try:
        return Decimal(text.strip()).is_finite()
    except InvalidOperation:
        return False


def _refuse_second_table(scan: Scan, first_line: int) -> None:
    """C12: behind an empty line, at least two lines of one other width are a table of their own."""
    for index in np.flatnonzero(scan.codes == "EMPTY_ROW"):
        following = slice(index + 1, index + 3)
        widths = set(scan.delimiters_on_line[following].tolist())
        if list(scan.codes[following]) == ["WIDTH", "WIDTH"] and len(widths) == 1 and widths != {0}:
            raise Refused("TWO_TABLES", f"a second table of other columns begins on line {scan.first_lines[index] + 1 + first_line}: {scan.line(index + 1)[:80].decode()!r}")


def _blocks(data: bytes, start: int, end: int, whole: bool):
    """Spans of about BLOCK bytes that end after a newline."""
    while start < end:
        newline = -1 if whole else data.find(b"\n", start + BLOCK, end)
        stop = end if newline < 0 else newline + 1
        yield start, stop - start
        start = stop


def _utf8(block: bytes, encoding: str, dialect: Dialect) -> bytes:
    """The block in UTF-8, ending with a newline, with a delimiter of several characters made one byte."""
    if encoding != "UTF-8":
        block = block.decode(encoding).encode()
    if len(dialect.delimiter) > 1:
        block = block.replace(dialect.delimiter.encode(), bytes([UNIT_SEPARATOR]))
    return block if block.endswith(b"\n") else block + b"\n"


def _width(headers: tuple[str, ...], dialect: Dialect) -> int:
    return len(headers) + dialect.trailing_delimiter


def _delimiter_byte(dialect: Dialect) -> int:
    return ord(dialect.delimiter) if len(dialect.delimiter) == 1 else UNIT_SEPARATOR
