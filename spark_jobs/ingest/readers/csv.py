"""Strict CSV (RFC 4180): every line is judged by its bytes before any value is taken from it.

pandas, Spark and DuckDB repair a broken line silently; here numpy finds quotes and delimiters, broken lines are cut out with
a code and their bytes, and only clean bytes reach pyarrow's parser, whose row count must then be the expected one.
"""

import csv as standard_csv
import io
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from expectations.contract import Dialect
from spark_jobs.ingest.readers import NOT_RECORDS, Part, Plan, text_table
from spark_jobs.ingest.readers.encoding import check_text_file
from spark_jobs.ingest.readers.multiline import join_lines
from spark_jobs.ingest.refusal import Refused

BLOCK = 16 << 20
LONGEST_LINE = 1 << 20
UNIT_SEPARATOR = 0x1F
NEWLINE, RETURN, TAB, QUOTE = 10, 13, 9, 34
REPLACEMENT = "\ufffd".encode()


def inspect(path: Path, dialect: Dialect) -> Plan:
    """Scan the whole file once. Raises Refused for what makes it untrustworthy as a whole."""
    data = path.read_bytes()
    start = check_text_file(data, dialect.encoding)
    header_start, header_end = _header_span(data, start, dialect)
    headers = _header_names(data[header_start:header_end], dialect)
    end = _data_end(data, header_end, dialect)
    line = data.count(b"\n", 0, header_end) + 1
    parts, counts, records = [], Counter(), 0
    for offset, length in _blocks(data, header_end, end, whole=dialect.multiline):
        block = _utf8(data[offset : offset + length], dialect)
        scan = Scan(block, dialect, len(headers), _header_bytes(headers, dialect))
        parts.append(Part(offset, length, line))
        bad = scan.codes[~scan.good_mask]
        counts.update(bad)
        records += len(scan.codes) - sum(code in NOT_RECORDS for code in bad)
        line += block.count(b"\n")
    return Plan(headers, dialect.encoding, records, tuple(parts), dict(counts))


def read(path: Path, dialect: Dialect, plan: Plan, part: Part) -> pa.Table:
    """The rows of one part, good and defective, in the order of the file."""
    with path.open("rb") as file:
        file.seek(part.offset)
        block = _utf8(file.read(part.length), dialect)
    scan = Scan(block, dialect, len(plan.headers), _header_bytes(plan.headers, dialect))
    good = _parse(scan.good_bytes(), plan.headers, dialect, scan.good_count)
    rows = pa.array(scan.first_lines[scan.good_mask] + part.first_row, pa.int64())
    nothing = pa.nulls(len(good), pa.string())
    table = good.append_column("_row", rows).append_column("_defect", nothing).append_column("_original", nothing)
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

    def __init__(self, block: bytes, dialect: Dialect, width: int, header: bytes):
        self.block = block
        self.bytes = np.frombuffer(block, np.uint8)
        self.newlines = np.flatnonzero(self.bytes == NEWLINE)
        self.starts = np.concatenate(([0], self.newlines[:-1] + 1)) if len(self.newlines) else np.zeros(0, np.int64)
        ends_with_return = (self.newlines > self.starts) & (self.bytes[self.newlines - 1] == RETURN)
        self.ends = self.newlines - ends_with_return
        self.delimiter = _delimiter_byte(dialect)
        self.codes = np.full(len(self.newlines), None, object)
        self.first_lines = np.arange(len(self.newlines))
        self._judge(width + dialect.trailing_delimiter, header)
        if dialect.multiline:
            join_lines(self, width + dialect.trailing_delimiter)
        self.good_mask = np.equal(self.codes, None)
        self.good_count = int(self.good_mask.sum())

    def line(self, index: int) -> bytes:
        return self.block[self.starts[index] : self.ends[index]]

    def good_bytes(self) -> bytes:
        if self.good_mask.all():
            return self.block
        keep = np.repeat(self.good_mask, self.newlines - self.starts + 1)
        return self.bytes[keep].tobytes()

    def _judge(self, width: int, header: bytes) -> None:
        """Codes in rising order of weight: a later one replaces an earlier one."""
        lengths = self.ends - self.starts
        self._mark(self._delimiters_outside_quotes() != width - 1, "WIDTH")
        for index in np.flatnonzero(lengths == len(header)):
            if self.line(index) == header:
                self.codes[index] = "REPEATED_HEADER"
        self._mark(lengths == 0, "EMPTY_ROW")
        self._judge_quotes()
        for position in _positions(self.block, REPLACEMENT):
            self.codes[np.searchsorted(self.newlines, position)] = "U_FFFD"
        self._judge_control_characters()
        self._mark(lengths > LONGEST_LINE, "LINE_TOO_LONG")

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
        positions = np.flatnonzero((self.bytes < 32) | (self.bytes == 127))
        values = self.bytes[positions]
        legal = (values == NEWLINE) | (values == TAB) | (values == self.delimiter)
        returns = positions[values == RETURN]
        lone = returns[self.bytes[np.minimum(returns + 1, len(self.bytes) - 1)] != NEWLINE]
        self.codes[np.searchsorted(self.newlines, lone)] = "LONE_CR"
        self.codes[np.searchsorted(self.newlines, positions[~legal & (values != RETURN)])] = "CONTROL_CHAR"

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
        pa.csv.ConvertOptions(column_types={n: pa.string() for n in names}, strings_can_be_null=False, null_values=[], include_columns=list(headers)),
    )
    if len(table) != expected:
        raise Refused("INTERNAL_COUNT", f"{expected} records were counted and {len(table)} parsed: please report this file")
    return table.combine_chunks()


def _header_span(data: bytes, start: int, dialect: Dialect) -> tuple[int, int]:
    """Where the header line begins and where the line after it begins."""
    for _ in range(dialect.skip_lines):
        start = data.find(b"\n", start) + 1
        if not start:
            raise Refused("HEADER_MISMATCH", f"the contract says {dialect.skip_lines} title lines and a header; the file ends before")
    newline = data.find(b"\n", start)
    return start, len(data) if newline < 0 else newline + 1


def _header_names(line: bytes, dialect: Dialect) -> tuple[str, ...]:
    text = _utf8(line, dialect).decode().rstrip("\r\n")
    try:
        names = next(standard_csv.reader(io.StringIO(text), delimiter=chr(_delimiter_byte(dialect)), strict=True))
    except (standard_csv.Error, StopIteration) as fault:
        raise Refused("HEADER_MISMATCH", f"the header line is not readable: {text[:80]!r} ({fault})") from fault
    if dialect.trailing_delimiter and names and not names[-1].strip():
        names = names[:-1]
    names = [name.strip() for name in names]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise Refused("HEADER_DUPLICATE", f"these headers stand twice: {', '.join(map(repr, twice))}")
    return tuple(names)


def _header_bytes(headers: tuple[str, ...], dialect: Dialect) -> bytes:
    delimiter = bytes([_delimiter_byte(dialect)])
    return delimiter.join(name.encode() for name in headers) + (delimiter if dialect.trailing_delimiter else b"")


def _data_end(data: bytes, start: int, dialect: Dialect) -> int:
    if dialect.footer_pattern is None:
        return len(data)
    found = re.compile(dialect.footer_pattern.encode(dialect.encoding), re.MULTILINE).search(data, start)
    return found.start() if found else len(data)


def _blocks(data: bytes, start: int, end: int, whole: bool):
    """Spans of about BLOCK bytes that end after a newline."""
    while start < end:
        newline = -1 if whole else data.find(b"\n", start + BLOCK, end)
        stop = end if newline < 0 else newline + 1
        yield start, stop - start
        start = stop


def _utf8(block: bytes, dialect: Dialect) -> bytes:
    """The block in UTF-8, ending with a newline, with a delimiter of several characters made one byte."""
    if dialect.encoding != "UTF-8":
        block = block.decode(dialect.encoding).encode()
    if len(dialect.delimiter) > 1:
        block = block.replace(dialect.delimiter.encode(), bytes([UNIT_SEPARATOR]))
    return block if block.endswith(b"\n") else block + b"\n"


def _delimiter_byte(dialect: Dialect) -> int:
    return ord(dialect.delimiter) if len(dialect.delimiter) == 1 else UNIT_SEPARATOR


def _positions(block: bytes, needle: bytes):
    position = block.find(needle)
    while position >= 0:
        yield position
        position = block.find(needle, position + 1)
