"""From a served table to slices of cells and back: the protected columns, and beside each its status."""

from collections.abc import Iterator

import pyarrow as pa

from spark_jobs.publish.disclosure.linking import Told
from spark_jobs.publish.disclosure.published import Slice
from spark_jobs.publish.disclosure.rules import TableRule
from spark_jobs.publish.disclosure.structure import Cell, Key, with_totals

# SDMX CL_OBS_STATUS. Primary and secondary cells bear one mark: whoever could tell them apart would know that a value is sensitive, and so its range.
NORMAL, SUPPRESSED, ROUNDED = "A", "Q", "E"


def slices(rule: TableRule, frame: pa.Table) -> dict[Slice, dict[Key, Cell]]:
    """Cells of every slice, totals added where the rule says so. ValueError where a row stands twice, or a value is missing or below zero."""
    found: dict[Slice, dict[Key, Cell]] = {}
    contributors = [frame[name].to_pylist() if name else [None] * len(frame) for name in (rule.units, rule.largest, rule.second)]
    for column in rule.values:
        for (piece, key), value, units, largest, second in zip(_places(rule, frame, column), frame[column].to_pylist(), *contributors):
            cells = found.setdefault(piece, {})
            if key in cells:
                raise ValueError(f"{rule.table}: {'/'.join(key)} stands twice in {'/'.join(piece)}; name the column that tells them apart in `by`")
            if value is None or value < 0:
                raise ValueError(f"{rule.table}: {column} of {'/'.join(key)} in {'/'.join(piece)} is {value}; counts and sums of contributions are not empty or below zero")
            cells[key] = Cell(float(value), units, largest, second)
    if rule.totals == "added":
        return {piece: with_totals(cells, list(rule.dimensions.values())) for piece, cells in found.items()}
    return found


def protected(rule: TableRule, frame: pa.Table, told: dict[Slice, dict[Key, Told]]) -> tuple[pa.Table, int]:
    """The table as it leaves, and how many rows are not listed: rows rounded to zero look like rows that do not exist."""
    listed = [False] * len(frame)
    result = frame
    for column in rule.values:
        figures = [told[piece][key] for piece, key in _places(rule, frame, column)]
        values = pa.array([one.published for one in figures], pa.float64()).cast(frame.schema.field(column).type)
        result = _replaced(result, column, values)
        hidden = [one.published is None for one in figures]
        for follower in rule.follows.get(column, []):
            kept = [None if is_hidden or rule.treatment == "rounding" else value for is_hidden, value in zip(hidden, frame[follower].to_pylist())]
            result = _replaced(result, follower, pa.array(kept, frame.schema.field(follower).type))
        mark = ROUNDED if rule.treatment == "rounding" else NORMAL
        status = pa.array([SUPPRESSED if is_hidden else mark for is_hidden in hidden], pa.string())
        result = result.add_column(result.schema.get_field_index(column) + 1, f"{column}_status", status)
        listed = [before or one.published != 0 for before, one in zip(listed, figures)]
    if rule.treatment == "rounding":
        result = result.filter(pa.array(listed))
    return result, len(frame) - len(result)


def _places(rule: TableRule, frame: pa.Table, column: str) -> Iterator[tuple[Slice, Key]]:
    by = [map(str, frame[name].to_pylist()) for name in rule.by]
    dimensions = [map(str, frame[name].to_pylist()) for name in rule.dimensions]
    pieces = zip(*by) if by else iter([()] * len(frame))
    return (((column, *piece), key) for piece, key in zip(pieces, zip(*dimensions)))


def _replaced(frame: pa.Table, column: str, values: pa.Array) -> pa.Table:
    return frame.set_column(frame.schema.get_field_index(column), frame.schema.field(column), values)
