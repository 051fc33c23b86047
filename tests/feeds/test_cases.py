"""Golden cases: `tests/feeds/<domain>/<feed>/<case in words>/` holds a file as sent, its manifest if it has one, and `expected.yaml`.

expected.yaml says either `refused: CODE`, or `loaded`, `repeated` and `quarantined` (file row → reason codes). A case is data, not code.
"""

import os
from pathlib import Path

import pytest
import yaml

from expectations.contract import load_feed
from spark_jobs.ingest import flow
from spark_jobs.ingest.refusal import Refused

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]
ROOT = Path(__file__).parent
CASES = sorted(path.parent for path in ROOT.rglob("expected.yaml"))
LEAST_CASES = 14


def test_no_case_is_lost():
    print(f"golden cases: {len(CASES)}")
    assert len(CASES) >= LEAST_CASES


@pytest.mark.parametrize("case", CASES, ids=[os.fspath(case.relative_to(ROOT)) for case in CASES])
def test_case(case, settings, ingested):
    domain, name, _ = case.relative_to(ROOT).parts
    sent = next(path for path in case.iterdir() if path.stem == "input")
    manifest = case / "manifest.json"
    expected = yaml.safe_load((case / "expected.yaml").read_text(encoding="utf-8"))
    contract, given = load_feed(f"{domain}.{name}"), manifest if manifest.is_file() else None
    if "refused" in expected:
        with pytest.raises(Refused) as refusal:
            flow.rehearse(settings, contract, sent, given)
        assert refusal.value.code == expected["refused"]
        return
    rows = flow.rehearse(settings, contract, sent, given)
    quarantined: dict[int, list[str]] = {}
    for row in rows:
        if row["verdict"] == "quarantined":
            assert row["original"]
            quarantined.setdefault(row["row"], []).extend(row["reasons"])
    counted = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in ("loaded", "repeated")}
    assert counted | {"quarantined": quarantined} == expected
