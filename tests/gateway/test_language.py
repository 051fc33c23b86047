"""HJ 212 itself: packets, messages and answers, held against what the standard prints."""

import time

import pytest

from spark_jobs.ingest.hj212 import Fault
from spark_jobs.ingest.hj212.answers import answers
from spark_jobs.ingest.hj212.messages import items, parse
from spark_jobs.ingest.hj212.packets import crc16, cut, packed, unpacked

PRINTED = b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n"  # 6.3.1 and annex A
HEADER = "QN=20160801085857223;ST=32;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5;"


def test_the_packet_that_the_standard_prints():
    assert crc16(PRINTED[6:-6]) == 0x1C80
    assert packed(unpacked(PRINTED[:-2])) == PRINTED


@pytest.mark.parametrize("received, lines, rest", [
    (PRINTED[:40], [], PRINTED[:40]),
    (PRINTED + PRINTED[:7], [PRINTED[:-2]], PRINTED[:7]),
    (PRINTED * 3, [PRINTED[:-2]] * 3, b""),
    (b"\r\n" + PRINTED, [PRINTED[:-2]], b""),
    (b"\x00noise" + PRINTED, [b"\x00noise", PRINTED[:-2]], b""),
    (PRINTED[:50] + PRINTED, [PRINTED[:50], PRINTED[:-2]], b""),
    (PRINTED[:-2] + PRINTED[:-2] + PRINTED, [PRINTED[:-2]] * 3, b""),
])  # fmt: skip
def test_lines_are_parted_and_a_whole_packet_is_never_lost_with_a_torn_one(received, lines, rest):
    assert cut(received) == (lines, rest)


@pytest.mark.parametrize("line, code", [
    (b"GET / HTTP/1.1", "HJ_FRAME"),
    (b"##01", "HJ_FRAME"),
    (b"##0102" + PRINTED[6:-2], "HJ_LENGTH"),
    (PRINTED[:-6] + b"1C81", "HJ_CRC"),
    (PRINTED[:-2].replace(b"=30", b"=31"), "HJ_CRC"),
])  # fmt: skip
def test_a_broken_packet_is_named(line, code):
    with pytest.raises(Fault) as fault:
        unpacked(line)
    assert fault.value.code == code


@pytest.mark.parametrize("segment, code", [
    ("QN=20160801085857223,ST=32;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5;CP=&&&&", "HJ_HEADER"),  # , for ; as printed in annex C
    ("QN=20160801085857223;ST=32;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5CP=&&&&", "HJ_HEADER"),  # no ; before CP
    ("QN=20160801085857223;ST=32;CN=2011;PW=123456;MN=010000A8900016F0001;Flag=5;CP=&&&&", "HJ_HEADER"),  # short MN
    ("QN=20160801085857223;QN=20160801085857223;ST=32;CN=2011;PW=1;MN=010000A8900016F000169DC0;Flag=5;CP=&&&&", "HJ_HEADER"),
    ("ST=32;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5;CP=&&&&", "HJ_HEADER"),
    (HEADER.replace("Flag=5", "Flag=256") + "CP=&&&&", "HJ_HEADER"),
    (HEADER + "CP=&&DataTime=20160801000000", "HJ_HEADER"),
    (HEADER.replace("Flag=5", "Flag=7") + "CP=&&&&", "HJ_PACKET"),
    (HEADER + "PNUM=2;PNO=1;CP=&&&&", "HJ_PACKET"),
    (HEADER.replace("Flag=5", "Flag=7") + "PNUM=2;PNO=3;CP=&&&&", "HJ_PACKET"),
    (HEADER + "CP=&&w01018&&", "HJ_ITEM"),
    (HEADER + "CP=&&w01018-Avg=1,w01018-Avg=2&&", "HJ_ITEM"),
    (HEADER + "CP=&&LMx-NightData=LMn-NightData=42.0&&", "HJ_ITEM"),  # as printed in annex C
])  # fmt: skip
def test_a_message_that_breaks_the_standard_is_named(segment, code):
    with pytest.raises(Fault) as fault:
        parse(segment.encode())
    assert fault.value.code == code


def test_items_of_a_message():
    message = parse((HEADER + "CP=&&DataTime=20160801000000;w01018-Min=1.1,w01018-Avg=2.2;SB1-RS=1;PolId=w01018;&&").encode())
    assert items(message) == {"DataTime": {"": "20160801000000"}, "w01018": {"Min": "1.1", "Avg": "2.2"}, "SB1": {"RS": "1"}, "PolId": {"": "w01018"}}
    assert (message.edition, message.wants_answer, message.packets, message.packet) == ("2017", True, 1, 1)


@pytest.mark.parametrize("cn, flag, area, wanted", [
    ("2011", 5, "DataTime=20160801085857;w01018-Rtd=1", ["CN=9014 CP=&&&&"]),
    ("2011", 4, "DataTime=20160801085857;w01018-Rtd=1", []),
    ("2061", 9, "DataTime=20260801080000;w01018-Avg=1", ["CN=9014 CP=&&&&"]),
    ("2061", 1, "DataTime=20160801080000;B01-Avg=1", ["CN=9011 CP=&&QnRtn=6&&"]),  # edition 2005
    ("1013", 5, "PolId=w01018", ["CN=9013 CP=&&&&"]),
    ("9015", 9, "", ["CN=9013 CP=&&&&"]),
    ("1061", 5, "RtdInterval=30", ["CN=9014 CP=&&&&"]),
    ("1061", 5, "", ["CN=9011 CP=&&QnRtn=2&&", "CN=9012 CP=&&ExeRtn=3&&"]),
    ("2061", 5, "BeginTime=20160801080000,EndTime=20160801080000", ["CN=9011 CP=&&QnRtn=2&&", "CN=9012 CP=&&ExeRtn=3&&"]),
    ("9012", 5, "ExeRtn=1", []),
])  # fmt: skip
def test_answers(cn, flag, area, wanted):
    message = parse(f"QN=20160801085857223;ST=32;CN={cn};PW=123456;MN=010000A8900016F000169DC0;Flag={flag};CP=&&{area}&&".encode())
    sent, rest = cut(answers(message, frozenset({"2017", "2025"})))
    assert rest == b""
    texts = [unpacked(line).decode() for line in sent]
    for text in texts:
        assert text.startswith(f"QN=20160801085857223;ST=91;CN={text.split('CN=')[1][:4]};PW=123456;MN=010000A8900016F000169DC0;Flag={flag & ~3};CP=")
    assert [f"CN={text.split('CN=')[1][:4]} CP={text.split('CP=')[1]}" for text in texts] == wanted


@pytest.mark.parametrize("hostile", [b"#" * 1_000_000, b"##0101" * 200_000, b"##0000" * 200_000, PRINTED[:-2] * 5_000], ids=["signs", "heads", "empty heads", "glued"])
def test_parting_takes_time_in_proportion(hostile):
    started = time.process_time()
    lines, _ = cut(hostile + b"\r\n")
    assert time.process_time() - started < 5
    assert b"".join(lines) == hostile
