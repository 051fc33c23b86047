"""Fixed width: the contract's `layout` says which columns a line holds and how wide each is, in characters or in bytes of the encoding.

Old systems count bytes: a Chinese character in GB18030 takes two of them. A line of another width, or one cut inside a character, is rejected.
"""

from collections import Counter
from itertools import accumulate, pairwise
from pathlib import Path

import pyarrow as pa

from expectations.feed import Dialect
from spark_jobs.ingest.readers import NOT_RECORDS, Part, Plan, text_defect, text_table
from spark_jobs.ingest.readers.encoding import open_text


def inspect(path: Path, dialect: Dialect) -> Plan:
    """Read all lines once. Raises Refused for a file that is no text in the declared encoding."""
    headers = tuple(header for header, _ in dialect.layout)
    _, _, defects, notes = _lines(path, dialect)
    counts = Counter(code for code in defects if code)
    records = len(defects) - sum(counts[code] for code in NOT_RECORDS)
    return Plan(headers, dialect.encoding, records, (Part(0, path.stat().st_size, dialect.skip_lines + 1),), dict(counts), notes)


def read(path: Path, dialect: Dialect, plan: Plan, part: Part) -> pa.Table:
    """All lines; `_row` is the line number. The padding around a value is layout and does not belong to it."""
    lines, cells, defects, _ = _lines(path, dialect)
    columns = [[None if code else row[i] for row, code in zip(cells, defects)] for i in range(len(plan.headers))]
    originals = [line if code else None for line, code in zip(lines, defects)]
    return text_table(plan.headers, columns, list(range(part.first_row, part.first_row + len(lines))), defects, originals)


def _lines(path: Path, dialect: Dialect) -> tuple[list[str], list[list[str]], list[str | None], tuple[str, ...]]:
    """For every line its text, its cells and its defect; and the notes on the file."""
    text = open_text(path, dialect)
    lines = text.data[text.start : text.end].decode(text.encoding).replace("\r\n", "\n").removesuffix("\n").split("\n")[dialect.skip_lines :]
    judged = [_cells(line, dialect, text.encoding) for line in lines]
    return lines, [cells for cells, _ in judged], [defect for _, defect in judged], text.notes


def _cells(line: str, dialect: Dialect, encoding: str) -> tuple[list[str], str | None]:
    if not line.strip():
        return [], "EMPTY_ROW"
    if "\r" in line:
        return [], "LONE_CR"
    measured = line.encode(encoding) if dialect.width_unit == "byte" else line
    edges = [0, *accumulate(width for _, width in dialect.layout)]
    if len(measured) != edges[-1]:
        return [], "WIDTH"
    pieces = [measured[start:end] for start, end in pairwise(edges)]
    try:
        cells = [(piece.decode(encoding) if isinstance(piece, bytes) else piece).strip(" ") for piece in pieces]
    except UnicodeDecodeError:  # a column ends inside a character
        return [], "WIDTH"
    return cells, text_defect(cells, dialect.null_values)
