"""Writes a delivery small enough to stand in memory: records in, errors planted, CSV, XLSX or JSON out in the shape its department uses."""

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter

from infra.demo.csv_stream import write_manifest
from infra.demo.planting import Kind, Planted, Record, write_list

SPOILT_PERCENT = 6  # of the records: with a tenth of a delivery in quarantine the gate would stop it
CREATED = datetime(2024, 1, 1, tzinfo=UTC)  # a workbook that tells the hour would have other bytes each time


@dataclass(frozen=True)
class Shape:
    """How a department writes its files. `numbers` are the headers whose cells are numbers in a format that tells them from text."""

    encoding: str = "utf-8"
    delimiter: str = ","
    titles: tuple[str, ...] = ()
    footer: str = ""
    trailing_delimiter: bool = False
    sheet: str = "合成数据"
    numbers: frozenset[str] = frozenset()
    envelope: dict = field(default_factory=dict)  # JSON: the members beside the list of records
    records: str = "records"  # JSON: the member that holds them


def write_file(
    path: Path, planted_to: Path, shape: Shape, header: list[str], records: Sequence[list[str]], kinds: Sequence[Kind], spared: str = "", **manifest
) -> Path:
    """Write the file in the format its name says, its manifest and its list of planted errors. No error is planted into a record with a field `spared`."""
    lines_before = 0 if path.suffix == ".json" else len(shape.titles) + 1
    errors = {_next_without(spared, records, place): kind for place, kind in _places(len(records), kinds, manifest["sequence"]).items()}
    rows, planted = _plant(records, header, errors, lines_before)
    path.parent.mkdir(parents=True, exist_ok=True)
    encode = {".csv": _csv, ".tsv": _csv, ".xlsx": _xlsx, ".json": _json}[path.suffix]
    path.write_bytes(encode(shape, header, rows))
    counted = sum(row is not header for row in rows)
    write_manifest(path, rows=counted, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), note="synthetic 合成数据", **manifest)
    write_list(planted_to / f"{path.name}.planted.json", planted)
    return path


def _places(rows: int, kinds: Sequence[Kind], sequence: int) -> dict[int, Kind]:
    """Where to plant what: evenly over the file, each kind at most twice; the kinds take turns, from one delivery to the next."""
    total = min(2 * len(kinds), rows * SPOILT_PERCENT // 100)
    return {int((number + 0.5) * rows / total): kinds[((sequence - 1) * total + number) % len(kinds)] for number in range(total)}


def _next_without(spared: str, records: Sequence[list[str]], place: int) -> int:
    return next((later for later in range(place, len(records)) if spared not in records[later]), place)


def _plant(records: Sequence[list[str]], header: list[str], errors: dict[int, Kind], lines_before: int) -> tuple[list[Record], list[Planted]]:
    """The records with errors in them, and the list of what was planted; `line` counts as the readers count."""
    rows: list[Record] = []
    planted = []
    for place, fields in enumerate(records):
        kind = errors.get(place)
        for record, is_planted in kind.edit(fields, header) if kind else [(fields, False)]:
            rows.append(record)
            if is_planted:
                planted.append(Planted(len(rows), lines_before + len(rows), kind.name, kind.outcome, kind.code, ",".join(fields)))
    return rows, planted


def _csv(shape: Shape, header: list[str], rows: list[Record]) -> bytes:
    """Lines as typed: a quote or delimiter inside a field is an error that was planted."""
    end = shape.delimiter if shape.trailing_delimiter else ""
    lines = [*shape.titles, *(shape.delimiter.join(record) + end for record in [header, *rows]), *([shape.footer] if shape.footer else [])]
    return "".join(f"{line}\n" for line in lines).encode(shape.encoding)


def _xlsx(shape: Shape, header: list[str], rows: list[Record]) -> bytes:
    """One sheet: titles merged over the table, the header, the records; texts as text, numbers as numbers."""
    memory = io.BytesIO()
    with xlsxwriter.Workbook(memory, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": shape.sheet, "created": CREATED})
        sheet = book.add_worksheet(shape.sheet)
        for line, title in enumerate(shape.titles):
            sheet.merge_range(line, 0, line, len(header) - 1, title)
        for line, record in enumerate([header, *rows], len(shape.titles)):
            for column, text in enumerate(record):
                if column < len(header) and header[column] in shape.numbers and _is_number(text):
                    sheet.write_number(line, column, float(text))
                else:
                    sheet.write_string(line, column, text)
    return memory.getvalue()


def _json(shape: Shape, header: list[str], rows: list[Record]) -> bytes:
    """A list of objects; a dotted header is a member inside a member, an empty field is null."""
    document = shape.envelope | {shape.records: [_nested(shape, header, record) for record in rows]}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode(shape.encoding)


def _nested(shape: Shape, header: list[str], record: list[str]) -> dict:
    found: dict = {}
    for name, text in zip(header, record, strict=True):
        *outer, last = name.split(".")
        place = found
        for step in outer:
            place = place.setdefault(step, {})
        place[last] = (json.loads(text) if name in shape.numbers and _is_number(text) else text) if text else None
    return found


def _is_number(text: str) -> bool:
    whole, _, fraction = text.removeprefix("-").partition(".")
    return text.isascii() and whole.isdigit() and (fraction.isdigit() or "." not in text)
