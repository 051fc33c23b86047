"""Strict readers, one module a file format. Each offers the same two functions:

`inspect(path, dialect) -> Plan` looks at the whole file, refuses it or says what it holds and in which parts it can be read;
`read(path, dialect, plan, part) -> pyarrow.Table` gives the rows of one part as text: one column a header, and beside them
`_row` (line or record number, from 1), `_defect` (code of a physical fault, else null) and `_original` (what stood there, only with a fault).
"""

from dataclasses import dataclass, field

import pyarrow as pa

LINEAGE = [("_row", pa.int64()), ("_defect", pa.string()), ("_original", pa.string())]
NOT_RECORDS = ("EMPTY_ROW", "REPEATED_HEADER")  # lines that are kept and counted, but that no sender counts as records


@dataclass(frozen=True)
class Part:
    """A piece of a file that one task reads: bytes for CSV, the whole file for formats that cannot be cut."""

    offset: int
    length: int
    first_row: int


@dataclass(frozen=True)
class Plan:
    """What a file holds. `records` counts good and defective records, as a manifest counts them."""

    headers: tuple[str, ...]
    encoding: str
    records: int
    parts: tuple[Part, ...]
    defects: dict[str, int] = field(default_factory=dict)


def reader(format_name: str):
    """The module that reads this format."""
    from spark_jobs.ingest.readers import csv, hj212, json, xlsx

    return {"csv": csv, "hj212": hj212, "json": json, "xlsx": xlsx}[format_name]


def text_table(headers: tuple[str, ...], columns: list, rows: list[int], defects: list, originals: list) -> pa.Table:
    """A table of text columns with the lineage columns beside them."""
    arrays = [pa.array(values, pa.string()) for values in columns]
    arrays += [pa.array(rows, pa.int64()), pa.array(defects, pa.string()), pa.array(originals, pa.string())]
    return pa.table(arrays, names=[*headers, *(name for name, _ in LINEAGE)])
