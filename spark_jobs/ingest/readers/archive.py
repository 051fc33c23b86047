"""Archives: zip, gzip and tar around files of one dialect, opened only within limits. Each member is read as a file of its own.

A declared size is never believed: bytes are counted while they are written, into a folder that lives as long as this process.
"""

import gzip
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO

import pyarrow as pa

from expectations.feed import Dialect
from spark_jobs.ingest.readers import Part, Plan, format_reader
from spark_jobs.ingest.refusal import Refused

LARGEST_RATIO = 100  # bytes unpacked for a packed byte
LARGEST_MEMBERS = 1000
LARGEST_TOTAL = 4 << 30  # bytes unpacked
PIECE = 1 << 20
MAGIC = {"zip": (b"PK\x03\x04", b"PK\x05\x06"), "gzip": (b"\x1f\x8b",), "tar.gz": (b"\x1f\x8b",)}
NESTED = (b"PK\x03\x04", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ")
BROKEN = (zipfile.BadZipFile, gzip.BadGzipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError)


def inspect(path: Path, dialect: Dialect) -> Plan:
    """The plan of every member, as one. Raises Refused where the archive is unsafe or a member would be refused."""
    inner, plans = replace(dialect, archive=None), {}
    for name, file in _unpacked(path, dialect).items():
        try:
            plans[name] = format_reader(inner.format).inspect(file, inner)
        except Refused as fault:
            raise Refused(fault.code, f"{name}: {fault.detail}") from fault
    if not plans:
        raise Refused("EMPTY_FILE", "the archive holds no file")
    first = next(iter(plans))
    for name, plan in plans.items():
        if set(plan.headers) != set(plans[first].headers):
            raise Refused("HEADER_MISMATCH", f"{name} has the columns {', '.join(plan.headers)}, {first} has {', '.join(plans[first].headers)}")
    return _together(plans)


def read(path: Path, dialect: Dialect, plan: Plan, part: Part) -> pa.Table:
    """The rows of a part of one member."""
    inner = replace(dialect, archive=None)
    name, _, member = part.member.partition("\0")
    return format_reader(inner.format).read(_unpacked(path, dialect)[name], inner, plan.members[name], replace(part, member=member or None))


def check_zip(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members that are files. Raises Refused for encryption, links, paths that lead elsewhere, twins and sizes of a bomb."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    for entry in archive.infolist():
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if entry.flag_bits & 1:
            raise Refused("ARCHIVE_ENCRYPTED", f"{entry.filename!r} is encrypted; send it without a password")
        if kind and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
            raise Refused("ARCHIVE_UNSAFE", f"{entry.filename!r} is a link or device")
    _check_names(entry.orig_filename for entry in entries)
    _check_sizes(len(entries), sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries))
    for entry in entries:
        _check_sizes(1, entry.file_size, entry.compress_size)
    return entries


def _together(plans: dict[str, Plan]) -> Plan:
    defects, totals = Counter(), {}
    for plan in plans.values():
        defects.update(plan.defects)
        totals |= plan.totals if len(plans) == 1 else {}
    parts = [replace(part, member=f"{name}\0{part.member}" if part.member else name) for name, plan in plans.items() for part in plan.parts]
    notes = tuple(f"{note} ({name})" for name, plan in plans.items() for note in plan.notes)
    encoding = "/".join(sorted({plan.encoding for plan in plans.values()}))
    headers = next(iter(plans.values())).headers
    return Plan(headers, encoding, sum(p.records for p in plans.values()), tuple(parts), dict(defects), notes, totals, members=plans)


def _unpacked(path: Path, dialect: Dialect) -> dict[str, Path]:
    """Member name → unpacked file, in the order of the names."""
    status = path.stat()
    return _unpack(path, dialect.archive, dialect.format == "xlsx", status.st_mtime_ns, status.st_size)[0]


@lru_cache(maxsize=1)
def _unpack(path: Path, kind: str, may_nest: bool, _modified: int, packed: int) -> tuple[dict[str, Path], tempfile.TemporaryDirectory]:
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        raise Refused("EMPTY_FILE", "the file has no bytes")
    if kind in MAGIC and not head.startswith(MAGIC[kind]) or kind == "tar" and head[257:262] != b"ustar":
        raise Refused("WRONG_TYPE", f"the contract says {kind}; the file begins with {head[:8]!r}")
    folder = tempfile.TemporaryDirectory(prefix="guihu-archive-")
    place = Path(folder.name)
    try:
        members = {"zip": _from_zip, "gzip": _from_gzip, "tar": _from_tar, "tar.gz": _from_tar}[kind](path, place, packed)
    except BROKEN as fault:
        raise Refused("ARCHIVE_BROKEN", f"the {kind} archive is damaged or cut off: {fault}") from fault
    for name, file in members.items():
        with file.open("rb") as opened:
            if not may_nest and opened.read(6).startswith(NESTED):
                raise Refused("ARCHIVE_NESTED", f"{name} is an archive inside the archive")
    return dict(sorted(members.items())), folder


def _from_zip(path: Path, place: Path, packed: int) -> dict[str, Path]:
    members, left = {}, LARGEST_TOTAL
    with zipfile.ZipFile(path) as archive:
        for number, entry in enumerate(check_zip(archive)):
            with archive.open(entry) as source:
                members[_name(entry)] = _write(source, place / str(number), left, packed)
            left -= members[_name(entry)].stat().st_size
    return members


def _from_gzip(path: Path, place: Path, packed: int) -> dict[str, Path]:
    with gzip.open(path) as source:
        return {path.name.removesuffix(".gz"): _write(source, place / "0", LARGEST_TOTAL, packed)}


def _from_tar(path: Path, place: Path, packed: int) -> dict[str, Path]:
    if tarfile.is_tarfile(path) and path.open("rb").read(2) == MAGIC["gzip"][0]:
        path = _from_gzip(path, place, packed)[path.name.removesuffix(".gz")]
    with tarfile.open(path, "r:") as archive:
        entries = archive.getmembers()
        _check_names(entry.name for entry in entries if not entry.isdir())
        for entry in entries:
            if not (entry.isreg() or entry.isdir()) or entry.issparse():
                raise Refused("ARCHIVE_UNSAFE", f"{entry.name!r} is a link, device or sparse file")
        files = [entry for entry in entries if entry.isreg()]
        _check_sizes(len(files), sum(entry.size for entry in files), packed)
        return {entry.name: _write(archive.extractfile(entry), place / f"member-{number}", LARGEST_TOTAL, packed) for number, entry in enumerate(files)}


def _write(source: IO[bytes], target: Path, left: int, packed: int) -> Path:
    written = 0
    with target.open("wb") as file:
        while piece := source.read(PIECE):
            written += file.write(piece)
            if written > left:
                raise Refused("ARCHIVE_BOMB", f"the archive holds more than {LARGEST_TOTAL:,} bytes")
            _check_sizes(1, written, packed)
    return target


def _check_names(names: Iterable[str]) -> None:
    seen = set()
    for name in names:
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts or name.startswith(("/", "\\")) or ".." in parts or "\0" in name or parts[0].endswith(":"):
            raise Refused("ARCHIVE_UNSAFE", f"the member name {name[:80]!r} leads out of the archive")
        if parts in seen:
            raise Refused("ARCHIVE_UNSAFE", f"two members are named {name[:80]!r}")
        seen.add(parts)


def _check_sizes(members: int, unpacked: int, packed: int) -> None:
    if members > LARGEST_MEMBERS:
        raise Refused("ARCHIVE_BOMB", f"the archive has {members:,} members, at most {LARGEST_MEMBERS:,} are opened")
    if unpacked > LARGEST_TOTAL or unpacked > PIECE and unpacked > LARGEST_RATIO * max(packed, 1):
        raise Refused("ARCHIVE_BOMB", f"{packed:,} bytes unpack to {unpacked:,} or more: at most {LARGEST_RATIO} times and {LARGEST_TOTAL:,} bytes are unpacked")


def _name(entry: zipfile.ZipInfo) -> str:
    """Chinese Windows writes names in GBK and does not say so; zipfile then reads them as code page 437."""
    if entry.flag_bits & 0x800:
        return entry.filename
    return entry.filename.encode("cp437").decode("gb18030", "backslashreplace")
