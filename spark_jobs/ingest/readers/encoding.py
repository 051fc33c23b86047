"""A text file's bytes as they can be read: which encoding it really has, by strict decoding, or a refusal that says what it is instead."""

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from expectations.feed import Dialect
from spark_jobs.ingest.refusal import Refused

DETECT = "detect"
BOMS = {codecs.BOM_UTF8: "UTF-8", b"\x84\x31\x95\x33": "GB18030"}
WIDE_BOMS = {codecs.BOM_UTF16_LE: "UTF-16LE", codecs.BOM_UTF16_BE: "UTF-16BE"}
END_OF_FILE = b"\x1a"  # the mark that DOS programs put behind the last line
FOREIGN = {
    b"PK\x03\x04": "a ZIP or XLSX file",
    b"%PDF": "a PDF file",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"\x1f\x8b": "a gzip file",
    b"Rar!": "a RAR file",
    b"7z\xbc\xaf": "a 7z file",
    b"{\\rtf": "an RTF file",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"<!doctype html": "an HTML page",
    b"<html": "an HTML page",
    b"<?xml": "an XML file",
}
# Words of every register, as they look when their UTF-8 was read as GBK and saved again; 锟斤拷 is U+FFFD treated so.
WORDS = ("名称", "公司", "有限", "广西", "南宁", "单位")
MOJIBAKE = re.compile("|".join(["锟斤拷", *(word.encode().decode("gb18030", "replace")[:2] for word in WORDS)]).encode())
LONGEST_CHARACTER = 4  # bytes
BLOCK = 16 << 20
SECRETS = (b"-----BEGIN", b"password=", b"passwd=", b"access_token=", b"secret_key=")


@dataclass(frozen=True)
class Text:
    """The characters of a file lie in `data[start:end]`, in `encoding`. `notes` say what was normalised.

    `data` are the bytes of the file itself, except where they had to be rewritten as a whole (UTF-16, lines that end with CR only).
    """

    data: bytes
    start: int
    end: int
    encoding: str
    notes: tuple[str, ...]
    is_rewritten: bool


def open_text(path: Path, dialect: Dialect, is_decoded_later: bool = False) -> Text:
    """Raises Refused for an empty, foreign or wrongly encoded file, and for one that carries a password or key.

    A caller that decodes all of it strictly anyway spares the file one decoding, and calls `refuse_undecodable` where it meets an error.
    """
    data, notes = path.read_bytes(), []
    _check_kind(data, dialect)
    wide = next((name for bom, name in WIDE_BOMS.items() if data.startswith(bom)), None)
    if wide:
        data = _from_utf16(data, wide)
        notes.append(f"ENCODING: the file is {wide}, told by its byte order mark")
    marked = next((name for bom, name in BOMS.items() if data.startswith(bom)), None)
    start = len(next(bom for bom in BOMS if data.startswith(bom))) if marked else 0
    if marked:
        notes.append(f"BOM: a byte order mark of {marked} stands before the text")
    if start == len(data):
        raise Refused("EMPTY_FILE", "the file holds a byte order mark and nothing else")
    encoding = "UTF-8" if wide else _encoding(memoryview(data)[start:], dialect.encoding, marked, notes, is_decoded_later)
    has_only_returns = data.find(b"\r") >= 0 and data.find(b"\n") < 0
    if has_only_returns:
        data = data.replace(b"\r", b"\n")
        notes.append("LINE_ENDS: every line ends with CR alone")
    end = len(data.rstrip(END_OF_FILE)) if data.endswith(END_OF_FILE) else len(data)
    if end < len(data):
        notes.append("END_OF_FILE: a 0x1A stands behind the last line")
    _check_secrets(data)
    return Text(data, start, end, encoding, tuple(notes), bool(wide) or has_only_returns)


def piece_of(path: Path, dialect: Dialect, is_rewritten: bool, offset: int, length: int) -> bytes:
    """Bytes of the text; of a file that is not rewritten only these bytes are read."""
    if is_rewritten:
        status = path.stat()
        return _opened(path, dialect, status.st_mtime_ns, status.st_size).data[offset : offset + length]
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)


@lru_cache(maxsize=1)
def _opened(path: Path, dialect: Dialect, _modified: int, _size: int) -> Text:
    return open_text(path, dialect)


def _check_kind(data: bytes, dialect: Dialect) -> None:
    if not data:
        raise Refused("EMPTY_FILE", "the file has no bytes")
    head = data[:256].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for magic, what in FOREIGN.items():
        if head.startswith(magic.lower()) and (dialect.format, magic) != ("xml", b"<?xml"):
            raise Refused("WRONG_TYPE", f"the file is {what}, its contract says {dialect.format} in {dialect.encoding}")


def _check_secrets(data: bytes) -> None:
    """H13: a key or password has no place in a delivery; what it opens is no longer safe."""
    has_assignment = data.find(b"=") >= 0
    for secret in SECRETS:
        place = data.find(secret) if has_assignment or not secret.endswith(b"=") else -1
        if place >= 0:
            raise Refused("SECRET", f"line {_line_of(data, place)} holds {secret.decode()!r}: a key or password. Withdraw it and send the file without it")


def _from_utf16(data: bytes, name: str) -> bytes:
    try:
        return data[2:].decode(name).encode()
    except UnicodeError as fault:
        raise Refused("BAD_ENCODING", f"the byte order mark says {name}, byte {getattr(fault, 'start', 0) + 2} does not follow it: {fault}") from fault


def refuse_undecodable(text: memoryview, encoding: str) -> None:
    """Raises Refused that names the first line which is not in the encoding, if there is one."""
    place = _first_fault(text, encoding)
    if place is not None:
        raise Refused("BAD_ENCODING", f"line {_line_of(text, place)} (byte {place}) is not {encoding}")


def _encoding(text: memoryview, declared: str, marked: str | None, notes: list[str], is_decoded_later: bool) -> str:
    if declared == DETECT:
        found = _detect(text)
        notes.append(f"ENCODING: the contract asks to detect it; the file is {found}")
        return found
    if declared.startswith("UTF-16"):
        raise Refused("BAD_ENCODING", f"the contract says {declared}; the file has no byte order mark")
    if declared == "UTF-8":
        _check_utf8(text)
    else:
        _check_no_utf8(text, marked == "UTF-8")
        if not is_decoded_later:
            refuse_undecodable(text, declared)
    return declared


def _detect(text: memoryview) -> str:
    """UTF-8 strictly, else GB18030 strictly: GB18030 text of any length is no UTF-8, the other way round it often is by chance."""
    if _is_utf8(text):
        return "UTF-8"
    place = _first_fault(text, "gb18030")
    _refuse_utf8_words(text)
    if place is not None:
        raise Refused("BAD_ENCODING", f"line {_line_of(text, place)} (byte {place}) is neither UTF-8 nor GB18030")
    return "GB18030"


def _check_utf8(text: memoryview) -> None:
    if _is_utf8(text):
        return
    place = _first_fault(text, "utf-8")
    where = _line_of(text, place)
    if len(text) - place < LONGEST_CHARACTER and not bytes(text[:place]).isascii():
        raise Refused("BAD_ENCODING", f"the file ends inside a character on line {where}: it was cut off")
    if _first_fault(text, "gb18030") is None:
        if _holds_utf8_line(text):
            raise Refused("MIXED_ENCODING", f"line {where} is GB18030, others are UTF-8; the contract says UTF-8")
        raise Refused("DECLARED_UTF8_IS_GB18030", f"line {where} is GB18030; the contract says UTF-8. Send UTF-8, or change the contract")
    code = "MIXED_ENCODING" if _holds_utf8_line(text) else "BAD_ENCODING"
    raise Refused(code, f"line {where} (byte {place}) is not UTF-8")


def _check_no_utf8(text: memoryview, marked: bool) -> None:
    if marked or (not bytes(text).isascii() and _is_utf8(text)):
        raise Refused("DECLARED_GB18030_IS_UTF8", "the whole file is UTF-8; the contract says GB18030")
    _refuse_utf8_words(text)


def _refuse_utf8_words(text: memoryview) -> None:
    """A line of UTF-8 often decodes as GB18030 too, into other characters."""
    place = _utf8_word(text)
    if place is not None:
        raise Refused("MIXED_ENCODING", f"line {_line_of(text, place)} is UTF-8, others are GB18030")


def _utf8_word(text: memoryview) -> int | None:
    """Where four Chinese characters in UTF-8 stand in a row: not one in 10^9 texts of GB18030 holds such bytes by chance."""
    word = 12  # bytes
    for offset in range(0, len(text), BLOCK):
        data = np.frombuffer(text[offset : offset + BLOCK + word], np.uint8)
        if len(data) < word:
            return None
        follows = (data & 0xC0) == 0x80
        character = (data[:-2] - np.uint8(0xE4) < 6) & follows[1:-1] & follows[2:]
        found = np.flatnonzero(character[:-9] & character[3:-6] & character[6:-3] & character[9:])
        if len(found):
            return offset + int(found[0])
    return None


def _is_utf8(text: memoryview) -> bool:
    """Validated by pyarrow at several thousand MB a second, with no copy."""
    offsets = pa.py_buffer(np.array([0, len(text)], np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(text)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


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


def _line_of(text: memoryview | bytes, place: int) -> int:
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
