"""Parquet with zstd, written by DuckDB; labels and units are metadata of the fields (the Arrow schema that pyarrow, pandas and polars read)."""

import base64
from pathlib import Path

from spark_jobs.publish.export.extract import Extract, Tell
from spark_jobs.publish.reading import arrow_schema

EXTENSION = "parquet"
APPENDS = True


def write(extract: Extract, path: Path, tell: Tell) -> None:
    tell(f"{extract.rows:,} rows to {path.name}")
    schema = arrow_schema(extract.connection.execute(f"{extract.select} limit 0").to_arrow_table().schema, extract.dataset)
    kept = extract.mark() | {"ARROW:schema": base64.b64encode(schema.serialize().to_pybytes()).decode()}
    listed = ", ".join(f"'{name}': '{_text(value)}'" for name, value in kept.items())
    extract.connection.execute(f"copy ({extract.select}) to '{path}' (format parquet, compression zstd, kv_metadata {{{listed}}})")


def _text(value: str) -> str:
    return value.replace("'", "''")
