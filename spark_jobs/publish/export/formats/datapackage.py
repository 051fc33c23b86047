"""Data Package (frictionless standard): the data as CSV and datapackage.json with the schema, made and checked by `frictionless`."""

import json
from pathlib import Path

from spark_jobs.publish.export import citation
from spark_jobs.publish.export.extract import Extract, Tell
from spark_jobs.publish.export.formats import csv

EXTENSION = "csv"
APPENDS = True
TYPES = {"BOOLEAN": "boolean", "DATE": "date", "DOUBLE": "number", "FLOAT": "number", "VARCHAR": "string"}


def write(extract: Extract, path: Path, tell: Tell) -> None:
    from frictionless import Package, Resource, Schema

    csv.write(extract, path, tell, mark="")
    dataset, mark, (spdx, words) = extract.dataset, extract.mark(), citation.licence(extract)
    schema = {"fields": [_field(column) for column in dataset.columns], "missingValues": [""]}
    if dataset.key and not _absent_keys(extract):
        schema["primaryKey"] = dataset.key
    package = Package.from_descriptor({
        "name": dataset.name, "id": dataset.identifier, "title": f"{dataset.title_zh} · {dataset.title_en}", "description": dataset.description,
        "version": dataset.release["release_id"], "created": mark["released_at"], "contributors": [{"title": citation.PUBLISHER, "role": "publisher"}],
        "licenses": [{"name": spdx or "LicenseRef-Guihu", "title": words}], "sources": [{"title": dataset.source or citation.PUBLISHER}],
        "resources": [Resource(path=path.name, name=dataset.name, format="csv", mediatype="text/csv", encoding="utf-8", schema=Schema.from_descriptor(schema)).to_descriptor()],
        "recipient": extract.recipient, "citation": citation.citation(extract),
    })  # fmt: skip
    text = json.dumps(package.to_descriptor(), ensure_ascii=False, indent=1)
    path.with_name("datapackage.json").write_text(text + "\n", encoding="utf-8")


def _field(column) -> dict:
    kind = "integer" if column.type.endswith("INT") or column.type == "INTEGER" else "datetime" if column.type.startswith("TIMESTAMP") else "number" if column.type.startswith("DECIMAL") else TYPES[column.type]
    told = {"name": column.name, "type": kind, "title": f"{column.label_zh} · {column.label_en}", "description": column.description}
    return told | ({"unit": column.unit} if column.unit else {}) | ({"format": "any"} if kind == "datetime" else {})


def _absent_keys(extract: Extract) -> int:
    condition = " or ".join(f"{name} is null" for name in extract.dataset.key)
    return extract.connection.execute(f"select count(*) from ({extract.select}) where {condition}").fetchone()[0]
