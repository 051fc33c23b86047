"""What infra/disclosure.yaml says of each table: read, checked, and nothing assumed where it is silent."""

import fnmatch
import functools
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from spark_jobs.publish import disclosure
from spark_jobs.publish.disclosure.sensitivity import SensitivityRule
from spark_jobs.publish.disclosure.structure import HIERARCHIES

TREATMENTS = ("as_is", "suppression", "rounding", "microdata", "withheld")
PER_TREATMENT = {
    "suppression": ("kind", "dimensions", "values", "totals"),
    "rounding": ("kind", "dimensions", "values", "totals"),
    "microdata": ("quasi_identifiers", "sensitive"),
}
SENSITIVITY = ("minimum_units", "range_pct", "p_pct", "dominance", "pq")


class InvalidRule(ValueError):
    """infra/disclosure.yaml says something that cannot be done; names the table and what to write."""


@dataclass(frozen=True)
class TableRule:
    """How one table is treated; fields as explained at the head of the file."""

    table: str
    treatment: str
    owner: str
    because: dict[str, str]
    kind: str | None = None
    dimensions: dict[str, str] = field(default_factory=dict)
    by: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    follows: dict[str, list[str]] = field(default_factory=dict)
    totals: str | None = None
    units: str | None = None
    largest: str | None = None
    second: str | None = None
    rows: dict[str, list[str]] = field(default_factory=dict)
    drop: dict[str, str] = field(default_factory=dict)
    quasi_identifiers: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    k: int = 5
    l: int = 2  # noqa: E741 - the name of the measure
    base: int = 3
    weigh_by: str = "value"
    sensitivity: SensitivityRule = SensitivityRule()

    @property
    def contributors(self) -> tuple[str, ...]:
        """Columns that tell of contributors; they never leave."""
        return tuple(name for name in (self.units, self.largest, self.second) if name)


@dataclass(frozen=True)
class Rules:
    """The whole file."""

    inside: tuple[str, ...]
    inside_because: dict[str, str]
    tables: dict[str, TableRule]

    def is_inside(self, role: str) -> bool:
        return any(fnmatch.fnmatchcase(role, pattern) for pattern in self.inside)


def leaves_unchanged(table: str, role: str, rules: Rules | None = None) -> bool:
    """True where `door.protect` would hand every row and column on, so that an export need not read the table first."""
    rules = rules or load()
    rule = rules.tables.get(table)
    return rules.is_inside(role) or (rule is not None and rule.treatment == "as_is" and not (rule.rows or rule.drop or rule.contributors))


def load(path: Path | None = None) -> Rules:
    """Read and check infra/disclosure.yaml as it is now, or another file. Raises InvalidRule."""
    return _read((path or disclosure.FILE).read_text(encoding="utf-8"))


@functools.lru_cache(maxsize=4)
def _read(text: str) -> Rules:
    document = yaml.safe_load(text)
    tables = {name: _table(name, item, document["defaults"]) for name, item in document["tables"].items()}
    return Rules(tuple(document["inside"]["roles"]), document["inside"]["because"], tables)


def _table(name: str, item: dict, defaults: dict) -> TableRule:
    if item.get("treatment") not in TREATMENTS:
        raise InvalidRule(f"{name}: treatment is {item.get('treatment')!r}; write one of {', '.join(TREATMENTS)}")
    missing = [key for key in ("owner", "because", *PER_TREATMENT.get(item["treatment"], ())) if not item.get(key)]
    if missing:
        raise InvalidRule(f"{name}: {item['treatment']} needs {', '.join(missing)}")
    allowed = set(TableRule.__dataclass_fields__) - {"table", "sensitivity"} | {"rule"}
    if unknown := sorted(set(item) - allowed):
        raise InvalidRule(f"{name}: nobody reads {', '.join(unknown)}; the head of infra/disclosure.yaml lists the words")
    if unknown := sorted(set(item.get("dimensions", {}).values()) - set(HIERARCHIES)):
        raise InvalidRule(f"{name}: there is no hierarchy {', '.join(unknown)}; there are {', '.join(HIERARCHIES)}")
    if item["treatment"] == "rounding" and item["kind"] != "frequency":
        raise InvalidRule(f"{name}: rounding is for counts; a magnitude is protected by suppression")
    said = defaults | item.get("rule", {})
    if unknown := sorted(set(said) - {*SENSITIVITY, "base", "k", "l"}):
        raise InvalidRule(f"{name}: there is no rule {', '.join(unknown)}")
    if item["treatment"] == "rounding" and said["base"] < (said["minimum_units"] or 0):
        raise InvalidRule(f"{name}: base {said['base']} is below minimum_units {said['minimum_units']}: a rounded figure would show that a count is sensitive")
    sensitivity = SensitivityRule(**{key: tuple(value) if isinstance(value, list) else value for key, value in said.items() if key in SENSITIVITY})
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in item.items() if key != "rule"}
    return TableRule(table=name, sensitivity=sensitivity, base=said["base"], k=said["k"], l=said["l"], **fields)
