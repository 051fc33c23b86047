"""bronze: the landed file as text rows, each with its delivery, row number, arrival and hash. Nothing is interpreted."""

import unicodedata
from collections import Counter
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np
import pyarrow as pa

from expectations.feed import Dialect, Feed
from spark_jobs.ingest.landing import Delivery
from spark_jobs.ingest.readers import Plan, integers, reader
from spark_jobs.ingest.refusal import Refused

LINEAGE = [
    ("_row", "bigint"),
    ("_defect", "string"),
    ("_original", "string"),
    ("_delivery_id", "string"),
    ("_file", "string"),
    ("_received_at", "timestamp"),
    ("_known_at", "timestamp"),
    ("_period", "string"),
    ("_row_hash", "bigint"),
]
MOST_COLUMNS = 2_000


def columns(feed: Feed) -> list[tuple[str, str]]:
    """Columns of the feed's bronze table with their SQL types."""
    return [(f.name, "string") for f in feed.text_fields] + LINEAGE


def inspect(path: Path, feed: Feed, delivery: Delivery) -> Plan:
    """Look at the whole file before anything is written. Raises Refused where it cannot be trusted or breaks its manifest."""
    dialect = feed.dialect_for(delivery.file)
    plan = reader(dialect).inspect(path, dialect)
    columns_of(feed, dialect, plan.headers)
    promised = delivery.manifest.get("rows")
    if promised is not None and promised != plan.records:
        raise Refused("ROWCOUNT", f"the manifest says {promised} rows, the file has {plan.records}")
    if not plan.records and promised != 0:
        raise Refused("NO_ROWS", "the file has a header and no rows; a manifest with rows 0 would say that this is meant")
    _check_control_totals(path, dialect, plan, plan.totals | delivery.manifest.get("control_totals", {}))
    return plan


def rows_of_part(path: Path, feed: Feed, dialect: Dialect, plan: Plan, number: int) -> pa.Table:
    """One part of the file as text: the fields of the contract, `_row`, `_defect`, `_original`, and `_ordinal`, the place within the part."""
    table = reader(dialect).read(path, dialect, plan, plan.parts[number])
    columns = columns_of(feed, dialect, plan.headers)
    if dialect.unpivot:
        table = _unpivot(table, dialect, columns)
    else:
        table = table.rename_columns([columns.get(name, name) for name in table.column_names])
    names = [f.name for f in feed.text_fields]
    nothing = pa.nulls(len(table), pa.string())
    arrays = [table[n] if n in table.column_names else nothing for n in names]
    lineage = {"_row": table["_row"], "_defect": table["_defect"], "_original": table["_original"], "_ordinal": integers(np.arange(len(table)))}
    return pa.table([*arrays, *lineage.values()], names=[*names, *lineage])


def columns_of(feed: Feed, dialect: Dialect, headers: tuple[str, ...]) -> dict[str, str]:
    """Header → field name for every column of the file, cells of a matrix left out. Raises Refused where the two lists differ."""
    if len(headers) > MOST_COLUMNS:
        raise Refused("TOO_MANY_COLUMNS", f"the file has {len(headers):,} columns; more than {MOST_COLUMNS:,} are no table of a department")
    fields = {header_key(name): f.name for f in feed.text_fields for name in (f.header, *f.aliases)}
    known = {h: fields[header_key(h)] for h in headers if header_key(h) in fields}
    cells = dialect.unpivot and {dialect.unpivot.name, dialect.unpivot.value}
    if cells:
        kept = {header_key(name) for name in dialect.unpivot.keep}
        columns = {h: name for h, name in known.items() if header_key(h) in kept}
    else:
        columns = known
        unknown = [h for h in headers if h not in known]
        if unknown:
            raise Refused("HEADER_MISMATCH", f"columns that the contract does not know: {', '.join(map(repr, unknown))}")
    twice = [name for name, count in Counter(columns.values()).items() if count > 1]
    if twice:
        raise Refused("HEADER_DUPLICATE", f"two columns of the file are one field of the contract: {', '.join(twice)}")
    absent = {f.name for f in feed.text_fields if f.name not in columns.values() and not f.transform} - (cells or set())
    if absent:
        listed = ", ".join(f"{f.name} ({f.header})" for f in feed.text_fields if f.name in absent)
        raise Refused("HEADER_MISMATCH", f"columns of the contract that the file lacks: {listed}; it has {', '.join(map(repr, headers[:40]))}")
    return columns


def header_key(header: str) -> str:
    """What makes two spellings one header: full-width forms, letter case and spaces do not count."""
    return "".join(unicodedata.normalize("NFKC", header).casefold().split())


def _unpivot(table: pa.Table, dialect: Dialect, columns: dict[str, str]) -> pa.Table:
    """One row a cell; a defective row of the file stays one row."""
    import pyarrow.compute as pc

    unpivot, lineage = dialect.unpivot, ["_row", "_defect", "_original"]
    is_good = pc.is_null(table["_defect"])
    good, bad = table.filter(is_good), table.filter(pc.invert(is_good))
    cells = [name for name in table.column_names if name not in columns and name not in lineage]
    pieces = []
    for cell in cells:
        kept = {columns[h]: good[h] for h in columns}
        pieces.append(pa.table({**kept, unpivot.name: pa.array([cell] * len(good), pa.string()), unpivot.value: good[cell], **{n: good[n] for n in lineage}}))
    if len(bad):
        nothing = pa.nulls(len(bad), pa.string())
        pieces.append(pa.table({**dict.fromkeys([*columns.values(), unpivot.name, unpivot.value], nothing), **{n: bad[n] for n in lineage}}))
    return pa.concat_tables(pieces)


def _check_control_totals(path: Path, dialect: Dialect, plan: Plan, promised: dict) -> None:
    """Sums of whole columns, exact decimals, over the good records. A text that is no number counts as nothing: its row will be judged."""
    missing = set(promised) - set(plan.headers)
    if missing:
        raise Refused("CONTROL_TOTAL", f"the manifest has totals of columns that the file lacks: {', '.join(sorted(missing))}")
    if not promised:
        return
    sums = dict.fromkeys(promised, Decimal(0))
    for part in plan.parts:
        table = reader(dialect).read(path, dialect, plan, part)
        for header in promised:
            sums[header] += sum(_decimal(text) for text in table[header].to_pylist())
    for header, total in promised.items():
        if sums[header] != Decimal(str(total)):
            raise Refused("CONTROL_TOTAL", f"{header}: the manifest says {total}, the rows of the file add up to {sums[header]}")


def _decimal(text: str | None) -> Decimal:
    try:
        value = Decimal((text or "0").strip() or "0")
    except InvalidOperation:
        return Decimal(0)
    return value if value.is_finite() else Decimal(0)
