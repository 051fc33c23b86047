"""Quoted fields that hold line breaks, for feeds whose contract allows them (`multiline: true`), and lines that end with a foreign mark.

A line with an odd number of quotes is joined with the following lines up to the first even point. The joined text must be one
perfect record of which no inner line is a record by itself, else the whole span is rejected: a broken quote never swallows good rows silently.
"""

import re

import numpy as np

from spark_jobs.ingest.refusal import Refused

LONGEST_RECORD = 20  # lines
JOINABLE = {"UNCLOSED_QUOTE", "WIDTH", "EMPTY_ROW", "TEXT_AFTER_QUOTE", "STRAY_QUOTE", None}
FOREIGN_END = re.compile("\r(?!\n)|\u2028|\u2029")
FOREIGN_END_BYTES = re.compile(FOREIGN_END.pattern.encode())
SEPARATOR = re.compile(rb"\xe2\x80[\xa8\xa9]")  # U+2028, U+2029


def join_lines(scan, width: int) -> None:
    """Make one record of every legal span of lines, in place: `starts`, `newlines`, `ends`, `codes`, `first_lines` of the scan.

    Raises Refused where a quote is opened and not closed within LONGEST_RECORD lines: no line behind it can be trusted.
    """
    quotes = np.add.reduceat(scan.bytes == 34, scan.starts) if len(scan.starts) else np.zeros(0, int)
    record = record_pattern(chr(scan.delimiter), width)
    keep = np.ones(len(scan.codes), bool)
    index = 0
    while index < len(scan.codes):
        if scan.codes[index] != "UNCLOSED_QUOTE":
            index += 1
            continue
        last = _last_line(quotes, index)
        if last is None:
            raise Refused("UNCLOSED_QUOTE", f"a quote is opened and not closed within {LONGEST_RECORD} lines: {scan.line(index)[:80].decode('utf-8', 'replace')!r}")
        span = slice(index, last + 1)
        text = scan.block[scan.starts[index] : scan.ends[last]]
        legal = set(scan.codes[span]) <= JOINABLE and None not in scan.codes[index + 1 : last] and record.fullmatch(text.decode())
        scan.codes[index] = None if legal else "AMBIGUOUS_MULTILINE"
        keep[index + 1 : last + 1] = False
        scan.ends[index], scan.newlines[index] = scan.ends[last], scan.newlines[last]
        index = last + 1
    for name in ("starts", "ends", "newlines", "codes", "first_lines", "delimiters_on_line"):
        setattr(scan, name, getattr(scan, name)[keep])


def split_foreign_ends(block: bytes, width: int, delimiter: int) -> bytes:
    """The block with a newline where CR or U+2028 parts whole records; anywhere else these characters stay and are judged.

    The same object where there is nothing to do.
    """
    if not _holds_foreign_end(block):
        return block
    record = record_pattern(chr(delimiter), width)
    pieces, done = [], 0
    for found in FOREIGN_END_BYTES.finditer(block):
        if found.start() < done:
            continue
        start, end = block.rfind(b"\n", 0, found.start()) + 1, block.find(b"\n", found.start())
        line = block[start:end].removesuffix(b"\r")
        parts = FOREIGN_END.split(line.decode())
        if parts[-1] == "":
            parts.pop()
        if all(record.fullmatch(part) for part in parts):
            pieces += [block[done:start], "\n".join(parts).encode()]
            done = end
    return b"".join([*pieces, block[done:]]) if done else block


def _holds_foreign_end(block: bytes) -> bool:
    has_lone_return = block.find(b"\r") >= 0 and block.count(b"\r") > block.count(b"\r\n")
    return has_lone_return or (not block.isascii() and SEPARATOR.search(block) is not None)


def record_pattern(delimiter: str, width: int) -> re.Pattern:
    mark = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]|"")*+"|[^"{mark}\r\n]*+)'
    return re.compile(rf"{cell}(?:{mark}{cell}){{{width - 1}}}")


def _last_line(quotes: np.ndarray, first: int) -> int | None:
    """The line on which the quotes of the span become even, None where none does within LONGEST_RECORD lines."""
    for last in range(first + 1, min(first + LONGEST_RECORD, len(quotes))):
        if quotes[first : last + 1].sum() % 2 == 0:
            return last
    return None
