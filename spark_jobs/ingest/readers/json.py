"""Strict JSON: the records at the contract's path, nested members flattened to dotted names, every scalar as the text that stood there."""

import json
import re
from collections import Counter
from pathlib import Path

import pyarrow as pa

from expectations.contract import Dialect
from spark_jobs.ingest.readers import Part, Plan, text_table
from spark_jobs.ingest.readers.encoding import check_text_file
from spark_jobs.ingest.refusal import Refused

STEP = re.compile(r"\{(?P<capture>\w+)\}|(?P<each>\[\*\])|(?P<member>[^.\[\]{}]+)")


def inspect(path: Path, dialect: Dialect) -> Plan:
    """Read all records once. Raises Refused for what is not strict JSON or lies outside the declared path."""
    records = _records(path, dialect)
    headers = tuple(dict.fromkeys(name for record in records for name in record))
    return Plan(headers, "UTF-8", len(records), (Part(0, path.stat().st_size, 1),))


def read(path: Path, dialect: Dialect, plan: Plan, part: Part) -> pa.Table:
    """All records; `_row` is the number of the record in the file."""
    records = _records(path, dialect)
    columns = [[record.get(name) for record in records] for name in plan.headers]
    nothing = [None] * len(records)
    return text_table(plan.headers, columns, list(range(1, len(records) + 1)), nothing, nothing)


def _records(path: Path, dialect: Dialect) -> list[dict[str, str | None]]:
    data = path.read_bytes()
    start = check_text_file(data, "UTF-8")
    try:
        document = json.loads(data[start:], parse_int=str, parse_float=str, parse_constant=_no_constant, object_pairs_hook=_no_twins)
    except (ValueError, RecursionError) as fault:
        raise Refused("BAD_JSON", f"the file is not strict JSON: {fault}") from fault
    steps = [match.groupdict() for match in STEP.finditer(dialect.records or "[*]")]
    records: list[dict[str, str | None]] = []
    _walk(document, steps, {}, records, dialect, "$")
    return records


def _walk(node, steps: list[dict], captured: dict, records: list, dialect: Dialect, place: str) -> None:
    """Follow the path, remembering captured keys. A member that the path does not name must be declared as ignored."""
    if not steps:
        record = dict(captured)
        _flatten(node, "", record, place)
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


def _flatten(node, name: str, record: dict, place: str) -> None:
    if isinstance(node, dict):
        for key, item in node.items():
            _flatten(item, f"{name}.{key}" if name else key, record, place)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            _flatten(item, f"{name}.{index}" if name else str(index), record, place)
    elif isinstance(node, bool):
        record[name] = "true" if node else "false"
    else:
        record[name] = node


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
