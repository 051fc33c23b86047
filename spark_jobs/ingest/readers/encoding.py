"""Which encoding a text file really has: strictly what its contract declares, or a refusal that says what it is instead."""

import codecs

from spark_jobs.ingest.refusal import Refused

BOM = codecs.BOM_UTF8
FOREIGN = {b"PK\x03\x04": "a ZIP or XLSX file", b"%PDF": "a PDF file", b"\xd0\xcf\x11\xe0": "an old Office file", b"\x1f\x8b": "a gzip file", b"<!DO": "an HTML page", b"<htm": "an HTML page"}


def check_text_file(data: bytes, declared: str) -> int:
    """Offset of the first character after a byte order mark. Raises Refused for an empty, foreign or wrongly encoded file."""
    if not data:
        raise Refused("EMPTY_FILE", "the file has no bytes")
    for magic, what in FOREIGN.items():
        if data.startswith(magic):
            raise Refused("WRONG_TYPE", f"the file is {what}, its contract says text in {declared}")
    start = len(BOM) if data.startswith(BOM) else 0
    text = memoryview(data)[start:]
    if declared == "UTF-8":
        _check_utf8(text)
    else:
        _check_gb18030(text, bool(start))
    return start


def _check_utf8(text: memoryview) -> None:
    place = _first_fault(text, "utf-8")
    if place is None:
        return
    where = _line_of(text, place)
    if _first_fault(text, "gb18030") is None:
        if _holds_utf8_line(text):
            raise Refused("MIXED_ENCODING", f"line {where} is GB18030, others are UTF-8; the contract says UTF-8")
        raise Refused("DECLARED_UTF8_IS_GB18030", f"line {where} is GB18030; the contract says UTF-8. Send UTF-8, or change the contract")
    code = "MIXED_ENCODING" if _holds_utf8_line(text) else "BAD_ENCODING"
    raise Refused(code, f"line {where} (byte {place}) is not UTF-8")


def _check_gb18030(text: memoryview, marked: bool) -> None:
    place = _first_fault(text, "gb18030")
    if place is not None:
        raise Refused("BAD_ENCODING", f"line {_line_of(text, place)} (byte {place}) is not GB18030")
    ascii_only = _first_fault(text, "ascii") is None
    if marked or (not ascii_only and _first_fault(text, "utf-8") is None):
        raise Refused("DECLARED_GB18030_IS_UTF8", "the whole file is UTF-8; the contract says GB18030")


def _first_fault(text: memoryview, encoding: str) -> int | None:
    """Position of the first byte that does not decode, None when all do. Decoded in pieces, so a large file needs no second copy."""
    decoder = codecs.getincrementaldecoder(encoding)()
    step, pending = 1 << 24, 0
    for offset in range(0, len(text), step):
        piece = text[offset : offset + step]
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(piece, final=offset + step >= len(text))
        except UnicodeDecodeError as fault:
            return max(offset - pending + fault.start, 0)
    return None


def _line_of(text: memoryview, place: int) -> int:
    return bytes(text[:place]).count(b"\n") + 1


def _holds_utf8_line(text: memoryview) -> bool:
    """Whether some line with at least four characters outside ASCII is valid UTF-8: shorter ones are so by chance."""
    for line in bytes(text).split(b"\n"):
        if line.isascii():
            continue
        try:
            decoded = line.decode("utf-8")
        except UnicodeDecodeError:
            continue
        if sum(ord(c) > 127 for c in decoded) >= 4:
            return True
    return False
