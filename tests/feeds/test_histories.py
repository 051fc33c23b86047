"""Golden cases of more than one delivery: `tests/feeds/<domain>/<feed>/<case in words>/history.yaml` beside the files that it sends.

history.yaml names the class of fault and the verdict as expected.yaml does (test_cases.py), then `deliveries`, one after the other:
  send         the file; `name` where it is sent under another one, `to` where it is sent to another feed, `manifest` what its manifest says
  through      `inbox` where it is laid there instead of being handed in
  at_once      how many commands ingest it at the same time
  disk_full_at the place (faultpoint.PLACES) at which the disk is full
  ends         loaded, known (these bytes came before), waits (not taken yet), disk full, or held, refused, unknown with the code
  loaded, quarantined, notes    rows, and codes of notes, where that is the point
At last `ask`, a query over silver, and its `answer`. A case is data, not code.
"""

import errno
import json
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from expectations.contract import load_all, load_feed
from expectations.feed import ContractError
from spark_jobs import delta, faultpoint, silver
from spark_jobs.duck import delta_reader
from spark_jobs.ingest import flow, landing
from spark_jobs.ingest.refusal import Refused
from spark_jobs.settings import Settings

ROOT = Path(__file__).parent
pytestmark = pytest.mark.service  # takes time; needs no service of the stack
HISTORIES = sorted(path.parent for path in ROOT.rglob("history.yaml"))


@pytest.mark.parametrize("case", HISTORIES, ids=[os.fspath(case.relative_to(ROOT)) for case in HISTORIES])
def test_history(case, division_lake, tmp_path, monkeypatch):
    shutil.copytree(division_lake.home, tmp_path, dirs_exist_ok=True)
    lake, story = Settings(home=tmp_path, environments=tmp_path, port=9), yaml.safe_load((case / "history.yaml").read_text(encoding="utf-8"))
    feed_id = ".".join(case.relative_to(ROOT).parts[:2])
    for number, sent in enumerate(story["deliveries"], 1):
        path = lake.home / "sent" / str(number) / sent.get("name", sent["send"])
        path.parent.mkdir(parents=True)
        path.write_bytes((case / sent["send"]).read_bytes())
        if "manifest" in sent:
            path.with_name(path.name + landing.MANIFEST_SUFFIX).write_text(json.dumps(sent["manifest"]), encoding="utf-8")
        monkeypatch.delenv("GUIHU_FAULT", raising=False)
        if "disk_full_at" in sent:
            faultpoint._reached.clear()
            monkeypatch.setenv("GUIHU_FAULT", f"{sent['disk_full_at']}:1:enospc")
        ends, outcome = deliver(lake, sent.get("to", feed_id), path, sent)
        assert ends == sent["ends"], (number, outcome)
        told = {"loaded": outcome.get("rows_loaded"), "quarantined": outcome.get("rows_quarantined"), "notes": [note.partition(":")[0] for note in outcome.get("notes", [])]}
        assert {name: told[name] for name in told if name in sent} == {name: sent[name] for name in told if name in sent}, number
    assert answer(lake, feed_id, story["ask"]) == story["answer"]


def deliver(lake: Settings, feed_id: str, path: Path, sent: dict) -> tuple[str, dict]:
    """How the delivery ended, and its outcome."""
    try:
        feed = load_feed(feed_id)
        delivery, is_new = through_inbox(lake, feed_id, path) if sent.get("through") == "inbox" else landing.receive(lake, feed, path)
    except ContractError:
        return "unknown feed", {}
    except Refused as fault:
        return f"refused {fault.code}", {}
    if delivery is None:
        return "waits", {}
    if not is_new and landing.outcome(landing.delivery_folder(lake, feed.id, delivery.delivery_id)):
        return "known", {}
    try:
        outcomes = ingest_at_once(lake, feed, delivery, sent.get("at_once", 1))
    except OSError as fault:
        return ("disk full" if fault.errno == errno.ENOSPC else str(fault)), {}
    assert all(outcome == outcomes[0] for outcome in outcomes)
    codes = [finding["code"] for finding in outcomes[0].get("findings", [])] or [outcomes[0].get("refusal", {}).get("code")]
    return " ".join([outcomes[0]["status"], *filter(None, codes)]), outcomes[0]


def through_inbox(lake: Settings, feed_id: str, path: Path) -> tuple[landing.Delivery | None, bool]:
    place = lake.inbox.joinpath(*feed_id.split("."))
    place.mkdir(parents=True, exist_ok=True)
    path.rename(place / path.name)
    waiting, _ = landing.receive_inbox(lake, load_all())
    return (waiting[-1], True) if waiting else (None, False)


def ingest_at_once(lake: Settings, feed, delivery: landing.Delivery, times: int) -> list[dict]:
    start = threading.Barrier(times)

    def ingest(_) -> dict:
        start.wait()
        return flow.ingest(lake, feed, [delivery])[0].outcome

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(ingest, range(times)))


def answer(lake: Settings, feed_id: str, question: str) -> list[list]:
    feed, connection = load_feed(feed_id), delta_reader()
    judged = lake.lake / "judged"
    relations = {table.name: f"delta_scan('{table}')" for table in judged.iterdir() if delta.version(table) is not None}
    if feed.table not in relations:
        return []
    view = silver.query(feed, relations.get)
    return [[str(cell) if cell is not None else None for cell in row] for row in connection.execute(f"with silver as ({view}) {question}").fetchall()]
