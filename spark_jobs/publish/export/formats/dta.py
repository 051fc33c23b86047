"""Stata's dta, format 118 (Unicode, Stata 14 and later), by pandas. The time in the header is that of the release, so that the bytes stay the same."""

import re
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa

from spark_jobs.publish.dataset import Column
from spark_jobs.publish.export.extract import Extract, Tell
from spark_jobs.publish.export.formats import DoesNotFit

EXTENSION = "dta"
LONGEST_NAME, LONGEST_LABEL = 32, 80  # characters that Stata allows
LONGEST_TEXT = 2045  # bytes of a fixed text; longer ones become strL
LARGEST_EXACT = 2**53  # Stata keeps integers beyond its long as doubles


def write(extract: Extract, path: Path, tell: Tell) -> None:
    """Raises DoesNotFit where Stata has no value for what stands in a row."""
    tell(f"{extract.rows:,} rows to {path.name}")
    names = short_names(extract.names)
    rows = extract.connection.execute(extract.select).to_arrow_table()
    frame = pd.DataFrame({names[column.name]: _series(column, rows[column.name]) for column in extract.dataset.columns})
    kinds = {column.name: column.type for column in extract.dataset.columns}
    dates = {names[name]: "td" if kind == "DATE" else "tc" for name, kind in kinds.items() if kind == "DATE" or kind.startswith("TIMESTAMP")}
    long = [names[name] for name, kind in kinds.items() if kind == "VARCHAR" and rows.num_rows and _needs_long(rows[name])]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.io.stata.PossiblePrecisionLoss)
            frame.to_stata(
                path, write_index=False, version=118, convert_dates=dates, convert_strl=long, time_stamp=datetime.fromisoformat(extract.dataset.release["released_at"]).astimezone(UTC).replace(tzinfo=None),
                data_label=extract.dataset.identifier[-LONGEST_LABEL:], variable_labels={names[column.name]: _label(column) for column in extract.dataset.columns},
            )  # fmt: skip
    except (ValueError, pd.io.stata.PossiblePrecisionLoss) as fault:
        raise DoesNotFit(f"Stata cannot hold these rows: {fault}; take parquet or csv") from fault
    _write_names(path, names)


def short_names(names: list[str]) -> dict[str, str]:
    """Column → the name in Stata: at most 32 characters, each only once, by leaving out the end and counting."""
    short: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"\W", "_", name)
        candidate, count = plain[:LONGEST_NAME], 1
        while candidate in short.values():
            count += 1
            candidate = plain[: LONGEST_NAME - len(str(count)) - 1] + f"_{count}"
        short[name] = candidate
    return short


def _series(column: Column, values: pa.ChunkedArray) -> pd.Series:
    if column.type == "VARCHAR":
        return pd.Series(["" if value is None else value for value in values.to_pylist()], dtype=object)
    if column.type == "BOOLEAN":
        return pd.Series(values.to_pylist(), dtype="boolean").astype("Int8")
    if column.type == "DATE":
        return pd.to_datetime(pd.Series(values.to_pylist(), dtype=object))
    if column.type.startswith("TIMESTAMP"):
        moments = pd.to_datetime(pd.Series(values.to_pylist(), dtype=object), utc=True)
        return moments.dt.tz_localize(None)
    if column.type.startswith("DECIMAL"):
        return pd.Series(values.cast(pa.float64()).to_pandas(), dtype="float64")
    if column.type in ("DOUBLE", "FLOAT"):
        return values.to_pandas()
    whole = pd.Series(values.to_pylist(), dtype="Int64")
    if (whole.abs() > LARGEST_EXACT).any():
        raise DoesNotFit(f"{column.name} has integers beyond 2^53, which Stata would round: take parquet or csv")
    return whole if whole.abs().max() <= 2_147_483_620 else whole.astype("float64")


def _needs_long(values: pa.ChunkedArray) -> bool:
    import pyarrow.compute as compute

    return (compute.max(compute.binary_length(values)).as_py() or 0) > LONGEST_TEXT or bool(compute.any(compute.match_substring(values, "\0")).as_py())


def _label(column: Column) -> str:
    unit = f" [{column.unit}]" if column.unit else ""
    return f"{column.label_zh} {column.label_en}"[: LONGEST_LABEL - len(unit)] + unit


def _write_names(path: Path, names: dict[str, str]) -> None:
    changed = {name: short for name, short in names.items() if name != short}
    if changed:
        lines = ["column,stata_name", *(f"{name},{short}" for name, short in changed.items())]
        path.with_name("stata_names.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
