"""Golden cases: `tests/feeds/<domain>/<feed>/<case in words>/` holds a file as sent (`input.…`, or a name that its feed asks for),
its manifest if it has one, and `expected.yaml`.

expected.yaml names the class of fault the case proves (the list of CLASSES), its verdict (A accept, N normalise, W warn, QR quarantine the row,
QF refuse the file, B block for review) and says either `refused: CODE`, or `loaded`, `repeated` and `quarantined` (file row → reason codes).
Where that is the point it also says `rows` (row → header → text as read), `values` (row → field → typed value as text), `original`
(row → text kept), `warnings` (row → codes) and `notes` (codes of what was normalised in the file). A case is data, not code. Contracts that only tests use are in `_contracts/`.
"""

import os
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from expectations.contract import load, load_feed
from expectations.feed import Feed
from spark_jobs.ingest import flow
from spark_jobs.ingest.readers import reader
from spark_jobs.ingest.refusal import Refused
from spark_jobs.settings import CHECKOUT

ROOT = Path(__file__).parent
CASES = sorted(path.parent for path in ROOT.rglob("expected.yaml"))
MODELS = CHECKOUT / "dbt_project" / "models"
HISTORIES = sorted(ROOT.rglob("history.yaml"))  # test_histories.py
CLASSES = [f"{letter}{number}" for letter, count in (("E", 15), ("F", 24), ("C", 21), ("D", 16), ("V", 18), ("H", 14)) for number in range(1, count + 1)]
VERDICTS = ("A", "N", "W", "QR", "QF", "B")
LEAST_CASES, LEAST_OF_A_CLASS, LEAST_CLASSES = 641, 558, 108


def test_no_case_is_lost():
    expected = [_expected(case) for case in CASES] + [yaml.safe_load(path.read_text(encoding="utf-8")) for path in HISTORIES] + list(_cases_of_models())
    proven = Counter(case["class"] for case in expected if "class" in case)
    print(
        f"golden cases: {len(expected)}, {len(HISTORIES)} of them of several deliveries; of which {proven.total()} prove one class of fault (the others show a feed as a whole); "
        f"classes covered: {len(proven)} of {len(CLASSES)}; not covered: {' '.join(c for c in CLASSES if c not in proven)}"
    )
    assert set(proven) <= set(CLASSES)
    assert {case["verdict"] for case in expected if "class" in case} <= set(VERDICTS)
    assert len(expected) >= LEAST_CASES
    assert proven.total() >= LEAST_OF_A_CLASS
    assert len(proven) >= LEAST_CLASSES


@pytest.mark.parametrize("case", CASES, ids=[os.fspath(case.relative_to(ROOT)) for case in CASES])
def test_case(case, division_lake):
    sent, manifest, feed, expected = _sent(case), case / "manifest.json", _feed(case), _expected(case)
    given = manifest if manifest.is_file() else None
    if "refused" in expected:
        with pytest.raises(Refused) as refusal:
            flow.rehearse(division_lake, feed, sent, given)
        assert refusal.value.code == expected["refused"]
        assert refusal.value.detail
        return
    rows = flow.rehearse(division_lake, feed, sent, given)
    quarantined: dict[int, list[str]] = {}
    for row in rows:
        if row["verdict"] == "quarantined":
            assert row["original"] is not None
            quarantined.setdefault(row["row"], []).extend(row["reasons"])
    counted = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in ("loaded", "repeated")}
    assert counted | {"quarantined": quarantined} == {name: expected[name] for name in ("loaded", "repeated", "quarantined")}
    warned = {row["row"]: row["warnings"] for row in rows if row["warnings"]}
    kept = {row["row"]: row["original"] for row in rows}
    assert {number: warned.get(number) for number in expected.get("warnings", {})} == expected.get("warnings", {})
    assert {number: kept[number] for number in expected.get("original", {})} == expected.get("original", {})
    typed = {row["row"]: {name: str(value) for name, value in row["values"].items()} for row in rows}
    assert {number: {name: typed[number][name] for name in cells} for number, cells in expected.get("values", {}).items()} == expected.get("values", {})
    _check_reading(sent, feed, expected)


def _cases_of_models() -> Iterator[dict]:
    """Classes that only a mart can show, of which its unit tests in dbt_project/models say so."""
    for path in MODELS.rglob("*.yml"):
        for test in yaml.safe_load(path.read_text(encoding="utf-8")).get("unit_tests", []):
            if told := test.get("config", {}).get("meta", {}):
                yield told


def _check_reading(sent: Path, feed: Feed, expected: dict) -> None:
    """The text of single cells, exactly as it was sent, and what was normalised."""
    dialect = feed.dialect_for(sent.name)
    plan = reader(dialect).inspect(sent, dialect)
    assert [note.partition(":")[0] for note in plan.notes] == expected.get("notes", [note.partition(":")[0] for note in plan.notes])
    read = {row["_row"]: row for part in plan.parts for row in reader(dialect).read(sent, dialect, plan, part).to_pylist()}
    for number, cells in expected.get("rows", {}).items():
        assert {header: read[number][header] for header in cells} == cells


def _sent(case: Path) -> Path:
    return next(path for path in case.iterdir() if path.name not in ("expected.yaml", "manifest.json"))


def _feed(case: Path) -> Feed:
    return _contract(*case.relative_to(ROOT).parts[:2])


@cache
def _contract(domain: str, name: str) -> Feed:
    own = ROOT / "_contracts" / domain / f"{name}.yaml"
    return load(own) if own.is_file() else load_feed(f"{domain}.{name}")


def _expected(case: Path) -> dict:
    return yaml.safe_load((case / "expected.yaml").read_text(encoding="utf-8"))
