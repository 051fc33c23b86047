"""Numbers of persons that stand in the sentences of a feed that names none: the landed file gets marks in their place, and the vault keeps them.

Text rows and everything later are masked by the kernel (identifiers.without_numbers). Which column a number stands in is known only after reading:
a unified social credit code may look like one.
"""

import os
from pathlib import Path

from expectations.feed import Dialect, Feed
from spark_jobs import integrity, vault
from spark_jobs.faultpoint import faultpoint
from spark_jobs.files import draft, keep
from spark_jobs.identifiers import IN_TEXT
from spark_jobs.ingest import bronze
from spark_jobs.ingest.landing import Delivery, landed_file
from spark_jobs.ingest.readers import Plan
from spark_jobs.settings import Settings

TEXT_FORMATS = ("csv", "fixed", "json", "jsonl", "xml")
ENCODINGS = ("UTF-8", "GB18030")


def seal(settings: Settings, feed: Feed, delivery: Delivery, plan: Plan) -> str:
    """Put marks into the landed file, of the same length, and say so in a note. A file that is no plain text keeps its numbers; the note tells."""
    path, dialect = landed_file(settings, delivery.sha256), feed.dialect_for(delivery.file)
    numbers = _numbers(path, feed, dialect, plan)
    if not numbers:  # an earlier run died after it had sealed them
        return "MASKED: the citizen numbers that stood in sentences are in the vault"
    said = f"MASKED: {len(numbers)} citizen numbers stood in sentences, and {feed.owner} should not send them"
    if dialect.archive or dialect.format not in TEXT_FORMATS or plan.encoding not in ENCODINGS:
        return f"{said}; the landed {dialect.archive or dialect.format} file still holds them: sent as plain text they would be in the vault"
    with vault.of(settings) as open_vault:
        sealed = open_vault.seal_these(path.read_bytes(), plan.encoding, numbers)
    with draft(path.parent) as file:
        file.write(sealed)
        os.fchmod(file.fileno(), 0o444)
        file.flush()
        integrity.record(settings, {path: Path(file.name)})
        faultpoint("sealed again")
        keep(file, path)
    return said


def _numbers(path: Path, feed: Feed, dialect: Dialect, plan: Plan) -> set[str]:
    names = [*(f.name for f in feed.sentences), "_original"]
    parts = (bronze.rows_of_part(path, feed, dialect, plan, number) for number in range(len(plan.parts)))
    return {number for rows in parts for name in names for text in rows[name].to_pylist() if text for number in IN_TEXT.findall(text)}
