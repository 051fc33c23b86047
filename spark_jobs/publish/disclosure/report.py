"""What protection cost, in cells and in value, beside naive full suppression; what the attacker reached; what did not leave and why."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from spark_jobs.publish.disclosure.audit import Audit
from spark_jobs.publish.disclosure.linking import Told, equations_that_hold
from spark_jobs.publish.disclosure.structure import Key


@dataclass
class Loss:
    """Cells suppressed of all cells that are not zero, and their share of the sum of all cells."""

    cells: int = 0
    suppressed: int = 0
    value: float = 0.0
    value_suppressed: float = 0.0

    @property
    def cells_pct(self) -> float:
        return 100 * self.suppressed / self.cells if self.cells else 0.0

    @property
    def value_pct(self) -> float:
        return 100 * self.value_suppressed / self.value if self.value else 0.0

    def add(self, cells: dict[Key, Told], hidden: Iterable[Key]) -> None:
        hidden = set(hidden)
        self.cells += sum(told.value != 0 for told in cells.values())
        self.value += sum(told.value for told in cells.values())
        self.suppressed += len(hidden)
        self.value_suppressed += sum(cells[key].value for key in hidden)


@dataclass
class Report:
    """One protected table. `statuses`: how many slices were solved to the optimum, to a feasible pattern, or taken from an earlier telling."""

    table: str
    release_id: str
    role: str
    treatment: str
    owner: str
    because: dict[str, str]
    decision: str = ""
    rule: dict = field(default_factory=dict)
    rows_in: int = 0
    rows_out: int = 0
    rows_not_listed: int = 0
    columns_dropped: dict[str, str] = field(default_factory=dict)
    slices: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    primary: int = 0
    secondary: int = 0
    loss: Loss = field(default_factory=Loss)
    naive: Loss = field(default_factory=Loss)
    rounding_distance: float = 0.0
    earlier_releases: list[str] = field(default_factory=list)
    attacks: int = 0
    attacked: int = 0
    narrowed: int = 0
    recovered: int = 0
    anonymity: dict = field(default_factory=dict)

    def add_slice(self, cells: dict[Key, Told], hierarchies: list[str], status: str) -> None:
        primary = {key for key, told in cells.items() if told.lower > 0 or told.upper > 0}
        hidden = {key for key, told in cells.items() if told.published is None}
        self.slices += 1
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.primary += len(primary)
        self.secondary += len(hidden - primary)
        self.loss.add(cells, hidden)
        self.naive.add(cells, naive_full_suppression(cells, hierarchies, primary))
        self.rounding_distance += sum(abs(told.published - told.value) for told in cells.values() if told.published is not None)

    def add_audit(self, audit: Audit) -> None:
        self.attacks += audit.attacks
        self.attacked += audit.sensitive
        self.narrowed += audit.narrowed
        self.recovered += audit.recovered

    def for_readers(self) -> dict:
        """What may stand beside the exported table: how it was protected and what is missing. The parameters of the p % and dominance rules and which cells
        were sensitive stay inside: they would narrow every interval."""
        told = {"treatment": self.treatment, "decision": self.decision, "owner": self.owner, "because": self.because, "columns_dropped": self.columns_dropped}
        if self.treatment == "suppression":
            told |= {"cells": self.loss.cells, "suppressed": self.loss.suppressed, "suppressed_value_pct": round(self.loss.value_pct, 1)}
        if self.treatment == "rounding":
            told |= {"rounded_to": self.rule["base"], "zero": "rows rounded to zero are not listed"}
        return told

    def as_dict(self) -> dict:
        """For the audit row inside, with the percentages of both losses."""
        losses = {name: asdict(loss) | {"cells_pct": loss.cells_pct, "value_pct": loss.value_pct} for name, loss in (("loss", self.loss), ("naive", self.naive))}
        return asdict(self) | losses


def naive_full_suppression(cells: dict[Key, Told], hierarchies: list[str], primary: set[Key]) -> set[Key]:
    """What a clerk would do without a solver: empty every cell (not zero) that adds up with a sensitive one to some total, the whole row and the whole column."""
    hidden = set(primary)
    for _, parts in equations_that_hold(cells, hierarchies):
        if not primary.isdisjoint(parts):
            hidden.update(key for key in parts if cells[key].value != 0)
    return hidden
