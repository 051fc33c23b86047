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
from spark_jobs.publish.disclosure.rules import TableRule
from spark_jobs.publish.disclosure.structure import Key

Slice = tuple[str, ...]  # values of the `by` columns and the protected column: a table of its own

COLUMNS = ("slice", "key", "value", "published", "lower", "upper")


@dataclass(frozen=True)
class Ledger:
    """The folder of one served table."""

    folder: Path

    def digest(self, rule: TableRule, frame: pa.Table) -> str:
        """The same release, rule and truth give the same digest, in whatever order the rows come, and so the same protected table again."""
        columns = [*rule.by, *rule.dimensions, *rule.values, *rule.contributors]
        ordered = frame.select(columns).sort_by([(name, "ascending") for name in columns])
        told = hashlib.sha256(repr(rule).encode())
        for column in ordered.columns:
            told.update(repr(column.to_pylist()).encode())
        return told.hexdigest()[:16]

    def kept(self, release_id: str, digest: str) -> tuple[dict[Slice, dict[Key, Told]], dict] | None:
        """The protected table that left before, with its report; None where it has not left."""
        path = self._path(release_id, digest)
        if not path.is_file():
            return None
        told, metadata = _read(path)
        for stem, pieces in metadata["told_in"].items():
            before, _ = _read(self.folder / f"{stem}.parquet")
            told |= {tuple(piece): before[tuple(piece)] for piece in pieces}
        return told, metadata["report"]

    def earlier(self) -> dict[Slice, list[Earlier]]:
        """Everything told so far, by slice, the same telling once."""
        found: dict[Slice, list[Earlier]] = {}
        for path in sorted(self.folder.glob("*.parquet")):
            told, metadata = _read(path)
            report = metadata["report"]
            base = report["rule"]["base"] if report["treatment"] == "rounding" else None
            for piece, cells in told.items():
                if all((cells, base) != (other.cells, other.base) for other in found.get(piece, [])):
                    found.setdefault(piece, []).append(Earlier(path.stem, cells, base))
        return found

    def keep(self, release_id: str, digest: str, told: dict[Slice, dict[Key, Told]], told_in: dict[str, list[Slice]], report: dict) -> None:
        """Write it down before it leaves; `told_in`: earlier tellings (their names) that hold the slices which did not change since."""
        rows = list(_rows(told))
        columns = {name: list(values) for name, values in zip(COLUMNS, zip(*rows) if rows else [()] * len(COLUMNS))}
        table = pa.table(columns, schema=pa.schema([(name, pa.string()) for name in COLUMNS[:2]] + [(name, pa.float64()) for name in COLUMNS[2:]]))
        table = table.replace_schema_metadata({"metadata": json.dumps({"report": report, "told_in": told_in}, ensure_ascii=False, default=str)})
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
    pieces, keys, *numbers = (table[name].to_pylist() for name in COLUMNS)
    for piece, key, value, published, lower, upper in zip(pieces, keys, *numbers):
        told.setdefault(tuple(json.loads(piece)), {})[tuple(json.loads(key))] = Told(value, published, lower, upper)
    return told, json.loads(table.schema.metadata[b"metadata"])
