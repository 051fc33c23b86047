"""Quoted fields that hold line breaks, for feeds whose contract allows them (`multiline: true`).

A line with an odd number of quotes is joined with the following lines up to the first even point. The joined text must be one
perfect record, else the whole span is rejected: a broken quote never swallows good rows silently.
"""

import re

import numpy as np

LONGEST_RECORD = 20  # lines
JOINABLE = {"UNCLOSED_QUOTE", "WIDTH", "EMPTY_ROW", "TEXT_AFTER_QUOTE", "STRAY_QUOTE", None}


def join_lines(scan, width: int) -> None:
    """Make one record of every legal span of lines, in place: `starts`, `newlines`, `ends`, `codes`, `first_lines` of the scan."""
    quotes = np.add.reduceat(scan.bytes == 34, scan.starts) if len(scan.starts) else np.zeros(0, int)
    record = _record_pattern(chr(scan.delimiter), width)
    keep = np.ones(len(scan.codes), bool)
    index = 0
    while index < len(scan.codes):
        if scan.codes[index] != "UNCLOSED_QUOTE":
            index += 1
            continue
        last = _last_line(quotes, index)
        span = slice(index, last + 1)
        text = scan.block[scan.starts[index] : scan.ends[last]]
        legal = set(scan.codes[span]) <= JOINABLE and record.fullmatch(text.decode())
        scan.codes[index] = None if legal else "AMBIGUOUS_MULTILINE"
        keep[index + 1 : last + 1] = False
        scan.ends[index], scan.newlines[index] = scan.ends[last], scan.newlines[last]
        index = last + 1
    for name in ("starts", "ends", "newlines", "codes", "first_lines"):
        setattr(scan, name, getattr(scan, name)[keep])


def _last_line(quotes: np.ndarray, first: int) -> int:
    """The line on which the quotes of the span become even, or the first one alone where none does within LONGEST_RECORD lines."""
    for last in range(first + 1, min(first + LONGEST_RECORD, len(quotes))):
        if quotes[first : last + 1].sum() % 2 == 0:
            return last
    return first


def _record_pattern(delimiter: str, width: int) -> re.Pattern:
    mark = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]|"")*+"|[^"{mark}\r\n]*+)'
    return re.compile(rf"{cell}(?:{mark}{cell}){{{width - 1}}}")
