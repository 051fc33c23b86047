"""An export explains, cites and proves itself, is read back by the format's own library, and is the same tomorrow."""

import csv
import getpass
import hashlib
import json
import re
import struct
import time
from datetime import date, datetime

import duckdb
import frictionless
import openpyxl
import pandas as pd
import pyarrow.parquet as parquet
import pytest
import yaml

from spark_jobs.publish.audit import audit_file
from spark_jobs.publish.export.formats import FORMATS, DoesNotFit, UnknownFormat
from spark_jobs.publish.export.formats.dta import short_names
from spark_jobs.publish.export.run import Request, export, rehearse
from spark_jobs.publish.query import QueryRefused
from tests.publish.conftest import NUMBERS, RELEASE, data_file, numbers

DIGITS = 20_000  # numbers of the formats that are written a cell at a time


def exported(settings, folder, format, dataset="mart_macro__series", **question):
    return export(settings, Request(dataset, format, "analyst", "tester", **question), folder)


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_request_gives_the_same_bytes_and_they_are_those_of_the_checksums(released, tmp_path, format):
    first, second = tmp_path / "first", tmp_path / "second"
    folders = [exported(released, first, format, where="is_latest and coalesce(persons_count, 0) = 0")["folder"]]
    time.sleep(1.1)  # into another second of every clock that a file could hold
    folders.append(exported(released, second, format, where="(IS_LATEST AND coalesce(Persons_Count,0)=0)  -- the same")["folder"])
    assert folders[0].name == folders[1].name
    files = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders]
    assert files[0] == files[1]
    sums = dict(reversed(line.split("  ")) for line in files[0]["SHA256SUMS"].decode().splitlines())
    assert sums == {name: hashlib.sha256(content).hexdigest() for name, content in files[0].items() if name != "SHA256SUMS"}
    print(f"{format}: {len(files[0])} of {len(files[1])} files the same, {len(sums)} checksums")


def test_another_question_has_another_identifier_and_another_folder(released, tmp_path):
    questions = [{}, {"where": "is_latest"}, {"where": "not is_latest"}, {"as_of": date(2024, 5, 1)}, {"as_of": date(2024, 8, 1)}]
    told = [exported(released, tmp_path, "csv", **question) for question in questions]
    assert len({t["identifier"] for t in told}) == len({t["folder"] for t in told}) == len(questions)
    assert [t["rows"] for t in told] == [4, 3, 1, 3, 3]
    assert all(re.fullmatch(rf"guihu:{RELEASE}/mart_macro__series@[0-9a-f]{{16}}", t["identifier"]) for t in told)


def test_what_was_known_on_a_day_is_exported_as_it_read_then(released, tmp_path):
    folder = exported(released, tmp_path, "csv", as_of=date(2024, 5, 1), where="division_code = '450100'")["folder"]
    (row,) = csv.DictReader(data_file(folder).read_text(encoding="utf-8-sig").splitlines())
    assert (row["gdp_value"], row["superseded_date"], row["is_latest"]) == ("5218.34", "", "true")
    assert "as known on 2024-05-01" in (folder / "README.md").read_text()


def test_the_papers_say_what_who_whence_and_how_to_get_it_again(released, tmp_path):
    told = exported(released, tmp_path, "csv", where="division_code = '450100'")
    readme, cff = (told["folder"] / "README.md").read_text(), yaml.safe_load((told["folder"] / "CITATION.cff").read_text())
    for word in ("测试指标 · Test figures", told["identifier"], RELEASE, "2026-01-02T03:04:05+00:00", "测试 · test", "合成数据", "tester (analyst)", "不得转授", f"guihu export mart_macro__series --format csv --release {RELEASE} --as analyst --recipient tester --where"):
        assert word in readme
    assert (cff["version"], cff["identifiers"][0]["value"], str(cff["date-released"])) == (RELEASE, told["identifier"], "2026-01-02")
    dictionary = {row["column"]: row for row in csv.DictReader((told["folder"] / "dictionary.csv").read_text(encoding="utf-8-sig").splitlines())}
    assert len(dictionary) == 14
    assert (dictionary["gdp_value"]["label_zh"], dictionary["gdp_value"]["label_en"], dictionary["amount_cny"]["unit"], dictionary["period"]["is_key"]) == ("生产总值", "Gross domestic product", "元", "yes")


def test_each_export_leaves_one_line_that_says_who_took_what(released, tmp_path):
    before = audit_file(released).read_text().splitlines() if audit_file(released).is_file() else []
    told = exported(released, tmp_path, "csv", where="is_latest")
    (line,) = audit_file(released).read_text().splitlines()[len(before) :]
    kept = json.loads(line)
    assert {name: kept[name] for name in ("door", "by", "role", "recipient", "dataset", "where", "release", "rows", "identifier")} == {
        "door": "export", "by": getpass.getuser(), "role": "analyst", "recipient": "tester", "dataset": "mart_macro__series", "where": "is_latest", "release": RELEASE, "rows": 3, "identifier": told["identifier"],
    }  # fmt: skip
    rehearse(released, Request("mart_macro__series", "csv", "analyst", "tester"))
    assert len(audit_file(released).read_text().splitlines()) == len(before) + 1, "a rehearsal takes nothing"


def test_csv_has_a_bom_tells_absent_from_empty_and_keeps_codes(released, tmp_path):
    path = data_file(exported(released, tmp_path, "csv")["folder"])
    assert path.read_bytes()[:3] == b"\xef\xbb\xbf"
    assert b'"0012",""\n' in path.read_bytes()
    rows = list(csv.DictReader(path.open(encoding="utf-8-sig", newline="")))
    assert [row["code"] for row in rows] == ["0012", "91450100MA5K000001", "1-2", "450101199001011234"]
    # a reader that takes what stands in quotation marks for text keeps every code
    assert [row[12] for row in csv.reader(path.open(encoding="utf-8-sig", newline=""), quoting=csv.QUOTE_NONE) if len(row) > 12][1] == '"0012"'
    assert [row["observed_at"] for row in rows] == ["2024-01-20T00:00:00Z", "2024-07-20T00:00:00.123456Z", "", "1899-12-31T00:00:00Z"]
    assert rows[2]["note"] == '他说："好", 行\n二'
    again = list(csv.DictReader(data_file(exported(released, tmp_path / "excel", "csv", ids="excel")["folder"]).open(encoding="utf-8-sig", newline="")))
    assert [row["code"] for row in again] == ['="0012"', "91450100MA5K000001", '="1-2"', '="450101199001011234"']
    assert [row["gdp_value"] for row in again] == [row["gdp_value"] for row in rows]


def test_xlsx_has_codes_as_text_exact_numbers_dictionary_and_citation(released, tmp_path):
    book = openpyxl.load_workbook(data_file(exported(released, tmp_path, "xlsx")["folder"]))
    header, *rows = book["data"].iter_rows(values_only=True)
    first, second, third, last = (dict(zip(header, row)) for row in rows)
    assert [row["code"] for row in (first, second, third, last)] == ["0012", "91450100MA5K000001", "1-2", "450101199001011234"]
    assert (first["persons_count"], second["persons_count"], first["amount_cny"], third["gdp_value"], last["persons_count"]) == ("12345678901234567", "-9007199254740993", 0.1, -0.1, 0)
    assert (first["observed_at"], second["observed_at"], last["observed_at"]) == (datetime(2024, 1, 20), "2024-07-20T00:00:00.123456", "1899-12-31T00:00:00")
    assert [row[0] for row in book["字典 dictionary"].iter_rows(min_row=2, values_only=True)] == list(header)
    assert any("guihu:" in str(row[0]) for row in book["引用 citation"].iter_rows(values_only=True))
    assert (book.properties.created, book.custom_doc_props["recipient"].value) == (datetime(2026, 1, 2, 3, 4, 5), "tester")


def test_parquet_tells_label_and_unit_of_each_field_and_whose_copy_it_is(released, tmp_path):
    path = data_file(exported(released, tmp_path, "parquet")["folder"])
    schema = parquet.read_schema(path)
    assert (schema.field("gdp_value").metadata[b"label_zh"].decode(), schema.field("amount_cny").metadata[b"unit"].decode()) == ("生产总值", "元")
    assert {column.compression for column in (parquet.read_metadata(path).row_group(0).column(n) for n in range(14))} == {"ZSTD"}
    assert parquet.read_metadata(path).metadata[b"recipient"] == b"tester"
    assert parquet.read_table(path).to_pylist() == duckdb.sql(f"from '{path}'").to_arrow_table().to_pylist()


def test_a_data_package_is_valid_and_its_key_is_checked(released, tmp_path):
    folder = exported(released, tmp_path, "datapackage")["folder"]
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.valid, report.flatten()
    package = frictionless.Package(str(folder / "datapackage.json"))
    assert package.resources[0].schema.primary_key == ["division_code", "period", "vintage_date"]
    assert [row["code"] for row in package.resources[0].read_rows()] == ["0012", "91450100MA5K000001", "1-2", "450101199001011234"]
    assert package.resources[0].schema.get_field("gdp_value").title == "生产总值 · Gross domestic product"
    twice = data_file(folder).read_text()
    data_file(folder).write_text(twice + twice.splitlines()[1] + "\n")
    assert not frictionless.validate(str(folder / "datapackage.json")).valid, "a row twice must break the key"


def test_sdmx_is_read_back_by_pysdmx_with_its_structure(released, tmp_path):
    from pysdmx.io.csv.sdmx20.reader import read
    from pysdmx.io.json.sdmxjson2.messages import JsonStructureMessage

    folder = exported(released, tmp_path, "sdmx-csv")["folder"]
    (data,) = read(data_file(folder).read_text())
    assert data.structure == "DataStructure=GUIHU:MART_MACRO__SERIES(1.0)"
    rows = data.data.to_dict("records")
    assert len(rows) == 4 * 3, "three measures of four rows"
    values = {(row["REF_AREA"], row["TIME_PERIOD"], row["VINTAGE"], row["MEASURE"]): (row["OBS_VALUE"], row["UNIT_MEASURE"], row["OBS_STATUS"]) for row in rows}
    assert len(values) == 12, "the dimensions tell every observation apart"
    assert tuple(map(str, values["450100", "2023-Q4", "2024-07-20", "gdp_value"])) == ("5469.06", "亿元", "A")
    assert tuple(map(str, values["450300", "2024-01-01/P2M", "2024-03-20", "gdp_value"]))[1:] == ("亿元", "M")
    assert values["450100", "2023-Q4", "2024-01-20", "persons_count"][1] == "人 persons"
    structure = __import__("msgspec").json.decode((folder / "structure.json").read_bytes(), type=JsonStructureMessage).to_model()
    (definition,) = structure.get_data_structure_definitions()
    assert [part.id for part in definition.components.dimensions] == ["MEASURE", "REF_AREA", "VINTAGE", "TIME_PERIOD"]
    assert {part.id for part in definition.components} == set(data.data.columns)


def test_stata_reads_labels_dates_and_the_time_of_the_release(released, tmp_path):
    path = data_file(exported(released, tmp_path, "dta", where="persons_count is null or abs(persons_count) < 9007199254740992")["folder"])
    with pd.io.stata.StataReader(path) as reader:
        frame = reader.read()
        assert (reader.time_stamp, reader.data_label[:6]) == ("02 Jan 2026 03:04", "guihu:")
        assert reader.variable_labels()["gdp_value"] == "生产总值 Gross domestic product"
    assert frame["code"].tolist() == ["1-2", "450101199001011234"]
    assert frame["vintage_date"].tolist() == [pd.Timestamp("2024-04-20"), pd.Timestamp("2024-03-20")]
    assert short_names(["a" * 40, "a" * 41, "b"]) == {"a" * 40: "a" * 32, "a" * 41: "a" * 30 + "_2", "b": "b"}
    with pytest.raises(DoesNotFit, match="persons_count"):
        exported(released, tmp_path, "dta")


@pytest.mark.parametrize("format, rows", [pytest.param("csv", NUMBERS, marks=pytest.mark.service), pytest.param("parquet", NUMBERS, marks=pytest.mark.service), ("xlsx", DIGITS), ("dta", DIGITS), ("sdmx-csv", DIGITS)])
def test_numbers_come_back_bit_by_bit(released, tmp_path, format, rows):
    question = {} if rows == NUMBERS else {"where": f"row_number < {rows}"} if format != "dta" else {"where": f"row_number < {rows} and row_number % 8 <> 6"}
    path = data_file(exported(released, tmp_path, format, "mart_economy__house_price", **question)["folder"], "mart_economy__house_price")
    kept = _values(path, format)
    made = duckdb.connect().execute("create schema mart; " + numbers(rows) + f"; select value from mart.mart_economy__house_price where {question.get('where', 'true')} order by row_number").fetchall()
    assert len(kept) == len(made)
    differ = sum(struct.pack("<d", a) != struct.pack("<d", b) for a, (b,) in zip(kept, made))
    assert differ == 0
    print(f"{format}: {len(kept) - differ:,} of {len(made):,} numbers unaltered, bit by bit")


@pytest.mark.parametrize("request_, words", [
    (Request("mart_nothing", "csv", "analyst", "t"), "mart_economy__house_price, mart_macro__change, mart_macro__series"),
    (Request("mart_macro__series", "csv", "analyst", "t", where="no_such = 1"), "division_code"),
    (Request("mart_macro__change", "csv", "analyst", "t", as_of=date(2024, 1, 1)), "no vintages"),
    (Request("mart_macro__change", "csv", "public", "t"), "mart_macro__series"),
    (Request("mart_macro__series", "csv", "analyst", "a\n- **b**"), "recipient"),
    (Request("release_info", "csv", "analyst", "t"), "mart_macro__series"),
])  # fmt: skip
def test_what_does_not_exist_is_answered_with_what_exists(released, tmp_path, request_, words):
    with pytest.raises(QueryRefused, match=words):
        export(released, request_, tmp_path)
    assert list(tmp_path.iterdir()) == [], "nothing half written stays"


def test_what_a_killed_export_left_goes_with_the_next(released, tmp_path):
    (tmp_path / ".export-dead").mkdir()
    (tmp_path / ".export-dead" / "half.csv").write_text("x")
    told = exported(released, tmp_path, "csv")
    assert list(tmp_path.iterdir()) == [told["folder"]]


def test_an_unknown_format_is_answered_with_those_that_exist(released, tmp_path):
    with pytest.raises(UnknownFormat, match="csv, parquet, xlsx, sdmx-csv, datapackage, dta"):
        exported(released, tmp_path, "pdf")


def test_a_rehearsal_tells_rows_columns_identifier_and_about_how_many_bytes(released, tmp_path):
    told, done = rehearse(released, Request("mart_economy__house_price", "csv", "analyst", "tester")), exported(released, tmp_path, "csv", "mart_economy__house_price")
    assert (told["rows"], told["columns"], told["identifier"]) == (NUMBERS, ["row_number", "whole", "value"], done["identifier"])
    assert 0.8 < told["bytes"] / done["bytes"] < 1.25


def _values(path, format) -> list[float]:
    if format == "parquet":
        return parquet.read_table(path)["value"].to_pylist()
    if format == "xlsx":
        return [row[2] for row in openpyxl.load_workbook(path, read_only=True)["data"].iter_rows(min_row=2, values_only=True)]
    if format == "dta":
        return pd.read_stata(path)["value"].tolist()
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        return [float(row["value"]) for row in rows] if format == "csv" else [float(row["OBS_VALUE"]) for row in rows if row["MEASURE"] == "value"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_rehearsal_tells_what_each_format_would_write(released, format):
    told = rehearse(released, Request("mart_macro__series", format, "analyst", "tester", where="persons_count = 0"))
    assert told["rows"] == 1 and told["bytes"] > 0
    assert told["columns"][0] == "division_code"
