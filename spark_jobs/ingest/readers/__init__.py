"""Strict readers, one module a file format. Each offers the same two functions:

`inspect(path, dialect) -> Plan` looks at the whole file, refuses it or says what it holds and in which parts it can be read;
`read(path, dialect, plan, part) -> pyarrow.Table` gives the rows of one part as text: one column a header, and beside them
`_row` (line or record number, from 1), `_defect` (code of a physical fault, else null) and `_original` (what stood there, only with a fault).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module

import numpy as np
import pyarrow as pa

from expectations.feed import Dialect

LINEAGE = [("_row", pa.int64()), ("_defect", pa.string()), ("_original", pa.string())]
NOT_RECORDS = ("EMPTY_ROW", "REPEATED_HEADER")  # lines that are kept and counted, but that no sender counts as records
SPREADSHEET_ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!")

FORMATS = ("csv", "fixed", "hj212", "json", "jsonl", "xlsx", "xml")


@dataclass(frozen=True)
class Part:
    """A piece of a file that one task reads: bytes for CSV, the whole file or sheet for formats that cannot be cut.

    `records` is set where every line of the part is one good record, which need not be judged again.
    """

    offset: int
    length: int
    first_row: int
    records: int | None = None
    member: str | None = None


@dataclass(frozen=True)
class Plan:
    """What a file holds. `records` counts good and defective records, as a manifest counts them.

    `notes` say what had to be normalised (code and detail), `totals` what a declared total row claims of its columns;
    `is_rewritten` where parts are pieces of the text as it was rewritten, not of the file; `members` are the plans of the files in an archive.
    """

    headers: tuple[str, ...]
    encoding: str
    records: int
    parts: tuple[Part, ...]
    defects: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    totals: dict[str, str] = field(default_factory=dict)
    is_rewritten: bool = False
    members: dict[str, "Plan"] = field(default_factory=dict)


def reader(dialect: Dialect):
    """The module that reads files of this dialect."""
    from spark_jobs.ingest.readers import archive

    return archive if dialect.archive else format_reader(dialect.format)


def format_reader(format_name: str):
    """The module that reads this format, outside an archive."""
    if format_name not in FORMATS:
        raise KeyError(f"no reader for {format_name!r}; there are {', '.join(FORMATS)}")
    return import_module(f"{__name__}.{format_name}")  # the libraries of the other formats are not loaded


def integers(values: np.ndarray) -> pa.Array:
    """The array without a copy. pa.array would load pandas first, which takes longer than reading a small delivery."""
    values = np.ascontiguousarray(values, np.int64)
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)])


def text_table(headers: tuple[str, ...], columns: list, rows: list[int], defects: list, originals: list) -> pa.Table:
    """A table of text columns with the lineage columns beside them."""
    arrays = [pa.array(values, pa.string()) for values in columns]
    arrays += [pa.array(rows, pa.int64()), pa.array(defects, pa.string()), pa.array(originals, pa.string())]
    return pa.table(arrays, names=[*headers, *(name for name, _ in LINEAGE)])


def text_defect(cells: Iterable[str | None], null_values: tuple[str, ...]) -> str | None:
    """The code of what no cell of a good record may hold; None for a good record. The CSV reader finds the same in its bytes."""
    from spark_jobs.ingest.readers.encoding import MOJIBAKE

    for cell in cells:
        if not cell:
            continue
        if cell in SPREADSHEET_ERRORS and cell not in null_values:
            return "SPREADSHEET_ERROR"
        if any((c < " " and c not in "\t\r\n") or c == "\x7f" for c in cell):
            return "CONTROL_CHAR"
        if "\ufffd" in cell:
            return "U_FFFD"
        if not cell.isascii() and MOJIBAKE.search(cell.encode()):
            return "MOJIBAKE"
    return None
