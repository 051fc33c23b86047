"""guihu.read: a notebook gets what every other door gives, from the same file under the same policy."""

import subprocess
import sys
from datetime import date

import duckdb
import pandas as pd
import polars
import pyarrow as pa
import pytest

import guihu
from spark_jobs.publish.policy import DoorClosed, UnknownRole
from spark_jobs.publish.query import QueryRefused
from spark_jobs.publish.release import NoRelease
from spark_jobs.settings import CHECKOUT
from tests.publish.conftest import RELEASE


def test_it_gives_the_rows_of_the_serving_file_as_arrow_pandas_or_polars(released):
    rows = guihu.read("mart_macro__series", role="analyst", settings=released)
    with duckdb.connect(str(released.releases / RELEASE / "analyst" / "serve.duckdb"), read_only=True) as connection:
        connection.execute("set timezone = 'Asia/Shanghai'")
        assert rows.to_pylist() == connection.execute("from mart.mart_macro__series").to_arrow_table().to_pylist()
    assert isinstance(rows, pa.Table)
    for to, kind in {"pandas": pd.DataFrame, "polars": polars.DataFrame}.items():
        frame = guihu.read("mart_macro__series", role="analyst", settings=released, to=to)
        assert isinstance(frame, kind)
        assert list(frame["code"]) == rows["code"].to_pylist()


def test_units_labels_and_the_identifier_come_along(released):
    rows = guihu.read("mart_macro__series", role="analyst", settings=released)
    assert rows.schema.field("amount_cny").metadata[b"unit"].decode() == "元"
    assert rows.schema.metadata[b"identifier"].startswith(f"guihu:{RELEASE}/mart_macro__series@".encode())


def test_a_day_may_be_a_date_or_text_and_a_condition_narrows(released):
    for day in (date(2024, 5, 1), "2024-05-01"):
        rows = guihu.read("mart_macro__series", role="analyst", settings=released, as_of=day, where="division_code = '450100'")
        assert rows.select(["gdp_value", "is_latest"]).to_pylist() == [{"gdp_value": 5218.34, "is_latest": True}]


@pytest.mark.parametrize("question, fault, words", [
    ({"dataset": "mart_nothing"}, QueryRefused, "mart_macro__series"),
    ({"role": "nobody"}, UnknownRole, "analyst"),
    ({"role": "public", "dataset": "mart_macro__change"}, (QueryRefused, DoorClosed), "mart_macro__series|door"),
    ({"release": "20200101T000000-00000000"}, NoRelease, "guihu release list"),
    ({"release": "../../etc"}, NoRelease, "guihu release list"),
    ({"where": "1 = (select 1)"}, QueryRefused, "condition"),
    ({"to": "excel"}, ValueError, "arrow, pandas, polars"),
    ({"as_of": "yesterday"}, ValueError, "yesterday"),
])  # fmt: skip
def test_what_does_not_fit_is_refused_with_words(released, question, fault, words):
    with pytest.raises(fault, match=words):
        guihu.read(**{"dataset": "mart_macro__series", "role": "analyst", "settings": released} | question)


def test_a_notebook_in_the_checkout_imports_it(released):
    code = "import guihu; print(guihu.list_datasets(role='analyst'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, env={"GUIHU_HOME": str(released.home), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "['mart_economy__house_price', 'mart_macro__change', 'mart_macro__series']", done.stderr
