"""Strict XLSX: the declared sheets, their header rows, every cell as the text a reader of the sheet would take for its value.

A workbook is a ZIP archive and is looked at as one first: encryption, macros, links to other files and bombs are refused unopened.
python-calamine reads values fast and leaves errors and formulas that were never computed empty: where a sheet has any, openpyxl says which cells.
"""

import datetime
import re
import zipfile
from collections import Counter
from functools import lru_cache
from pathlib import Path

import openpyxl
import pyarrow as pa
import python_calamine

from expectations.feed import Dialect
from spark_jobs.ingest.readers import NOT_RECORDS, Part, Plan, text_defect, text_table
from spark_jobs.ingest.readers.archive import check_zip
from spark_jobs.ingest.readers.csv import unique_names
from spark_jobs.ingest.refusal import Refused

EVERY_SHEET = "*"
ACTIVE = ("xl/vbaProject.bin", "xl/externalLinks/", "xl/activeX/", "xl/embeddings/", "xl/macrosheets/", "xl/connections.xml")
NAME_SEPARATOR = "_"
UNCOMPUTED = "formula without a value: "
FORMULA_OR_ERROR = re.compile(rb"<(?:\w+:)?f[ >/]|t=[\"']e[\"']")


def inspect(path: Path, dialect: Dialect) -> Plan:
    """Read the sheets once. Raises Refused where the file is no plain workbook, a sheet is missing or headers are not unique or not the same."""
    sheets = _sheets_of(path, dialect)
    first, (headers, _) = next(iter(sheets.items()))
    defects: Counter[str] = Counter()
    parts = []
    for name, (own, rows) in sheets.items():
        if set(own) != set(headers):
            raise Refused("HEADER_MISMATCH", f"sheet {name!r} has the columns {', '.join(own)}; sheet {first!r} has {', '.join(headers)}")
        defects.update(code for code in (_defect(row, own, dialect) for row in rows) if code)
        parts.append(Part(0, path.stat().st_size, dialect.skip_lines + dialect.header_rows + 1, member=name if dialect.sheet == EVERY_SHEET else None))
    records = sum(len(rows) for _, rows in sheets.values()) - sum(defects[code] for code in NOT_RECORDS)
    return Plan(headers, "XLSX", records, tuple(parts), dict(defects))


def read(path: Path, dialect: Dialect, plan: Plan, part: Part) -> pa.Table:
    """All rows of one sheet below its header. `_row` is the row number that the spreadsheet program shows."""
    sheets = _sheets_of(path, dialect)
    headers, rows = sheets[part.member or next(iter(sheets))]
    codes = [_defect(row, headers, dialect) for row in rows]
    cells = [[None if code else _text(row[i]) for row, code in zip(rows, codes)] for i in range(len(headers))]
    originals = [" | ".join(_text(cell) for cell in row) if code else None for row, code in zip(rows, codes)]
    return text_table(headers, cells, list(range(part.first_row, part.first_row + len(rows))), codes, originals)


def _sheets_of(path: Path, dialect: Dialect) -> dict[str, tuple[tuple[str, ...], list[list]]]:
    status = path.stat()
    return _sheets(path, dialect, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1)
def _sheets(path: Path, dialect: Dialect, _modified: int, _size: int) -> dict[str, tuple[tuple[str, ...], list[list]]]:
    """Sheet name → headers and the rows below them."""
    has_formulas_or_errors = _check_container(path)
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(str(path))
        names = workbook.sheet_names if dialect.sheet == EVERY_SHEET else [dialect.sheet or workbook.sheet_names[0]]
        if missing := [name for name in names if name not in workbook.sheet_names]:
            raise Refused("HEADER_MISMATCH", f"there is no sheet {missing[0]!r}; the sheets are {', '.join(workbook.sheet_names)}")
        values = {name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in names}
    except python_calamine.CalamineError as fault:
        raise Refused("WRONG_TYPE", f"the file is no XLSX workbook ({fault})") from fault
    if has_formulas_or_errors:
        _show_faults(path, values)
    return {name: _sheet(name, rows, dialect) for name, rows in values.items()}


def _show_faults(path: Path, values: dict[str, list[list]]) -> None:
    """Put the error that the spreadsheet shows where calamine left nothing; a formula without a value shows as the formula."""
    with path.open("rb") as file:
        computed, written = (openpyxl.load_workbook(file, read_only=True, data_only=is_computed) for is_computed in (True, False))
        for name, rows in values.items():
            for number, (shown, formulas) in enumerate(zip(computed[name].iter_rows(max_row=len(rows)), written[name].iter_rows(max_row=len(rows)))):
                for index, (cell, formula) in enumerate(zip(shown, formulas)):
                    if cell.data_type == "e":
                        rows[number][index] = str(cell.value)
                    elif formula.data_type == "f" and cell.value is None:
                        rows[number][index] = UNCOMPUTED + str(formula.value)


def _check_container(path: Path) -> bool:
    """Whether a sheet holds formulas or errors. Raises Refused for what is no plain workbook."""
    if not path.stat().st_size:
        raise Refused("EMPTY_FILE", "the file has no bytes")
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise Refused("WRONG_TYPE", "the file is an old Office file or an encrypted workbook; send XLSX without a password")
    try:
        with zipfile.ZipFile(path) as archive:
            names = [entry.filename for entry in check_zip(archive)]
            broken = archive.testzip()
            has_formulas_or_errors = broken is None and any(FORMULA_OR_ERROR.search(archive.read(name)) for name in names if name.startswith("xl/worksheets/"))
    except zipfile.BadZipFile as fault:
        raise Refused("WRONG_TYPE", f"the file is no XLSX workbook: it begins with {head!r} ({fault})") from fault
    if broken:
        raise Refused("ARCHIVE_BROKEN", f"the part {broken} of the workbook is damaged")
    if "xl/workbook.xml" not in names:
        raise Refused("WRONG_TYPE", "the file is a ZIP archive and no XLSX workbook")
    active = [name for name in names if name.startswith(ACTIVE)]
    if active:
        raise Refused("ACTIVE_CONTENT", f"the workbook holds macros, links to other files or embedded objects: {', '.join(active[:5])}. Send values only")
    return has_formulas_or_errors


def _sheet(name: str, rows: list[list], dialect: Dialect) -> tuple[tuple[str, ...], list[list]]:
    """Headers and rows; empty rows behind the last full one are formatting and no rows."""
    rows = rows[dialect.skip_lines :]
    while rows and not any(_text(cell).strip() for cell in rows[-1]):
        rows.pop()
    if not rows:
        raise Refused("EMPTY_FILE", f"sheet {name!r} has no rows")
    headers = _joined([[_text(cell).strip() for cell in row] for row in rows[: dialect.header_rows]])
    while headers and not headers[-1]:
        headers.pop()
    return unique_names(headers), rows[dialect.header_rows :]


def _joined(levels: list[list[str]]) -> list[str]:
    """One name a column: of a merged cell only the first holds the text, so every level but the last is carried to the right."""
    for level in levels[:-1]:
        for index in range(1, len(level)):
            under_another_name = levels[-1][index] != ""
            level[index] = level[index] or (level[index - 1] if under_another_name else "")
    return [NAME_SEPARATOR.join(part for part in parts if part) for parts in zip(*levels)]


def _defect(row: list, headers: tuple[str, ...], dialect: Dialect) -> str | None:
    cells = [_text(cell) for cell in row]
    if not any(cells):
        return "EMPTY_ROW"
    if any(cells[len(headers) :]):
        return "WIDTH"
    if tuple(cell.strip() for cell in cells[: len(headers)]) == headers:
        return "REPEATED_HEADER"
    if any(cell.startswith(UNCOMPUTED) for cell in cells):
        return "FORMULA_WITHOUT_VALUE"
    return text_defect(cells, dialect.null_values)


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
