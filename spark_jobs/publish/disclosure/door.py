"""protect: what of a table leaves to a reader.

Give the whole table of the release, before any `where` or choice of columns: filters go over the protected table, or two exports would differ by a hidden cell.
What has left is kept in the ledger of the deployment, so the same request gives the same figures again, and later releases are attacked together with it.
"""

from dataclasses import asdict, dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.files import exclusive
from spark_jobs.publish.disclosure import microdata, tables
from spark_jobs.publish.disclosure.audit import Published, audit
from spark_jobs.publish.disclosure.linking import Earlier, Told, problem_of
from spark_jobs.publish.disclosure.published import Ledger, Slice
from spark_jobs.publish.disclosure.report import Loss, Report
from spark_jobs.publish.disclosure.rounding import rounded
from spark_jobs.publish.disclosure.rules import Rules, TableRule, load
from spark_jobs.publish.disclosure.sensitivity import ContributorsUnknown, level
from spark_jobs.publish.disclosure.structure import HIERARCHIES, Cell, Key
from spark_jobs.publish.disclosure.suppression import Unprotectable, suppress
from spark_jobs.settings import Settings

SECONDS = 60.0  # for the search of all slices together; a pattern found by then is kept, however good


class Refused(ValueError):
    """The table does not leave; the message says why in words, `report` in figures."""

    def __init__(self, message: str, report: Report):
        super().__init__(message)
        self.report = report


@dataclass(frozen=True)
class Protected:
    """The table as it leaves, and what it cost."""

    frame: pa.Table
    report: Report


def protect(settings: Settings, table: str, frame: pa.Table, role: str, release_id: str, rules: Rules | None = None, seconds: float = SECONDS) -> Protected:
    """Protect the whole table of one release for one role. Raises Refused, also for tables that infra/disclosure.yaml does not name."""
    rules = rules or load()
    rule = rules.tables.get(table)
    if rules.is_inside(role):
        report = Report(table, release_id, role, "inside", rule.owner if rule else "", rules.inside_because, "leaves_unchanged", rows_in=len(frame), rows_out=len(frame))
        return Protected(frame, report)
    if rule is None:
        report = Report(table, release_id, role, "unknown", "", {}, "refused", rows_in=len(frame))
        raise Refused(f"{table} stands in no entry of infra/disclosure.yaml, so nobody has decided how it may leave; the owner of the table adds one", report)
    report = Report(table, release_id, role, rule.treatment, rule.owner, rule.because, rows_in=len(frame), columns_dropped=dict(rule.drop))
    report.rule = asdict(rule.sensitivity) | {"base": rule.base, "k": rule.k, "l": rule.l}
    if rule.treatment == "withheld":
        _refuse(f"{table} does not leave: {rule.because['zh']} · {rule.because['en']}", report)
    kept = _rows_that_leave(rule, frame)
    if rule.treatment == "microdata":
        leaving = _without(rule, kept)
        _measure(rule, leaving, report)
    elif rule.treatment == "as_is":
        leaving = _without(rule, kept)
    else:
        with exclusive(settings.run / "locks" / f"disclosure-{table}.lock"):
            leaving = _protect_cells(settings, rule, kept, report, seconds)
    report.decision, report.rows_out = ("leaves_unchanged" if leaving.equals(frame) else "protected"), len(leaving)
    return Protected(leaving, report)


def _protect_cells(settings: Settings, rule: TableRule, frame: pa.Table, report: Report, seconds: float) -> pa.Table:
    ledger = Ledger(settings.home / "disclosure" / rule.table)
    digest = ledger.digest(rule, frame)
    before = ledger.kept(report.release_id, digest)
    if before:
        told, figures = before
        losses = {name: Loss(**{key: value for key, value in figures.pop(name).items() if not key.endswith("_pct")}) for name in ("loss", "naive")}
        vars(report).update(figures | losses | {"role": report.role})
    else:
        cells, earlier, told, told_in = tables.slices(rule, frame), ledger.earlier(), {}, {}
        try:
            for piece, of in cells.items():
                told[piece], name = _protect_slice(rule, of, earlier.get(piece, []), report, seconds / len(cells))
                told_in.setdefault(name, []).append(piece)
        except (Unprotectable, ContributorsUnknown) as fault:
            _refuse(f"{rule.table} of {report.release_id} cannot be protected: {fault}", report)
        report.earlier_releases = sorted({one.release_id for piece in cells for one in earlier.get(piece, [])})
        if report.narrowed:
            _refuse(f"{rule.table} of {report.release_id}: the auditor narrowed {report.narrowed} of {report.attacked} sensitive cells below their protection", report)
    result, report.rows_not_listed = tables.protected(rule, frame, told)
    if not before:
        new = {piece: told[piece] for piece in told_in.pop(None, [])}
        ledger.keep(report.release_id, digest, new, told_in, report.as_dict())
    return _without(rule, result)


def _protect_slice(rule: TableRule, cells: dict[Key, Cell], earlier: list[Earlier], report: Report, seconds: float) -> tuple[dict[Key, Told], str | None]:
    """The slice as it leaves, and the name of the earlier telling where it is the same."""
    hierarchies, is_count = list(rule.dimensions.values()), rule.kind == "frequency"
    levels = {key: level(cell, rule.sensitivity, is_count) for key, cell in cells.items()}
    base = rule.base if rule.treatment == "rounding" else None
    truth = {key: (cell.value, *levels[key]) for key, cell in cells.items()}
    same = (one for one in earlier if one.base == base and {key: (told.value, told.lower, told.upper) for key, told in one.cells.items()} == truth)
    if unchanged := next(same, None):
        told, status = unchanged.cells, "as told before"
    elif rule.treatment == "rounding":
        figures = rounded(cells, hierarchies, rule.base, rule.sensitivity.minimum_units, earlier, max(2.0, seconds))
        told, status = {key: Told(cell.value, figures[key], *levels[key]) for key, cell in cells.items()}, "rounded"
    else:
        problem = problem_of(cells, hierarchies, rule.sensitivity, is_count, rule.weigh_by, earlier)
        pattern = suppress(problem, max(2.0, seconds))
        hidden = {key for key, is_hidden in zip(problem.keys[: len(cells)], pattern.suppressed) if is_hidden}
        told, status = {key: Told(cell.value, None if key in hidden else cell.value, *levels[key]) for key, cell in cells.items()}, pattern.status
    report.add_slice(told, hierarchies, status)
    published = [_published(told, base, cells), *(_published(one.cells, one.base) for one in earlier if (one.cells, one.base) != (told, base))]
    parents = [{code: parent(code) for release in published for code in release.cells[i]} for i, parent in enumerate(HIERARCHIES[name] for name in hierarchies)]
    report.add_audit(audit(published, parents, is_count))
    return told, unchanged.release_id if unchanged else None


def _published(told: dict[Key, Told], base: int | None, cells: dict[Key, Cell] | None = None) -> Published:
    rows = [(*key, one.value, one.published, one.lower, one.upper, cells[key].units if cells else None) for key, one in told.items()]
    columns = [*range(len(next(iter(told)))), "truth", "published", "lower", "upper", "units"]
    return Published(pd.DataFrame(rows, columns=columns).astype({"truth": float, "published": float}), base)


def _measure(rule: TableRule, frame: pa.Table, report: Report) -> None:
    measured = microdata.measure(frame.to_pandas(), list(rule.quasi_identifiers), list(rule.sensitive), rule.k, rule.l)
    report.anonymity = asdict(measured)
    if shortcomings := measured.shortcomings(rule.k, rule.l):
        _refuse(f"{rule.table} is microdata and does not leave: {'; '.join(shortcomings)} (quasi-identifiers {', '.join(rule.quasi_identifiers)})", report)


def _rows_that_leave(rule: TableRule, frame: pa.Table) -> pa.Table:
    for column, values in rule.rows.items():
        frame = frame.filter(pc.is_in(pc.cast(frame[column], pa.string()), pa.array(values)))
    return frame


def _without(rule: TableRule, frame: pa.Table) -> pa.Table:
    gone = [name for name in (*rule.drop, *rule.contributors) if name in frame.column_names]
    return frame.drop_columns(gone) if gone else frame


def _refuse(reason: str, report: Report) -> None:
    report.decision = "refused"
    raise Refused(reason, report)


def told_slices(settings: Settings, table: str) -> dict[Slice, list[Earlier]]:
    """Everything of a table that has left, for the auditor."""
    return Ledger(settings.home / "disclosure" / table).earlier()
