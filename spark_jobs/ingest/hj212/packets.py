"""The packet (HJ 212-2017, 6.3.1): `##`, length of the data segment in four digits, the data segment, its CRC in four hexadecimal digits, CRLF."""

import re

from spark_jobs.ingest.hj212 import Fault

HEAD, END = b"##", b"\r\n"
LONGEST = len(HEAD) + 4 + 9999 + 4  # bytes before CRLF that four digits can announce
BEGINNING = re.compile(rb"(?=##([0-9]{4}))")
PACKET = re.compile(rb"##([0-9]{4})(.*)([0-9A-Fa-f]{4})", re.DOTALL)


def cut(received: bytes) -> tuple[list[bytes], bytes]:
    """The lines that are complete, without CRLF, and the beginning of the next one.

    A data segment never holds CRLF, so a line is at most one message. Where noise or a torn packet stands before a whole
    packet in one line, the two are parted: the good one is not lost with the bad one.
    """
    *lines, rest = received.split(END)
    return [piece for line in lines for piece in _parted(line)], rest


def packed(segment: bytes) -> bytes:
    """The packet of a data segment, CRLF included."""
    return b"%s%04d%s%04X%s" % (HEAD, len(segment), segment, crc16(segment), END)


def unpacked(line: bytes) -> bytes:
    """The data segment of a line. Raises Fault HJ_FRAME, HJ_LENGTH or HJ_CRC."""
    found = PACKET.fullmatch(line)
    if not found:
        raise Fault("HJ_FRAME", "no packet: ## and four digits at the beginning, four hexadecimal digits at the end")
    announced, segment, sent = int(found[1]), found[2], int(found[3], 16)
    if announced != len(segment):
        raise Fault("HJ_LENGTH", f"the packet announces {announced} bytes of data, it holds {len(segment)}")
    if sent != (right := crc16(segment)):
        raise Fault("HJ_CRC", f"the CRC is {sent:04X}, the data give {right:04X}")
    return segment


def crc16(data: bytes) -> int:
    """HJ 212-2017 annex A. It is not the CRC-16 of Modbus: each byte meets the upper half of the register, shifted down."""
    register = 0xFFFF
    for byte in data:
        register = _TABLE[(register >> 8) ^ byte]
    return register


def _parted(line: bytes) -> list[bytes]:
    """From the end of the line backwards: each whole packet, and what stands before the first of them."""
    pieces, end = [], len(line)
    for found in reversed(list(BEGINNING.finditer(line, 1))):
        place = found.start()
        if place + len(HEAD) + 4 + int(found[1]) + 4 == end and _is_whole(line[place:end]):
            pieces.append(line[place:end])
            end = place
    return [line[:end], *reversed(pieces)] if line else []


def _is_whole(line: bytes) -> bool:
    try:
        unpacked(line)
    except Fault:
        return False
    return True


def _eight_shifts(register: int) -> int:
    for _ in range(8):
        register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return register


_TABLE = [_eight_shifts(value) for value in range(256)]
