"""The data structure definition of a dataset, as pysdmx has it: dimensions from the key, one measure, attributes from everything else."""

from datetime import datetime
from pathlib import Path

from spark_jobs.publish.dataset import Column, Dataset
from spark_jobs.publish.export.extract import Extract

AGENCY = "GUIHU"
VERSION = "1.0"
TIME = "TIME_PERIOD"
TIME_COLUMNS = ("period", "month", "observed_at", "year", "census_year")  # the first one in the key is the time dimension
# SDMX cross-domain concepts that our columns are
CONCEPTS = {"division_code": "REF_AREA", "frequency": "FREQ", "industry_code": "ACTIVITY", "vintage_date": "VINTAGE"}
NUMBERS = ("DOUBLE", "FLOAT", "INTEGER", "BIGINT", "SMALLINT", "HUGEINT", "DECIMAL")


def measures(dataset: Dataset) -> list[str]:
    """Columns of figures: of numbers, and not of the key."""
    return [column.name for column in dataset.columns if column.type.startswith(NUMBERS) and column.name not in dataset.key]


def component_ids(dataset: Dataset) -> dict[str, str]:
    """Column → the id of its component."""
    time = next((name for name in TIME_COLUMNS if name in dataset.key), None)
    return {column.name: TIME if column.name == time else CONCEPTS.get(column.name, column.name.upper()) for column in dataset.columns}


def schema(dataset: Dataset):
    """What pysdmx writes and reads data by."""
    return definition(dataset).to_schema()


def definition(dataset: Dataset):
    from pysdmx.model import Component, Components, Concept, DataType, Role
    from pysdmx.model.dataflow import DataStructureDefinition

    ids, figures = component_ids(dataset), measures(dataset)

    def component(identity: str, role: Role, name: str, dtype: DataType = DataType.STRING, description: str | None = None) -> Component:
        concept = Concept(identity, name=name, description=description, dtype=dtype, urn=f"urn:sdmx:org.sdmx.infomodel.conceptscheme.Concept={AGENCY}:{_scheme(dataset)}({VERSION}).{identity}")
        return Component(identity, role is not Role.ATTRIBUTE, role, concept, dtype, name=name, attachment_level="O" if role is Role.ATTRIBUTE else None)

    def described(column: Column, role: Role) -> Component:
        dtype = DataType.PERIOD if ids[column.name] == TIME else DataType.STRING
        return component(ids[column.name], role, f"{column.label_zh} · {column.label_en}", dtype, column.description or None)

    keys = [column for column in dataset.columns if column.name in dataset.key]
    others = [column for column in dataset.columns if column.name not in dataset.key and column.name not in figures and column.name != "unit"]
    parts = [described(column, Role.DIMENSION) for column in sorted(keys, key=lambda column: ids[column.name] == TIME)]
    parts.insert(0, component("MEASURE", Role.DIMENSION, "度量 · Measure"))
    parts.append(component("OBS_VALUE", Role.MEASURE, "数值 · Value", DataType.DOUBLE))
    parts += [component("UNIT_MEASURE", Role.ATTRIBUTE, "计量单位 · Unit of measure"), component("OBS_STATUS", Role.ATTRIBUTE, "观测状态 · Observation status")]
    parts += [described(column, Role.ATTRIBUTE) for column in others]
    return DataStructureDefinition(id=dataset.name.upper(), agency=AGENCY, version=VERSION, name=f"{dataset.title_zh} · {dataset.title_en}", description=dataset.description or None, components=Components(parts))


def write_structure(extract: Extract, folder: Path) -> None:
    """structure.json (SDMX-JSON 2.0): concept scheme and data structure. Header and time are those of the release, so that the bytes stay the same."""
    from pysdmx.io import write_sdmx
    from pysdmx.io.format import Format
    from pysdmx.model import ConceptScheme, Organisation
    from pysdmx.model.message import Header

    structure = definition(extract.dataset)
    scheme = ConceptScheme(id=_scheme(extract.dataset), agency=AGENCY, version=VERSION, name=structure.name, items=[part.concept for part in structure.components])
    header = Header(id=extract.dataset.identifier.partition("@")[2], prepared=datetime.fromisoformat(extract.dataset.release["released_at"]), sender=Organisation(AGENCY))
    write_sdmx([scheme, structure], Format.STRUCTURE_SDMX_JSON_2_0_0, str(folder / "structure.json"), header=header)


def _scheme(dataset: Dataset) -> str:
    return f"CS_{dataset.name.upper()}"
