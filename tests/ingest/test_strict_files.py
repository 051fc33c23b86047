"""A file that cannot be trusted is refused whole; a line that is broken is cut out with its code and its bytes."""

import pytest

from expectations.feed import Dialect
from spark_jobs.ingest.readers import csv
from spark_jobs.ingest.refusal import Refused

PLAIN = Dialect("file", "x/y/*.csv", "csv")
GB = Dialect("file", "x/y/*.csv", "csv", encoding="GB18030")


def read(tmp_path, content: bytes, dialect: Dialect = PLAIN):
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    plan = csv.inspect(path, dialect)
    return plan, [row for part in plan.parts for row in csv.read(path, dialect, plan, part).to_pylist()]


@pytest.mark.parametrize(
    "line, code",
    [
        (b"1,2,3", "WIDTH"),
        (b"1", "WIDTH"),
        (b'1,a"b', "STRAY_QUOTE"),
        (b'1,"a"b', "TEXT_AFTER_QUOTE"),
        (b'1,"ab', "UNCLOSED_QUOTE"),
        (b"1,a\x00b", "CONTROL_CHAR"),
        (b"1,a\rb", "LONE_CR"),
        ("1,a\ufffdb".encode(), "U_FFFD"),
        (b"", "EMPTY_ROW"),
        (b"id,name", "REPEATED_HEADER"),
    ],
)
def test_a_broken_line_is_cut_out_and_its_neighbours_are_kept(tmp_path, line, code):
    _, rows = read(tmp_path, b"id,name\n1,before\n" + line + b"\n3,after\n")
    assert [r["name"] for r in rows if r["_defect"] is None] == ["before", "after"]
    assert [(r["_defect"], r["_row"]) for r in rows if r["_defect"]] == [(code, 3)]


@pytest.mark.parametrize("name", ["𠮷野家", "㐀", "a \"quoted\" word, with comma", "", " 留白 ", "'; drop table x"])
def test_odd_but_legal_values_come_back_as_they_were(tmp_path, name):
    cell = '"' + name.replace('"', '""') + '"'
    for dialect, encoding in ((PLAIN, "utf-8"), (GB, "gb18030")):
        _, rows = read(tmp_path, f"id,名称\r\n1,{cell}\r\n".encode(encoding), dialect)
        assert rows[0]["名称"] == name
        assert rows[0]["_defect"] is None


@pytest.mark.parametrize(
    "content, dialect, code",
    [
        (b"", PLAIN, "EMPTY_FILE"),
        ("id,名称\n1,横州市行政区\n".encode("gb18030"), PLAIN, "DECLARED_UTF8_IS_GB18030"),
        ("id,名称\n1,横州市行政区\n".encode(), GB, "DECLARED_GB18030_IS_UTF8"),
        ("id,名称\n1,横州市行政区\n".encode() + "2,武鸣区行政区\n".encode("gb18030"), PLAIN, "MIXED_ENCODING"),
        (b"PK\x03\x04rest", PLAIN, "WRONG_TYPE"),
        (b"id,id\n1,2\n", PLAIN, "HEADER_DUPLICATE"),
        (b"id,name\n1," + b"x" * (11 << 20) + b"\n", PLAIN, "LINE_TOO_LONG"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_whole(tmp_path, content, dialect, code):
    with pytest.raises(Refused) as refusal:
        read(tmp_path, content, dialect)
    assert refusal.value.code == code


def test_a_file_of_many_blocks_loses_no_row(tmp_path, monkeypatch):
    """Parts are cut at line ends, whatever the block: every row comes back once, in order, with its line number."""
    lines = [f'{i},"{"x" * (i % 50)}""{i}"' if i % 7 else f"{i}" for i in range(2, 3000)]
    for block in (64, 1000, 10_000):
        monkeypatch.setattr(csv, "BLOCK", block)
        plan, rows = read(tmp_path, ("id,name\n" + "\n".join(lines) + "\n").encode())
        assert plan.records == len(lines)
        assert sorted(row["_row"] for row in rows) == list(range(2, len(lines) + 2))
        assert all(row["_original"] == row_line if row["_defect"] else row["id"] == str(row["_row"]) for row in rows for row_line in [lines[row["_row"] - 2]])
