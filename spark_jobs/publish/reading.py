"""guihu.read: a dataset of a release as an Arrow table, under the same policy and from the same file as every other door."""

from datetime import date
from typing import Any

import pyarrow as pa

from spark_jobs.publish import dataset as datasets
from spark_jobs.publish.export.protection import leaving
from spark_jobs.publish.policy import RESEARCHER
from spark_jobs.settings import Settings, from_environment

FORMS = ("arrow", "pandas", "polars")


def read(
    dataset: str, *, as_of: date | str | None = None, release: str | None = None, role: str | None = None, where: str | None = None, to: str = "arrow", settings: Settings | None = None
) -> Any:
    """The rows of a dataset: a pyarrow.Table, or with `to` a pandas or polars DataFrame.

    guihu.read("mart_economy__gdp", where="division_code = '450000'", as_of="2024-07-20", to="pandas")

    `as_of` what was known on that day; `release` an earlier release; `role` a role of the policy, without it the researcher (or the analyst).
    Units and labels stand in the metadata of the Arrow fields, the identifier to cite in that of the table.
    Raises QueryRefused, UnknownRole, DoorClosed or NoRelease, each naming what exists; ValueError for another `to`.
    """
    if to not in FORMS:
        raise ValueError(f"there is no form {to!r}; there are {', '.join(FORMS)}")
    day = date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    settings = settings or from_environment()
    with datasets.opened(settings, "command", dataset, role or RESEARCHER, release, day, where) as (found, connection):
        rows = described(connection.execute(found.select_from(leaving(settings, found, connection))).to_arrow_table(), found)
    if to == "pandas":
        return rows.to_pandas()
    if to == "polars":
        import polars

        return polars.from_arrow(rows)
    return rows


def list_datasets(*, release: str | None = None, role: str | None = None, settings: Settings | None = None) -> list[str]:
    """The datasets that the role sees."""
    return datasets.names(settings or from_environment(), role or RESEARCHER, release)


def described(rows: pa.Table, dataset: datasets.Dataset) -> pa.Table:
    """The table with labels and units as metadata of its fields, and the identifier as its own."""
    return rows.cast(arrow_schema(rows.schema, dataset))


def arrow_schema(schema: pa.Schema, dataset: datasets.Dataset) -> pa.Schema:
    told = {column.name: {"label_zh": column.label_zh, "label_en": column.label_en, "unit": column.unit, "description": column.description} for column in dataset.columns}
    fields = [field.with_metadata({name: value for name, value in told[field.name].items() if value}) for field in schema]
    return pa.schema(fields, metadata={"title_zh": dataset.title_zh, "title_en": dataset.title_en, "identifier": dataset.identifier, "release": dataset.release["release_id"]})
