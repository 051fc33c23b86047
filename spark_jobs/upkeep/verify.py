"""verify: read every landed and committed file again and hold it against its name, the ledger and the ledger against itself."""

from dataclasses import dataclass, field
from pathlib import Path

from spark_jobs import delta, integrity
from spark_jobs.settings import Settings

LAYERS = ("bronze", "judged")


@dataclass
class Report:
    """How much was read, every fault in words, and the hash of the ledger's last entry."""

    files: int = 0
    size_bytes: int = 0
    faults: list[str] = field(default_factory=list)
    anchor: str = integrity.FIRST


def verify(settings: Settings, anchor: str | None = None) -> Report:
    """Check the whole deployment. `anchor`: a hash that an earlier run printed; it must still stand in the chain."""
    report = Report()
    written = _check_chain(settings, report, anchor)
    for path in sorted((settings.landing / "files").glob("*/*")):
        sealed = written.get(str(path.relative_to(settings.home)))  # kept with marks in place of persons' numbers
        _check(report, path, sealed.sha256 if sealed else path.name, f"landing {path.name[:16]}", "take the delivery's file from its sender or a backup")
    for layer in LAYERS:
        for table in sorted((settings.lake / layer).glob("*/_delta_log")):
            _check_table(settings, report, table.parent, written)
    for release in sorted(settings.releases.glob("[0-9]*/*/serve.duckdb")):
        _check_written(settings, report, release, written, "`guihu release` after `guihu build --force` makes a new one")
    return report


def _check_chain(settings: Settings, report: Report, anchor: str | None) -> dict[str, integrity.Entry]:
    """The last entry of each path."""
    found, seen = {}, {integrity.FIRST}
    for number, entry, claimed in integrity.entries(settings):
        if entry is None or entry.previous != report.anchor or entry.digest != claimed:
            report.faults.append(f"ledger line {number}: it does not follow from the line before: the ledger was changed")
        if entry:
            found[entry.path] = entry
            report.anchor = claimed
            seen.add(claimed)
    if anchor and anchor not in seen:
        report.faults.append(f"ledger: the anchor {anchor} is not in the chain: its end was cut off or rewritten")
    return found


def _check_table(settings: Settings, report: Report, table: Path, written: dict[str, integrity.Entry]) -> None:
    for name in delta.data_files(table):
        advice = f"delivery {Path(name).name.partition('-')[0]} can be read again from landing"
        _check_written(settings, report, Path(name), written, advice)


def _check_written(settings: Settings, report: Report, path: Path, written: dict[str, integrity.Entry], advice: str) -> None:
    name = str(path.relative_to(settings.home))
    if not path.is_file():
        report.faults.append(f"{name}: the file is gone; {advice}")
    elif name not in written:
        report.faults.append(f"{name}: no entry of the ledger: it was not written by the lake; {advice}")
    else:
        _check(report, path, written[name].sha256, name, advice)


def _check(report: Report, path: Path, expected: str, name: str, advice: str) -> None:
    report.files += 1
    report.size_bytes += path.stat().st_size
    found = integrity.sha256_of(path)
    if found != expected:
        report.faults.append(f"{name}: SHA-256 is {found}, written was {expected}; {advice}")
