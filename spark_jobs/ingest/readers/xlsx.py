"""Strict XLSX: one sheet, its header row, every cell as the text a reader of the sheet would take for its value."""

import datetime
from collections import Counter
from pathlib import Path

import pyarrow as pa
import python_calamine

from expectations.contract import Dialect
from spark_jobs.ingest.readers import NOT_RECORDS, Part, Plan, text_table
from spark_jobs.ingest.refusal import Refused


def inspect(path: Path, dialect: Dialect) -> Plan:
    """Read the sheet once. Raises Refused where the file is no workbook, the sheet is missing or the header is not unique."""
    headers, rows = _sheet(path, dialect)
    defects = Counter(code for code in (_defect(row, headers) for row in rows) if code)
    records = len(rows) - sum(defects[code] for code in NOT_RECORDS)
    first_row = dialect.skip_lines + 2
    return Plan(headers, "XLSX", records, (Part(0, path.stat().st_size, first_row),), dict(defects))


def read(path: Path, dialect: Dialect, plan: Plan, part: Part) -> pa.Table:
    """All rows of the sheet below the header. `_row` is the row number that the spreadsheet program shows."""
    headers, rows = _sheet(path, dialect)
    numbers = range(part.first_row, part.first_row + len(rows))
    codes = [_defect(row, headers) for row in rows]
    cells = [[None if code else _text(row[i]) for row, code in zip(rows, codes)] for i in range(len(headers))]
    originals = [" | ".join(_text(cell) for cell in row) if code else None for row, code in zip(rows, codes)]
    return text_table(headers, cells, list(numbers), codes, originals)


def _sheet(path: Path, dialect: Dialect) -> tuple[tuple[str, ...], list[list]]:
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(str(path))
    except python_calamine.CalamineError as fault:
        raise Refused("WRONG_TYPE", f"the file is no XLSX workbook ({fault})") from fault
    name = dialect.sheet or workbook.sheet_names[0]
    if name not in workbook.sheet_names:
        raise Refused("HEADER_MISMATCH", f"there is no sheet {name!r}; the sheets are {', '.join(workbook.sheet_names)}")
    rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)[dialect.skip_lines :]
    if not rows:
        raise Refused("EMPTY_FILE", f"sheet {name!r} has no rows")
    headers = [_text(cell).strip() for cell in rows[0]]
    while headers and not headers[-1]:
        headers.pop()
    twice = [h for h, count in Counter(headers).items() if count > 1]
    if twice:
        raise Refused("HEADER_DUPLICATE", f"these headers stand twice: {', '.join(map(repr, twice))}")
    return tuple(headers), rows[1:]


def _defect(row: list, headers: tuple[str, ...]) -> str | None:
    cells = [_text(cell) for cell in row]
    if not any(cells):
        return "EMPTY_ROW"
    if any(cells[len(headers) :]):
        return "WIDTH"
    if tuple(cells[: len(headers)]) == headers:
        return "REPEATED_HEADER"
    if any("\ufffd" in cell for cell in cells):
        return "U_FFFD"
    if any(ord(c) < 32 and c not in "\t\r\n" for cell in cells for c in cell):
        return "CONTROL_CHAR"
    return None


def _text(cell) -> str:
    """A number without a fraction as an integer while a double holds it exactly; beyond 15 digits in the form that shows the damage."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(sep=" ")
    if isinstance(cell, (datetime.date, datetime.time)):
        return cell.isoformat()
    return str(cell)
