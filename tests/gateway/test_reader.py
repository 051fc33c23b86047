"""The reader: a file of messages becomes text rows, one for each item, and every line that is no message a defect of its own code."""

from collections import Counter

import pytest

from expectations.contract import load_feed
from spark_jobs.ingest import bronze, landing
from spark_jobs.ingest.hj212.packets import packed
from spark_jobs.ingest.readers import hj212
from spark_jobs.ingest.refusal import Refused
from tests.gateway.monitors import FEED, hourly

DIALECT = load_feed(FEED).dialects[0]
HEADER = "QN=20160801085857223;ST=32;CN={cn};PW=secret;MN=010000A8900016F000169DC0;Flag=5;"


def rows_of(path) -> list[dict]:
    plan = hj212.inspect(path, DIALECT)
    return [row for part in plan.parts for row in hj212.read(path, DIALECT, plan, part).to_pylist()]


def test_a_row_for_each_item_with_every_field_in_its_column(tmp_path):
    path = tmp_path / "a.hj212"
    area = "DataTime=20160801084000;w01018-Cou=10.5,w01018-Avg=40.1,w01018-Flag=N;SB1-RS=1;Leq-Data=50.0;a21026-ZsAvg=3,a21026-New=7;PolId=w01018;"
    path.write_bytes(packed(f"{HEADER.format(cn=2051)}CP=&&{area}&&".encode()) + packed(f"{HEADER.format(cn=9014)}CP=&&&&".encode()))
    rows = rows_of(path)
    told = [(row["_row"], row["Item"], {k: v for k, v in row.items() if v and (k.startswith("Item-") or k in ("Value", "Other"))}) for row in rows]
    assert told == [
        (1, "w01018", {"Item-Avg": "40.1", "Item-Cou": "10.5", "Item-Flag": "N"}),
        (1, "SB1", {"Item-RS": "1"}),
        (1, "Leq", {"Item-Data": "50.0"}),
        (1, "a21026", {"Item-ZsAvg": "3", "Other": "New=7"}),
        (1, "PolId", {"Value": "w01018"}),
        (2, "CP", {}),
    ]
    assert {row["DataTime"] for row in rows} == {"20160801084000", None}
    assert all(row["_defect"] is None and row["PNO"] == "1" and "secret" not in str(row) for row in rows)


def test_every_fault_is_one_row_with_its_code_and_the_line_without_its_password(tmp_path):
    path = tmp_path / "a.hj212"
    whole = packed(f"{HEADER.format(cn=2011)}CP=&&DataTime=20160801084000;w01018-Rtd=1&&".encode())
    lines = [whole, whole.replace(b"Rtd=1", b"Rtd=2"), whole.replace(b"##0", b"##1"), b"noise\r\n", packed(f"{HEADER.format(cn=2011)}CP=&&w01018&&".encode()), whole[:60]]
    path.write_bytes(b"".join(lines))
    rows = rows_of(path)
    assert [(row["_row"], row["_defect"]) for row in rows] == [(1, None), (2, "HJ_CRC"), (3, "HJ_LENGTH"), (4, "HJ_FRAME"), (5, "HJ_ITEM"), (6, "HJ_LENGTH")]
    assert "PW=******;MN=010000A8900016F000169DC0" in rows[1]["_original"] and "secret" not in str(rows)
    assert hj212.inspect(path, DIALECT).defects == Counter({"HJ_LENGTH": 2, "HJ_FRAME": 1, "HJ_CRC": 1, "HJ_ITEM": 1})


def test_a_large_file_is_read_in_parts_that_lose_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(hj212, "BLOCK", 1000)
    path = tmp_path / "a.hj212"
    path.write_bytes(b"".join(hourly(number) for number in range(100)))
    plan = hj212.inspect(path, DIALECT)
    assert len(plan.parts) > 10 and plan.records == 100
    assert [row["_row"] for row in rows_of(path)] == list(range(1, 101))


@pytest.mark.parametrize("data, code", [(b"", "EMPTY_FILE"), (b"a,b\r\n1,2\r\n", "WRONG_TYPE")])
def test_a_file_of_something_else_is_refused(tmp_path, data, code):
    path = tmp_path / "a.hj212"
    path.write_bytes(data)
    with pytest.raises(Refused) as refusal:
        hj212.inspect(path, DIALECT)
    assert refusal.value.code == code


def test_the_contract_knows_every_column(tmp_path):
    path = tmp_path / "a.hj212"
    path.write_bytes(hourly(1))
    feed = load_feed(FEED)
    plan = bronze.inspect(path, feed, landing.imagine(feed, path))
    assert plan.records == 1
