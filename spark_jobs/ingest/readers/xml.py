"""Strict XML: the elements at the contract's path are the records; their attributes and children become columns of text.

`records` is a path of local names from the root, e.g. `response.rows.row`. An attribute is named `@name`, a nested child by dots,
a repeated child by its number. Elements beside the path must be declared as ignored. Document types and entities are refused (defusedxml).
"""

import json
import re
from collections import Counter
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
import pyarrow as pa
from defusedxml.common import DefusedXmlException

from expectations.feed import Dialect
from spark_jobs.ingest.readers import Part, Plan, text_defect
from spark_jobs.ingest.readers.encoding import open_text
from spark_jobs.ingest.readers.json import records_table
from spark_jobs.ingest.refusal import Refused

DEEPEST = 32  # levels below a record
DECLARATION = re.compile(r"<\?xml[^>]*?encoding\s*=\s*[\"']([\w.-]+)[\"'][^>]*\?>")
SAME_ENCODING = {"gb2312": "GB18030", "gbk": "GB18030", "gb18030": "GB18030", "utf-8": "UTF-8", "utf8": "UTF-8"}


def inspect(path: Path, dialect: Dialect) -> Plan:
    """Read all records once. Raises Refused for what is not well-formed, holds a document type or lies outside the declared path."""
    records, notes = _records(path, dialect)
    headers = tuple(dict.fromkeys(name for record in records for name in record))
    defects = Counter(code for code in (text_defect(record.values(), dialect.null_values) for record in records) if code)
    return Plan(headers, dialect.encoding, len(records), (Part(0, path.stat().st_size, 1),), dict(defects), notes)


def read(path: Path, dialect: Dialect, plan: Plan, part: Part) -> pa.Table:
    """All records; `_row` is the number of the record in the file."""
    records, _ = _records(path, dialect)
    defects = [text_defect(record.values(), dialect.null_values) for record in records]
    originals = [json.dumps(record, ensure_ascii=False) if code else None for record, code in zip(records, defects)]
    return records_table(plan.headers, records, list(range(1, len(records) + 1)), defects, originals)


def _records(path: Path, dialect: Dialect) -> tuple[list[dict[str, str | None]], tuple[str, ...]]:
    opened = open_text(path, dialect)
    text = opened.data[opened.start : opened.end].decode(opened.encoding)
    declared = DECLARATION.match(text.lstrip())
    if declared and not opened.is_rewritten and SAME_ENCODING.get(declared[1].lower()) != opened.encoding:
        raise Refused("BAD_ENCODING", f"the XML declaration says {declared[1]}, the contract and the bytes say {opened.encoding}")
    try:
        root = defusedxml.ElementTree.fromstring(DECLARATION.sub("", text.lstrip(), count=1), forbid_dtd=True)
    except DefusedXmlException as fault:
        raise Refused("XML_ENTITY", f"the file holds a document type or entity: {fault!r}") from fault
    except (ParseError, RecursionError) as fault:
        raise Refused("BAD_XML", f"the file is not well-formed XML: {fault}") from fault
    root_name, *steps = (dialect.records or "").split(".")
    if _name(root) != root_name:
        raise Refused("HEADER_MISMATCH", f"the root is {_name(root)!r}, the contract reads {root_name!r}")
    found = _at_path(root, steps, dialect, root_name)
    return [_record(element) for element in found], opened.notes


def _at_path(element: Element, steps: list[str], dialect: Dialect, place: str) -> list[Element]:
    if not steps:
        return [element]
    if (element.text or "").strip():
        raise Refused("HEADER_MISMATCH", f"{place} holds text beside its elements: {element.text.strip()[:40]!r}")
    unknown = {_name(child) for child in element} - {steps[0]} - set(dialect.ignored)
    if unknown:
        raise Refused("HEADER_MISMATCH", f"{place} holds {', '.join(sorted(unknown))}; the contract reads {steps[0]!r} and ignores {', '.join(dialect.ignored) or 'nothing'}")
    children = [child for child in element if _name(child) == steps[0]]
    return [record for child in children for record in _at_path(child, steps[1:], dialect, f"{place}.{steps[0]}")]


def _record(element: Element) -> dict[str, str | None]:
    record: dict[str, str | None] = {}
    _flatten(element, "", record, 0)
    return record


def _flatten(element: Element, name: str, record: dict[str, str | None], depth: int) -> None:
    if depth > DEEPEST:
        raise Refused("BAD_XML", f"{name[:40]}… is deeper than {DEEPEST} levels")
    for attribute, value in element.attrib.items():
        record[f"{name}@{_local(attribute)}" if not name else f"{name}.@{_local(attribute)}"] = value
    twice = {child for child, count in Counter(_name(child) for child in element).items() if count > 1}
    numbers: Counter[str] = Counter()
    for child in element:
        own = _name(child)
        path = f"{name}.{own}" if name else own
        _flatten(child, f"{path}.{numbers[own]}" if own in twice else path, record, depth + 1)
        numbers[own] += 1
    text = element.text or ""
    if len(element) and (text.strip() or any((child.tail or "").strip() for child in element)):
        raise Refused("HEADER_MISMATCH", f"{name or _name(element)} mixes text and elements")
    if name and not len(element):
        record[name] = text


def _name(element: Element) -> str:
    return _local(element.tag)


def _local(name: str) -> str:
    """The name without its namespace."""
    return name.rpartition("}")[2]
