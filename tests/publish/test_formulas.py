"""What a spreadsheet would run leaves the lake as text, in every format of text, and nothing else is touched."""

import csv
import io
import re
import unicodedata

import duckdb
import openpyxl
import pandas as pd
import pyarrow.parquet as parquet
import pytest

from spark_jobs.publish.export.formats.csv import cell
from spark_jobs.publish.export.formulas import columns_to_watch, restored
from spark_jobs.publish.export.run import Request, export
from tests.publish.conftest import data_file
from tests.publish.payloads import HARMLESS, HOSTILE

ALL = [*HOSTILE, *HARMLESS]
COLUMN = {"csv": "text", "datapackage": "text", "sdmx-csv": "TEXT"}


def runs_in_a_spreadsheet(text: str) -> bool:
    """Judged independently of the code: by Unicode's own categories and normal forms."""
    if re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", text, re.ASCII):
        return False
    seen = text
    while seen and (unicodedata.category(seen[0])[0] in "CZ" or seen[0] in "\ufe0f\u3164\"“"):
        seen = seen[1:]
    return text[:1] in ("\t", "\r", "\n") or unicodedata.normalize("NFKC", seen[:1].replace("−", "-")) in ("=", "+", "-", "@")


@pytest.mark.parametrize("format", COLUMN)
def test_no_hostile_cell_begins_as_a_formula_and_each_can_be_restored(released, tmp_path, format):
    cells = _cells(released, tmp_path, format)
    originals = [_as_xml(text) if format == "sdmx-csv" else text for text in ALL]
    hostile = [cell for cell in cells if runs_in_a_spreadsheet(cell)]
    changed = [(was, cell) for was, cell in zip(originals, cells) if was != cell]
    assert len(cells) == len(ALL)
    assert len(HOSTILE) >= 200
    assert [was for was in HOSTILE if not runs_in_a_spreadsheet(was) and not was.startswith("'")] == [], "the judge must see every payload"
    assert hostile == []
    assert [was for was, _ in changed] == originals[: len(HOSTILE)]
    assert all(cell == "'" + was and restored(cell) == was for was, cell in changed)
    print(f"{format}: {len(changed)} of {len(HOSTILE)} hostile cells made harmless and restored, {len(HARMLESS)} of {len(HARMLESS)} harmless cells untouched")


def test_a_workbook_holds_them_as_text_unchanged(released, tmp_path):
    folder = export(released, Request("mart_macro__change", "xlsx", "analyst", "tester"), tmp_path)["folder"]
    sheet = openpyxl.load_workbook(data_file(folder, "mart_macro__change"))["data"]
    cells = [row[1] for row in sheet.iter_rows(min_row=2)]
    formulas = [cell.value for cell in cells if cell.data_type == "f"]
    assert formulas == []
    assert [_unescaped(cell.value or "") for cell in cells] == [_as_xml(text) for text in ALL]
    assert all(cell.quotePrefix for cell, text in zip(cells, ALL) if text[:1] in tuple("=+-@＝＋－＠") and len(text) > 1)
    print(f"xlsx: {len(formulas)} formulas in {len(cells)} cells")


@pytest.mark.parametrize("format", ["parquet", "dta"])
def test_formats_that_nobody_evaluates_keep_every_byte(released, tmp_path, format):
    folder = export(released, Request("mart_macro__change", format, "analyst", "tester"), tmp_path)["folder"]
    path = data_file(folder, "mart_macro__change")
    kept = parquet.read_table(path)["text"].to_pylist() if format == "parquet" else pd.read_stata(path)["text"].tolist()
    assert kept == ALL
    print(f"{format}: {len(kept)} of {len(ALL)} texts unaltered")


@pytest.mark.parametrize("values, watched", [
    (["450100", "451400"], False), (["GDP", "zz"], False), (["南宁", "龙州"], False), (["a=b", "x+1"], False), (["A\\xE5"], False), (None, False),
    (["=1"], True), (["450100", "=1"], True), (["GDP", "南宁"], True), (["", "a"], True), (["%", "亿元"], True), (["A, Max: ", "南宁"], True), (["A", "z, Has Un"], True), (["一", "＝1"], True), (["0", "@x"], True), ([None, "+1"], True), (["\ufeff=1"], True), (["a", "\u3000=1"], True),
])  # fmt: skip
def test_only_a_column_that_cannot_hold_a_hostile_cell_is_not_watched(tmp_path, values, watched):
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.execute("create table t as select unnest(?::varchar[]) as c", [values or []])
        connection.execute("checkpoint")
        assert columns_to_watch(connection, "t", ["c"]) == ({"c"} if watched else set())


CODES_EXCEL_CHANGES = ["0012", "000000", "450101199001011234", "1234567890123456", "1E5", "12e10", "1-2", "3/4", "2024-01", "2024-01-31", "1/2/2024", "12:30", "1:02:03", "1,234", "50%", "MAR1", "sep-24", "1-Dec", "TRUE", "false", "2024年1月", "2024年1月31日", "007.50", "1.50", "31.12.2024"]
CODES_EXCEL_KEEPS = ["450100", "91450100MA5K000001", "A-1", "GDP", "2024Q1", "B-D", "桂林", "2022-01/2022-12", "-12.5", "1.5", "3.14", "x0012", "12-ABC", "MARCHED"]


def test_a_csv_for_excel_marks_exactly_the_codes_that_excel_would_change():
    marked = {code: duckdb.execute(f"select {cell('code', 'VARCHAR', 'excel')} from (select ?::varchar as code)", [code]).fetchone()[0] for code in [*CODES_EXCEL_CHANGES, *CODES_EXCEL_KEEPS]}
    assert {code for code, written in marked.items() if written == f'="{code}"'} == set(CODES_EXCEL_CHANGES)
    assert {code for code, written in marked.items() if written == code} == set(CODES_EXCEL_KEEPS)
    print(f"{len(CODES_EXCEL_CHANGES)} of {len(CODES_EXCEL_CHANGES)} codes kept as text, {len(CODES_EXCEL_KEEPS)} of {len(CODES_EXCEL_KEEPS)} written as they are")


def test_the_columns_of_the_dictionary_are_harmless_too(released, tmp_path):
    folder = export(released, Request("mart_macro__change", "csv", "analyst", "=1+1"), tmp_path)["folder"]
    for row in csv.reader(io.StringIO((folder / "dictionary.csv").read_text(encoding="utf-8-sig"))):
        assert not any(runs_in_a_spreadsheet(cell) for cell in row)


def _cells(settings, folder, format) -> list[str]:
    made = export(settings, Request("mart_macro__change", format, "analyst", "tester"), folder)["folder"]
    text = data_file(made, "mart_macro__change").read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    return ["" if row[COLUMN[format]] == "#N/A" else row[COLUMN[format]] for row in rows]


def _as_xml(text: str) -> str:
    """XML and SDMX-CSV know one end of line."""
    return text.replace("\r", "\n")


def _unescaped(text: str) -> str:
    return _as_xml(re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), text))
