"""What has left: for each table every cell that was told or hidden outside, so that a later release cannot undo an earlier one.

<home>/disclosure/<table>/<release>-<digest>.parquet, mode 0600: it holds true values. One audience: whatever any reader outside holds, all hold.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from spark_jobs.files import draft, keep
from spark_jobs.publish.disclosure.linking import Earlier, Told
from spark_jobs.publish.disclosure.structure import Key

Slice = tuple[str, ...]  # values of the `by` columns and the protected column: a table of its own


@dataclass(frozen=True)
class Ledger:
    """The folder of one served table."""

    folder: Path

    def digest(self, rule: object, cells: dict[Slice, dict[Key, float]]) -> str:
        """The same release, rule and truth give the same digest, and so the same protected table again."""
        told = [repr(rule), sorted((piece, sorted(values.items())) for piece, values in cells.items())]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]

    def kept(self, release_id: str, digest: str) -> tuple[dict[Slice, dict[Key, Told]], dict] | None:
        """The protected table that left before, with its report; None where it has not left."""
        path = self._path(release_id, digest)
        return _read(path) if path.is_file() else None

    def earlier(self) -> dict[Slice, list[Earlier]]:
        """Everything told so far, by slice, the same telling once."""
        found: dict[Slice, list[Earlier]] = {}
        for path in sorted(self.folder.glob("*.parquet")):
            told, report = _read(path)
            base = report["rule"]["base"] if report["treatment"] == "rounding" else None
            for piece, cells in told.items():
                if all((cells, base) != (other.cells, other.base) for other in found.get(piece, [])):
                    found.setdefault(piece, []).append(Earlier(path.stem, cells, base))
        return found

    def keep(self, release_id: str, digest: str, told: dict[Slice, dict[Key, Told]], report: dict) -> None:
        """Write it down before it leaves."""
        rows = list(_rows(told))
        columns = {name: list(values) for name, values in zip(("slice", "key", "value", "published", "lower", "upper"), zip(*rows))}
        table = pa.table(columns, schema=pa.schema([("slice", pa.string()), ("key", pa.string()), *((name, pa.float64()) for name in ("value", "published", "lower", "upper"))]))
        table = table.replace_schema_metadata({"report": json.dumps(report, ensure_ascii=False, default=str)})
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with draft(self.folder) as file:
            os.fchmod(file.fileno(), 0o600)
            pq.write_table(table, file, compression="zstd")
            keep(file, self._path(release_id, digest))

    def _path(self, release_id: str, digest: str) -> Path:
        return self.folder / f"{release_id}-{digest}.parquet"


def _rows(told: dict[Slice, dict[Key, Told]]) -> Iterator[tuple]:
    for piece, cells in told.items():
        for key, one in cells.items():
            yield json.dumps(piece), json.dumps(key), one.value, one.published, one.lower, one.upper


def _read(path: Path) -> tuple[dict[Slice, dict[Key, Told]], dict]:
    table, told = pq.read_table(path), {}
    pieces, keys, *numbers = (table[name].to_pylist() for name in ("slice", "key", "value", "published", "lower", "upper"))
    for piece, key, value, published, lower, upper in zip(pieces, keys, *numbers):
        told.setdefault(tuple(json.loads(piece)), {})[tuple(json.loads(key))] = Told(value, published, lower, upper)
    return told, json.loads(table.schema.metadata[b"report"])
