"""HJ 212 messages in a file, one a line with CRLF: a row for each message and item (factor, device, parameter) of its data area.

`_row` is the number of the message in the file. A line that is no message, or breaks the standard, is one defective row;
the password in it is masked. A message whose data area names no item (a heartbeat, an answer) is one row of the item CP.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from expectations.feed import Dialect
from spark_jobs.ingest.hj212 import Fault
from spark_jobs.ingest.hj212.answers import kind_of
from spark_jobs.ingest.hj212.messages import WHOLE, Message, items, message_of
from spark_jobs.ingest.hj212.packets import END, cut
from spark_jobs.ingest.readers import Part, Plan, text_table
from spark_jobs.ingest.refusal import Refused

BLOCK = 16 << 20
MESSAGE_COLUMNS = ("MN", "QN", "ST", "CN", "Kind", "Flag", "PNUM", "PNO", "Length", "DataTime")
SUFFIXES = ("Rtd", "Min", "Avg", "Max", "ZsRtd", "ZsMin", "ZsAvg", "ZsMax", "Cou", "Flag", "EFlag", "SampleTime", "Data", "DayData", "NightData", "RS", "RT", "Info", "SN")
HEADERS = (*MESSAGE_COLUMNS, "Item", *(f"Item-{suffix}" for suffix in SUFFIXES), "Value", "Other")
PASSWORD = re.compile(r"PW=[^;]*")


def inspect(path: Path, dialect: Dialect) -> Plan:
    """Read the whole file once. Raises Refused for an empty file and for one in which no line is a message."""
    data = path.read_bytes()
    if not data:
        raise Refused("EMPTY_FILE", "the file has no bytes")
    parts, defects, records = [], Counter(), 0
    for offset, length in _blocks(data):
        lines = _lines(data[offset : offset + length])
        parts.append(Part(offset, length, records + 1))
        records += len(lines)
        defects.update(code for code in map(_defect, lines) if code)
    if defects["HJ_FRAME"] == records:
        raise Refused("WRONG_TYPE", f"none of the {records} lines is an HJ 212 packet")
    return Plan(HEADERS, "HJ 212", records, tuple(parts), dict(defects))


def read(path: Path, dialect: Dialect, plan: Plan, part: Part) -> pa.Table:
    """The rows of one part, in the order of the file."""
    with path.open("rb") as file:
        file.seek(part.offset)
        lines = _lines(file.read(part.length))
    rows, numbers, defects, originals = [], [], [], []
    for number, line in enumerate(lines, part.first_row):
        try:
            found, code, original = list(_rows(message_of(line), line)), None, None
        except Fault as fault:
            found, code, original = [{}], fault.code, _shown(line)
        rows += found
        numbers += [number] * len(found)
        defects += [code] * len(found)
        originals += [original] * len(found)
    columns = [[row.get(header) for row in rows] for header in HEADERS]
    return text_table(HEADERS, columns, numbers, defects, originals)


def _rows(message: Message, line: bytes) -> Iterator[dict[str, str]]:
    found = items(message)
    head = {
        "MN": message.mn,
        "QN": message.qn,
        "ST": message.st,
        "CN": message.cn,
        "Kind": kind_of(message),
        "Flag": str(message.flag),
        "PNUM": str(message.packets),
        "PNO": str(message.packet),
        "Length": line[2:6].decode(),
        "DataTime": found.pop("DataTime", {}).get(""),
    }
    for item, fields in (found or {WHOLE: {}}).items():
        known = {f"Item-{suffix}": fields[suffix] for suffix in SUFFIXES if suffix in fields}
        other = [f"{suffix}={value}" for suffix, value in fields.items() if suffix and suffix not in SUFFIXES]
        yield {**head, "Item": item, **known, "Value": fields.get(""), "Other": ",".join(other) or None}


def _defect(line: bytes) -> str | None:
    try:
        message_of(line)
    except Fault as fault:
        return fault.code
    return None


def _lines(block: bytes) -> list[bytes]:
    """The lines of a block; the last one may lack its CRLF, and is then a message all the same."""
    lines, rest = cut(block)
    return [*lines, *([rest] if rest else [])]


def _blocks(data: bytes) -> Iterator[tuple[int, int]]:
    """Spans of about BLOCK bytes that end after a CRLF."""
    start = 0
    while start < len(data):
        end = data.find(END, start + BLOCK)
        stop = len(data) if end < 0 else end + len(END)
        yield start, stop - start
        start = stop


def _shown(line: bytes) -> str:
    return PASSWORD.sub("PW=******", line.decode("utf-8", "backslashreplace"))
