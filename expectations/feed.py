"""What a contract says of a feed, as small frozen objects: they are made by expectations/contract.py and asked by everything in the house."""

import fnmatch
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any


class ContractError(ValueError):
    """A contract is not valid: the message names the file, the place in it and the rule it breaks."""


@dataclass(frozen=True)
class Unpivot:
    """A matrix file is read cell by cell: `keep` headers repeat, every other header becomes `name` and its cell `value`."""

    keep: tuple[str, ...]
    name: str
    value: str


@dataclass(frozen=True)
class Dialect:
    """How one kind of file of a feed is written.

    encoding         UTF-8, GB18030, or `detect` (UTF-8 strictly, else GB18030 strictly); a byte order mark of UTF-16 always counts
    footer_is_total  the line that footer_pattern finds is a total row: its numbers must be the sums of their columns
    sheet            XLSX: name of the sheet, the first one where none is named, `*` for every sheet
    header_rows      XLSX: rows of a header whose cells are merged; the names of one column are joined with `_`
    records          JSON, XML: path to the records
    layout           fixed width: (header, width) of each column, in order; width_unit is `character` or `byte` of the encoding
    archive          zip, gzip, tar or tar.gz around files of this dialect
    """

    name: str
    path: str
    format: str
    encoding: str = "UTF-8"
    delimiter: str = ","
    null_values: tuple[str, ...] = ("",)
    skip_lines: int = 0
    footer_pattern: str | None = None
    footer_is_total: bool = False
    trailing_delimiter: bool = False
    multiline: bool = False
    sheet: str | None = None
    header_rows: int = 1
    records: str | None = None
    ignored: tuple[str, ...] = ()
    layout: tuple[tuple[str, int], ...] = ()
    width_unit: str = "character"
    archive: str | None = None
    manifest_required: bool = False
    unpivot: Unpivot | None = None
    any_volume: bool = False  # a file holds what came since the last one, however much that is


@dataclass(frozen=True)
class Source:
    """A business system that a feed is pulled from: a database (`postgres`) or an interface (`api`).

    `address` holds the standard's fields (host, port, database, schema; location), `options` the house's own.
    """

    name: str
    type: str
    address: dict[str, Any]
    options: dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One property of the contract. `header` is the column in the file; a derived field has `transform` and no header.

    `normalise` lists what is put right in its text before it is typed (expectations/normalise.py), never without a warning.
    """

    name: str
    label: str
    label_en: str
    header: str | None
    aliases: tuple[str, ...]
    logical_type: str
    physical_type: str | None
    required: bool
    key_position: int | None
    classification: str
    token_name: str | None
    options: dict[str, Any]
    enum: tuple[tuple[str, str], ...]
    transform: str | None
    unit: str | None
    bronze_only: bool
    description: str
    normalise: tuple[str, ...] = ()
    flat_line_after: int | None = None  # readings of one value after which a sensor is taken to be stuck
    references: tuple[tuple[str, str], ...] = ()  # (table, column) of the feeds one of which must know the value; until then the row is parked
    editions: dict[str, dict[str, str | None]] = field(default_factory=dict)  # edition of a classification → its code → the code used here, None where none is the same

    @property
    def silver_name(self) -> str | None:
        """Name of the column in silver: the token in place of a personal identifier; None where the field stays in bronze."""
        return None if self.bronze_only else (self.token_name or self.name)


@dataclass(frozen=True)
class Rule:
    """A rule written by hand in the contract: `predicate` is DuckDB SQL that is true for a good row."""

    code: str
    predicate: str
    method: str
    severity: str
    message_zh: str
    message_en: str


@dataclass(frozen=True)
class HistoryRule:
    """A rule over a whole delivery and what was known before it.

    `query` is DuckDB SQL over the relations `now` (good rows of the delivery), `before` (good rows known already) and, by their table names,
    the good rows of other feeds. It yields one row: how many things break the rule (none for a good delivery), and an example.
    """

    code: str
    query: str
    severity: str  # hold or warning
    message_zh: str
    message_en: str


@dataclass(frozen=True)
class Feed:
    """A feed, as its contract describes it."""

    id: str
    name: str
    name_en: str
    owner: str
    steward: str
    kind: str
    sharing: str
    synthetic: bool
    source: str
    purpose: str
    limitations: str
    granularity: str
    schedule: str | None
    frequency_days: float
    latency_hours: float
    effective_from: str | None
    dialects: tuple[Dialect, ...]
    sources: tuple[Source, ...]
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    history_rules: tuple[HistoryRule, ...]
    path: Path = field(compare=False)

    @property
    def domain(self) -> str:
        return self.id.partition(".")[0]

    @property
    def table(self) -> str:
        """`<domain>__<feed>`: the table's name in every layer."""
        return self.id.replace(".", "__")

    @cached_property
    def identifiers(self) -> tuple[Field, ...]:
        """The fields that name a person: their text is kept in the vault alone."""
        return tuple(f for f in self.fields if f.classification == "sensitive-personal" and f.header is not None)

    @cached_property
    def text_fields(self) -> tuple[Field, ...]:
        """The fields that stand in the file, in contract order: the columns of bronze."""
        return tuple(f for f in self.fields if f.header is not None)

    @cached_property
    def sentences(self) -> tuple[Field, ...]:
        """The text fields in which anything may be written: no code, no number, no date."""
        return tuple(f for f in self.text_fields if f.logical_type == "string" and not f.enum and "pattern" not in f.options and f.key_position is None)

    @cached_property
    def silver_fields(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.silver_name is not None)

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Silver names of the primary key, in key order."""
        keyed = sorted((f for f in self.silver_fields if f.key_position is not None), key=lambda f: f.key_position)
        return tuple(f.silver_name for f in keyed)

    @cached_property
    def references(self) -> tuple[Field, ...]:
        """The silver fields whose values another feed has to know."""
        return tuple(f for f in self.silver_fields if f.references)

    def dialect_for(self, file_name: str) -> Dialect:
        """The dialect whose path pattern the file name matches. Raises ContractError where none or several do."""
        fitting = [d for d in self.dialects if fnmatch.fnmatchcase(file_name, d.path.rpartition("/")[2])]
        if len(fitting) != 1:
            patterns = ", ".join(d.path.rpartition("/")[2] for d in self.dialects)
            raise ContractError(f"{file_name}: {len(fitting)} of the file patterns of {self.id} fit ({patterns}); exactly one must")
        return fitting[0]
