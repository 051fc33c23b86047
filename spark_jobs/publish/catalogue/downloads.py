"""What everyone may take from a page of the catalogue: exports for the public, made with the release.

catalogue/downloads/<table>/<format>/      the data, dictionary.csv, CITATION.cff, README.md, SHA256SUMS: byte for byte what `guihu export … --as public` writes
catalogue/downloads/<table>/<table>.zip    the data package, whole, in one file

They pass disclosure control as every export does. A file that is the same as in the release before is a second name of that file, not a copy.
"""

import hashlib
import os
import shutil
import zipfile
from datetime import datetime
from pathlib import Path

from spark_jobs.publish import policy
from spark_jobs.settings import Settings

FOLDER = "downloads"
FORMATS = ("csv", "xlsx", "parquet", "datapackage")  # SDMX-CSV and Stata by the command: ten times the size, or for few
LARGEST_SHEET = 5_000  # rows: 100,000 take ten seconds, which no release should wait for
RECIPIENT = policy.PUBLIC
COMPRESSION = 1  # of the zip: twice the speed for a tenth more bytes


def write(settings: Settings, release: dict, serving: Path, tables: list[str], folder: Path, former: Path | None) -> dict[str, dict]:
    """Write the files of these tables, read from the public's serving file, into the catalogue at `folder`; `former` is the catalogue of the release before.

    Returns by table what its page says: files, identifier, citation and licence, or why there are none.
    """
    (folder / FOLDER).mkdir(parents=True)
    if "export" not in policy.role(policy.PUBLIC).doors:
        return {}
    found = {table: _written(settings, release, serving, table, folder) for table in tables}
    if former:
        _share_what_is_the_same(folder / FOLDER, former / FOLDER)
    return found


def _written(settings: Settings, release: dict, serving: Path, table: str, folder: Path) -> dict:
    from spark_jobs.publish import dataset as datasets  # these read releases, and a release writes its catalogue
    from spark_jobs.publish.export.citation import citation, licence
    from spark_jobs.publish.export.extract import extracted
    from spark_jobs.publish.query import QueryRefused

    home = folder / FOLDER / table
    home.mkdir()
    with datasets.opened_file(serving, release, table, policy.PUBLIC, into=home) as (dataset, connection):
        try:
            extract = extracted(settings, dataset, connection, RECIPIENT, "plain")
        except QueryRefused as refused:
            home.rmdir()
            return {"files": [], "refused": str(refused)}
        files = [_file(extract, format, home, folder) for format in FORMATS if format != "xlsx" or extract.rows <= LARGEST_SHEET]
        spdx, words = licence(extract)
    return {"files": files, "refused": "", "rows": extract.rows, "identifier": dataset.identifier, "citation": citation(extract), "licence": f"{spdx} {words}".strip()}


def _file(extract, format: str, home: Path, folder: Path) -> dict:
    """Write one format; returns its file as the page offers it, with addresses from the catalogue's root."""
    from spark_jobs.publish.export.run import write_folder

    place = home / format
    place.mkdir()
    write_folder(extract, format, place)
    data = next(path for path in place.iterdir() if path.stem == extract.dataset.name)
    papers = sorted(str(path.relative_to(folder)) for path in place.iterdir() if path != data)
    if format == "datapackage":
        data, papers = _zipped(place, home / f"{extract.dataset.name}.zip", extract.dataset.release), []
    with data.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"format": format, "path": str(data.relative_to(folder)), "bytes": data.stat().st_size, "sha256": digest, "papers": papers}


def _zipped(place: Path, path: Path, release: dict) -> Path:
    """The folder as one file that is the same whenever it is made; the folder goes."""
    at = datetime.fromisoformat(release["released_at"]).timetuple()[:6]
    with zipfile.ZipFile(path, "w") as whole:
        for part in sorted(place.iterdir()):
            whole.writestr(zipfile.ZipInfo(f"{path.stem}/{part.name}", at), part.read_bytes(), zipfile.ZIP_DEFLATED, COMPRESSION)
    shutil.rmtree(place)
    return path


def _share_what_is_the_same(here: Path, there: Path) -> None:
    """Name the file of the release before instead of keeping its twin."""
    for path in here.rglob("*"):
        twin = there / path.relative_to(here)
        if path.is_file() and twin.is_file() and twin.stat().st_size == path.stat().st_size and twin.read_bytes() == path.read_bytes():
            path.unlink()
            os.link(twin, path)
