"""JSON lines: each line one strict JSON object. A line that is none is rejected alone."""

import json
from collections import Counter
from pathlib import Path

import pyarrow as pa

from expectations.feed import Dialect
from spark_jobs.ingest.readers import NOT_RECORDS, Part, Plan, text_defect
from spark_jobs.ingest.readers.encoding import open_text
from spark_jobs.ingest.readers.json import flatten, parse_strictly, records_table
from spark_jobs.ingest.refusal import Refused


def inspect(path: Path, dialect: Dialect) -> Plan:
    """Read all lines once. Raises Refused for a file that is no text."""
    records, defects, _, notes = _lines(path, dialect)
    headers = tuple(dict.fromkeys(name for record in records for name in record))
    counts = Counter(code for code in defects if code)
    return Plan(headers, "UTF-8", len(records) - sum(counts[code] for code in NOT_RECORDS), (Part(0, path.stat().st_size, 1),), dict(counts), notes)


def read(path: Path, dialect: Dialect, plan: Plan, part: Part) -> pa.Table:
    """All lines; `_row` is the line number."""
    records, defects, lines, _ = _lines(path, dialect)
    originals = [line if code else None for line, code in zip(lines, defects)]
    return records_table(plan.headers, records, list(range(1, len(records) + 1)), defects, originals)


def _lines(path: Path, dialect: Dialect) -> tuple[list[dict], list[str | None], list[str], tuple[str, ...]]:
    """For every line its record (empty where it is defective), its defect and its text; and the notes on the file."""
    text = open_text(path, dialect)
    lines = text.data[text.start : text.end].decode(text.encoding).replace("\r\n", "\n").removesuffix("\n").split("\n")
    records, defects = [], []
    for number, line in enumerate(lines, 1):
        record, defect = _record(line, f"line {number}")
        defect = defect or text_defect(record.values(), dialect.null_values)
        records.append({} if defect else record)
        defects.append(defect)
    return records, defects, lines, text.notes


def _record(line: str, place: str) -> tuple[dict[str, str | None], str | None]:
    if not line.strip():
        return {}, "EMPTY_ROW"
    record: dict[str, str | None] = {}
    try:
        document = parse_strictly(line)
        if not isinstance(document, dict):
            return {}, "BAD_JSON"
        flatten(document, "", record, place)
    except (json.JSONDecodeError, ValueError, RecursionError, Refused):
        return {}, "BAD_JSON"
    return record, None
