"""Hostile statements at the doors of the command and of the notebook, on a small serving file. No service."""

from pathlib import Path

import duckdb
import pytest

from spark_jobs.publish import query
from tests.doors import hostile

SENTINEL = "guihu-sentinel-7f3a"


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A role's file, another role's file and a file outside, both of which hold the sentinel."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, word in (("serve", "harmless"), ("other", SENTINEL)):
        with duckdb.connect(str(folder / f"{name}.duckdb")) as made:
            made.execute(f"create schema mart; create table mart.release_info as select '{word}' as release_id")
    (folder / "secret.csv").write_text(f"word\n{SENTINEL}\n", encoding="utf-8")
    return folder


def test_no_statement_leaves_the_file_by_the_command(place):
    before = {path: path.read_bytes() for path in place.iterdir()}
    every = hostile.statements(str(place / "secret.csv"), str(place / "other.duckdb"))
    answered, told = [], []
    for statement in every:
        try:
            columns, rows = query.ask(place / "serve.duckdb", statement)
        except query.QueryRefused as refused:
            told.append(str(refused))
        else:
            answered.append((statement, columns, rows))
    print(f"hostile statements: {len(every)}, refused {len(every) - len(answered)}, answered {len(answered)}")
    assert len(every) >= 200
    assert answered == [] and not any(SENTINEL in words for words in told)
    assert {path: path.read_bytes() for path in place.iterdir()} == before
    assert query.ask(place / "serve.duckdb", "select release_id from mart.release_info")[1] == [("harmless",)]


def test_what_was_known_on_a_day_is_answered_by_the_files_own_macro(place, tmp_path):
    with duckdb.connect(str(tmp_path / "serve.duckdb")) as made:
        made.execute("create schema mart; create table mart.mart_x as select 1 as n; create macro mart.mart_x__as_of(day) as table select * from mart.mart_x where day >= date '2024-01-01'")
    assert query.ask(tmp_path / "serve.duckdb", "select n from mart.mart_x__as_of(date '2024-07-20')")[1] == [(1,)]
    assert query.ask(tmp_path / "serve.duckdb", "select n from mart.mart_x__as_of(date '2023-07-20')")[1] == []
