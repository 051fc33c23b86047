"""Strict JSON: the records at the contract's path, nested members flattened to dotted names, every scalar as the text that stood there."""

import json
import math
import re
from collections import Counter
from pathlib import Path

import pyarrow as pa

from expectations.feed import Dialect
from spark_jobs.ingest.readers import Part, Plan, text_defect, text_table
from spark_jobs.ingest.readers.encoding import open_text
from spark_jobs.ingest.refusal import Refused

STEP = re.compile(r"\{(?P<capture>\w+)\}|(?P<each>\[\*\])|(?P<member>[^.\[\]{}]+)")
HALF_PAIR = re.compile("[\ud800-\udfff]")
DEEPEST = 32  # levels below a record


def inspect(path: Path, dialect: Dialect) -> Plan:
    """Read all records once. Raises Refused for what is not strict JSON or lies outside the declared path."""
    records, notes = _records(path, dialect)
    headers = tuple(dict.fromkeys(name for record in records for name in record))
    defects = Counter(code for code in (text_defect(record.values(), dialect.null_values) for record in records) if code)
    return Plan(headers, "UTF-8", len(records), (Part(0, path.stat().st_size, 1),), dict(defects), notes)


def read(path: Path, dialect: Dialect, plan: Plan, part: Part) -> pa.Table:
    """All records; `_row` is the number of the record in the file."""
    records, _ = _records(path, dialect)
    defects = [text_defect(record.values(), dialect.null_values) for record in records]
    return records_table(plan.headers, records, list(range(1, len(records) + 1)), defects)


def records_table(headers: tuple[str, ...], records: list[dict], rows: list[int], defects: list, originals: list | None = None) -> pa.Table:
    """Records as text columns. A defective one has no values: its original is the text given, or the record as JSON."""
    columns = [[None if code else record.get(name) for record, code in zip(records, defects)] for name in headers]
    if originals is None:
        originals = [json.dumps(record, ensure_ascii=False) if code else None for record, code in zip(records, defects)]
    return text_table(headers, columns, rows, defects, originals)


def parse_strictly(text: str | bytes):
    """The document with every number as the text that stood there. Raises ValueError or RecursionError where it is not strict JSON."""
    return json.loads(text, parse_int=_finite, parse_float=_finite, parse_constant=_no_constant, object_pairs_hook=_no_twins)


def flatten(node, name: str, record: dict, place: str) -> None:
    """Nested members as dotted names. Raises Refused below DEEPEST levels, and for half of a surrogate pair."""
    if name.count(".") >= DEEPEST:
        raise Refused("BAD_JSON", f"{place}: {name[:40]}… is deeper than {DEEPEST} levels")
    if isinstance(node, dict):
        for key, item in node.items():
            flatten(item, f"{name}.{key}" if name else key, record, place)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            flatten(item, f"{name}.{index}" if name else str(index), record, place)
    elif isinstance(node, bool):
        record[name] = "true" if node else "false"
    elif node is not None and HALF_PAIR.search(node):
        raise Refused("BAD_JSON", f"{place}: {name} holds half of a surrogate pair")
    else:
        record[name] = node


def _records(path: Path, dialect: Dialect) -> tuple[list[dict[str, str | None]], tuple[str, ...]]:
    text = open_text(path, dialect)
    try:
        document = parse_strictly(text.data[text.start : text.end].decode(text.encoding))
    except (ValueError, RecursionError) as fault:
        raise Refused("BAD_JSON", f"the file is not strict JSON: {fault}") from fault
    steps = [match.groupdict() for match in STEP.finditer(dialect.records or "[*]")]
    records: list[dict[str, str | None]] = []
    _walk(document, steps, {}, records, dialect, "$")
    return records, text.notes


def _walk(node, steps: list[dict], captured: dict, records: list, dialect: Dialect, place: str) -> None:
    """Follow the path, remembering captured keys. A member that the path does not name must be declared as ignored."""
    if not steps:
        record = dict(captured)
        flatten(node, "", record, place)
        records.append(record)
        return
    step, rest = steps[0], steps[1:]
    if step["each"]:
        _require(node, list, place)
        for index, item in enumerate(node):
            _walk(item, rest, captured, records, dialect, f"{place}[{index}]")
        return
    _require(node, dict, place)
    if step["capture"]:
        for key, item in node.items():
            _walk(item, rest, {**captured, step["capture"]: key}, records, dialect, f"{place}.{key}")
        return
    member = step["member"]
    unknown = set(node) - {member} - set(dialect.ignored)
    if unknown or member not in node:
        raise Refused("HEADER_MISMATCH", f"{place} holds {', '.join(sorted(node))}; the contract reads {member!r} and ignores {', '.join(dialect.ignored) or 'nothing'}")
    _walk(node[member], rest, captured, records, dialect, f"{place}.{member}")


def _require(node, kind: type, place: str) -> None:
    if not isinstance(node, kind):
        raise Refused("HEADER_MISMATCH", f"{place} is no {'list' if kind is list else 'object'}")


def _no_twins(pairs: list[tuple]) -> dict:
    twice = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
    if twice:
        raise ValueError(f"the member {twice[0]!r} stands twice in one object")
    return dict(pairs)


def _no_constant(name: str):
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> str:
    """The number as it was written. No double holds 10^400: what cannot be computed with is refused."""
    if math.isinf(float(text)):
        raise ValueError(f"the number {text[:40]} is larger than a double holds")
    return text
