"""SDMX-CSV 2.0 by pysdmx, with its data structure definition as SDMX-JSON 2.0.

One row for each measure of a row: the dimension MEASURE names the column, OBS_VALUE is its figure, UNIT_MEASURE its unit, OBS_STATUS whether it is there
(code list CL_OBS_STATUS 2.2: A normal, F forecast, M missing). Every other column is an attribute of the observation.
"""

import itertools
from pathlib import Path

import pyarrow as pa

from spark_jobs.publish.export.extract import Extract, Tell
from spark_jobs.publish.export.formats import DoesNotFit, csv
from spark_jobs.publish.export.formats.sdmx_structure import TIME, component_ids, measures, schema, write_structure

EXTENSION = "csv"
APPENDS = True


def write(extract: Extract, path: Path, tell: Tell) -> None:
    """Raises DoesNotFit where the dataset has no key or no figures."""
    from pysdmx.io.csv.sdmx20.writer import write as write_sdmx
    from pysdmx.io.pd import PandasDataset

    if not extract.dataset.key or not measures(extract.dataset):
        raise DoesNotFit(f"{extract.dataset.name} has no {'figures' if extract.dataset.key else 'key'}: SDMX needs both; take csv, parquet or datapackage")
    structure = schema(extract.dataset)
    write_structure(extract, path.parent)
    done = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        for batch in _batches(extract):
            text = write_sdmx([PandasDataset(structure=structure, data=batch.to_pandas(types_mapper={pa.string(): None}.get).astype(object))])
            file.write(text if done == 0 else text.partition("\n")[2])  # one header
            done += batch.num_rows
            tell(f"{done:,} observations")


def _batches(extract: Extract):
    """The observations, every cell as text, in the order of the rows and then of the measures. At least one batch, so that there is a header."""
    reader = extract.connection.execute(_observations(extract)).to_arrow_reader(20_000)
    empty = pa.RecordBatch.from_pylist([], schema=reader.schema)
    first = next(reader, empty)
    return itertools.chain([first], reader)


def _observations(extract: Extract) -> str:
    dataset, ids = extract.dataset, component_ids(extract.dataset)
    kinds = {column.name: column.type for column in dataset.columns}
    units = {column.name: column.unit for column in dataset.columns}
    figures = measures(dataset)
    others = ", ".join(f"{_text(name, kinds[name], ids[name])} as {ids[name]}" for name in extract.names if name not in figures and name != "unit")
    status = "F" if dataset.name.endswith(("__forecast", "__nowcast")) else "A"
    rows = [
        f"{{'name': '{name}', 'value': cast({name} as varchar), 'unit': {'unit' if 'unit' in kinds and not units[name] else _quoted(units[name])}}}"
        for name in figures
    ]  # fmt: skip
    return f"""select {others}, m.name as MEASURE, m.value as OBS_VALUE, coalesce(m.unit, '') as UNIT_MEASURE, case when m.value is null then 'M' else '{status}' end as OBS_STATUS
    from (select *, unnest([{', '.join(rows)}]) as m from ({extract.select}))"""


def _text(name: str, kind: str, component: str) -> str:
    """SQL of a cell as SDMX writes it; periods in the forms of SDMX 3.0 section 6, 4.2.2: 2024-Q1, 2024-01, and 2024-01-01/P2M for January and February together."""
    if component == TIME and kind == "DATE":
        return f"strftime({name}, '%Y-%m')" if name == "month" else f"cast({name} as varchar)"
    if component == TIME and kind == "VARCHAR":
        together = f"regexp_extract({name}, '^(....-..)/', 1) || '-01/P' || (1 + date_diff('month', strptime(regexp_extract({name}, '^(....-..)/', 1) || '-01', '%Y-%m-%d'), strptime(regexp_extract({name}, '/(....-..)$', 1) || '-01', '%Y-%m-%d'))) || 'M'"
        return f"case when {name} like '%/%' then {together} else regexp_replace({name}, '^([0-9]{{4}})Q', '\\1-Q') end"
    if component == "FREQ":
        return f"case {name} when 'annual' then 'A' when 'quarterly' then 'Q' when 'monthly' then 'M' else {name} end"  # CL_FREQ 2.1
    return f"replace(cast({csv.cell(name, kind)} as varchar), chr(13), chr(10))"  # pysdmx writes a lone carriage return without quotation marks: a reader would end the row there


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
