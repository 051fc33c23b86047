"""Writes a delivery of any size as CSV in a stream: columns in, bytes out, errors planted on the way."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infra.demo.planting import Kind, Planted, places, write_list

CHUNK_ROWS = 200_000
Columns = list[pa.Array]  # one text array for each header


def write_csv(folder: Path, name: str, header: list[str], chunks: Iterable[Columns], *, rows: int, encoding: str, kinds: list[Kind], planted_to: Path, **manifest) -> int:
    """Write folder/name, its manifest and its list of planted errors; the number of records written.

    `rows` (clean records, used to spread the errors) may be an estimate when the chunks decide themselves.
    """
    folder.mkdir(parents=True, exist_ok=True)
    writer = _Writer(header, encoding, places(rows, kinds))
    with (folder / name).open("wb") as file:
        for data in writer.pieces(chunks):
            file.write(data)
    write_manifest(folder / name, rows=writer.records, sha256=writer.digest.hexdigest(), **manifest)
    write_list(planted_to / f"{name}.planted.json", writer.planted)
    return writer.records


def write_manifest(path: Path, **keys) -> None:
    """NAME.manifest.json beside the file."""
    path.with_name(f"{path.name}.manifest.json").write_text(json.dumps(keys, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def numbered(prefix: str, numbers: np.ndarray, width: int, suffix: str = "") -> pa.Array:
    """Texts with a counting number in them."""
    figures = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, figures, suffix, "")


def texts(values: np.ndarray) -> pa.Array:
    """Byte strings or whole numbers of numpy as Arrow text."""
    array = pa.array(values)
    return array.cast(pa.string())


def labels(choices: list[str], positions: np.ndarray) -> pa.Array:
    """One of few texts a row."""
    return pa.array(choices).take(pa.array(positions))


def dates(days: np.ndarray) -> pa.Array:
    """Days as 2024-01-31."""
    return pa.array(days.astype("datetime64[D]")).cast(pa.string())


class _Writer:
    """Counts lines while bytes go by."""

    def __init__(self, header: list[str], encoding: str, errors: dict[int, Kind]):
        self.header, self.encoding, self.errors = header, encoding, errors
        self.digest = hashlib.sha256()
        self.planted: list[Planted] = []
        self.line = 0
        self.records = 0

    def pieces(self, chunks: Iterable[Columns]):
        """The bytes of the file in order."""
        yield self._emit(",".join(self.header) + "\n", lines=1, records=0)
        clean = 0
        for columns in chunks:
            lines = pc.binary_join_element_wise(pc.binary_join_element_wise(*columns, ","), "", "\n")  # each ends in a newline
            start, count = clean, len(lines)
            cut = 0
            for place in sorted(place for place in self.errors if start <= place < start + count):
                yield self._clean(lines, cut, place - start)
                yield self._spoilt([column[place - start].as_py() for column in columns], self.errors[place])
                cut = place - start + 1
            yield self._clean(lines, cut, count)
            clean += count

    def _clean(self, lines: pa.Array, start: int, stop: int) -> bytes:
        return self._emit(_joined(lines.slice(start, stop - start)), lines=stop - start, records=stop - start)

    def _spoilt(self, fields: list[str], kind: Kind) -> bytes:
        original = ",".join(fields)
        out = b""
        for record, is_planted in kind.edit(fields, self.header):
            text = record if isinstance(record, str) else ",".join(record)
            out += self._emit(text + "\n", lines=1, records=int(record is not self.header))
            if is_planted:
                self.planted.append(Planted(self.line - 1, self.line, kind.name, kind.outcome, kind.code, original))
        return out

    def _emit(self, text: str, *, lines: int, records: int) -> bytes:
        data = text.encode(self.encoding)
        self.digest.update(data)
        self.line += lines
        self.records += records
        return data


def _joined(lines: pa.Array) -> str:
    """All texts of an array one after the other, without making a Python string of each."""
    if len(lines) == 0:
        return ""
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return lines.buffers()[2][int(offsets[0]) : int(offsets[-1])].to_pybytes().decode()
