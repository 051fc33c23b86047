"""export: policy → rows → disclosure control → one format → papers → checksums → audit → the folder gets its name."""

import hashlib
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from spark_jobs.lineage import tell as lineage
from spark_jobs.publish import audit, requests
from spark_jobs.publish import dataset as datasets
from spark_jobs.publish.export import draft as drafts
from spark_jobs.publish.export.checksum import following, write_sums
from spark_jobs.publish.export.citation import write_papers
from spark_jobs.publish.export.extract import Extract, Tell, extracted
from spark_jobs.publish.export.formats import format_module
from spark_jobs.publish.query import QueryRefused
from spark_jobs.settings import Settings

LONGEST_RECIPIENT = 100  # letters
WHOLE = "data_engineer"  # whose file holds every table
SAMPLE = 5_000  # rows that an estimate is made from


@dataclass(frozen=True)
class Request:
    """What somebody asks for. The same request gives the same bytes, today and in ten years, as long as the release is kept."""

    dataset: str
    format: str
    role: str
    recipient: str
    release_id: str | None = None
    as_of: date | None = None
    where: str | None = None
    ids: str = "plain"
    granted: str | None = None  # the request that opens a table which the role's own file does not hold


def export(settings: Settings, request: Request, to: Path | None = None, tell: Tell = lambda text: None) -> dict:
    """Write the folder; returns folder, rows, identifier and bytes. Raises what `dataset.opened` raises, UnknownFormat and DoesNotFit."""
    if not request.recipient.isprintable() or not 1 <= len(request.recipient) <= LONGEST_RECIPIENT:
        raise QueryRefused(f"the recipient is a name of 1 to {LONGEST_RECIPIENT} letters")
    home, lock = to or settings.home / "exports", settings.run / "locks" / "exports.lock"
    format_module(request.format)  # an unknown one is told before anything is read
    with drafts.draft(home, lock) as draft, _opened(settings, request, draft) as (dataset, connection):
        extract = extracted(settings, dataset, connection, request.recipient, request.ids)
        write_folder(extract, request.format, draft, tell)
        told = _told(extract, draft) | {"folder": home / folder_name(dataset, request)}
        audit.record(settings, "export", **_question(request, dataset), rows=extract.rows, bytes=told["bytes"], identifier=dataset.identifier, folder=told["folder"])
        drafts.name(draft, told["folder"], lock)
        lineage.export(settings, request.role, dataset.name, dataset.release["release_id"], extract.rows, told["folder"].name)
    return told


def write_folder(extract: Extract, format: str, folder: Path, tell: Tell = lambda text: None) -> None:
    """Data, papers and checksums of one format."""
    module = format_module(format)
    known = _write(module, extract, folder / f"{extract.dataset.name}.{module.EXTENSION}", tell)
    write_papers(extract, folder, format)
    write_sums(folder, known)


def rehearse(settings: Settings, request: Request) -> dict:
    """What `export` would write: rows, columns, identifier, and bytes estimated from the first rows. Nothing is kept."""
    module = format_module(request.format)
    with tempfile.TemporaryDirectory(prefix="guihu-export-") as folder, _opened(settings, request, Path(folder)) as (dataset, connection):
        whole = extracted(settings, dataset, connection, request.recipient, request.ids)
        sample = Extract(dataset, connection, whole.relation, f"select * from (select * from ({whole.select}) limit {SAMPLE})", min(SAMPLE, whole.rows), request.recipient, request.ids)
        _write(module, sample, Path(folder) / f"{dataset.name}.{module.EXTENSION}", lambda text: None)
        told = _told(whole, Path(folder))
        return told | {"bytes": round(told["bytes"] * max(1, whole.rows / SAMPLE)), "columns": [column.name for column in dataset.columns]}


def folder_name(dataset: datasets.Dataset, request: Request) -> str:
    """<dataset>-<release>[-<day>]-<hash>-<format>: two questions never share a folder, nor do two recipients."""
    asked = hashlib.sha256("\0".join((dataset.identifier, request.recipient, request.ids)).encode()).hexdigest()
    parts = [dataset.name, dataset.release["release_id"], str(dataset.as_of or ""), asked[:8], request.format]
    return "-".join(part for part in parts if part)


def _opened(settings: Settings, request: Request, into: Path):
    if request.granted:
        requests.require_grant(settings, request.granted, request.dataset, request.role)
    read_as = WHOLE if request.granted else None
    return datasets.opened(settings, "export", request.dataset, request.role, request.release_id, request.as_of, request.where, into, read_as)


def _write(module, extract: Extract, path: Path, tell: Tell) -> dict[str, str]:
    """Digests that are known already: a file that only grows is hashed while it is written."""
    if not getattr(module, "APPENDS", False):
        module.write(extract, path, tell)
        return {}
    with following(path) as known:
        module.write(extract, path, tell)
    return known


def _told(extract: Extract, folder: Path) -> dict:
    return {"dataset": extract.dataset.name, "identifier": extract.dataset.identifier, "release_id": extract.dataset.release["release_id"], "rows": extract.rows, "bytes": sum(path.stat().st_size for path in folder.iterdir())}


def _question(request: Request, dataset: datasets.Dataset) -> dict:
    return {"role": request.role, "recipient": request.recipient, "dataset": dataset.name, "format": request.format, "release": dataset.release["release_id"], "as_of": request.as_of, "where": dataset.where, "granted": request.granted}
