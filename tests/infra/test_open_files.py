"""Superset's workers hold serving files open; a file that was made again under the same name is another file. No service."""

import threading

import duckdb
import pytest

from infra.superset import open_files


@pytest.fixture
def file(tmp_path):
    def write(answer: str):
        with duckdb.connect(str(tmp_path / "draft.duckdb")) as connection:
            connection.execute("create table answer as select ? as answer", [answer])
        return (tmp_path / "draft.duckdb").rename(tmp_path / "serve.duckdb")

    return write


def ask(connection) -> str:
    return connection.execute("select answer from answer").fetchone()[0]


def test_connections_to_one_file_are_separate_and_each_can_be_interrupted_alone(file):
    path = file("one")
    first, second = open_files.connection(path), open_files.connection(path)
    threading.Timer(0.2, first.interrupt).start()
    with pytest.raises(duckdb.InterruptException):
        first.execute("select sum(a.range * b.range) from range(1000000) a, range(100000) b").fetchall()
    first.close()
    assert ask(second) == "one"


def test_a_file_made_again_under_the_same_name_is_the_one_that_answers(file):
    open_files.connection(file("former")).close()
    assert ask(open_files.connection(file("today's"))) == "today's"


def test_nobody_is_answered_from_a_former_file_while_somebody_still_reads_it(file, monkeypatch):
    monkeypatch.setattr(open_files, "PATIENCE", 0.2)
    reading = open_files.connection(file("former"))
    path = file("today's")
    with pytest.raises(duckdb.ConnectionException):
        open_files.connection(path)
    assert ask(reading) == "former"
    reading.close()
    assert ask(open_files.connection(path)) == "today's"


def test_only_so_many_files_are_held_and_who_reads_one_that_was_let_go_reads_on(file, tmp_path):
    reading = open_files.connection(file("read on"))
    for number in range(open_files.HELD + 3):
        path = tmp_path / f"{number}.duckdb"
        duckdb.connect(str(path)).close()
        open_files.connection(path).close()
    assert len(open_files._held) == open_files.HELD
    assert ask(reading) == "read on"


@pytest.mark.parametrize("statement", ["set memory_limit = '9GB'", "copy (select 1) to '/tmp/out.csv'", "insert into answer values ('two')", "load httpfs"])
def test_a_connection_can_change_nothing(file, statement):
    connection = open_files.connection(file("one"))
    with pytest.raises(duckdb.Error):
        connection.execute(statement)
