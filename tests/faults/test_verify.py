"""Every flipped bit is named: in landing, in a Delta data file, in the ledger itself; a cut ledger is found by its anchor."""

import random

import pytest

from expectations.contract import load_feed
from spark_jobs import integrity
from spark_jobs.ingest import flow, landing
from spark_jobs.settings import Settings
from spark_jobs.upkeep.verify import verify
from tests.faults.schedules import stories

pytestmark = pytest.mark.service  # takes time; needs no service of the stack

FLIPS = 60


@pytest.fixture
def lake(tmp_path) -> Settings:
    lake = Settings(home=tmp_path / "lake", environments=tmp_path, port=9)
    story = stories(tmp_path / "sent")[1]
    feed = load_feed(story.feed)
    for path in story.files:
        flow.ingest(lake, feed, [landing.receive(lake, feed, path)[0]])
    return lake


def test_a_sound_lake_has_no_faults(lake):
    report = verify(lake)
    assert (report.faults, report.files) == ([], 15)  # five deliveries: landed, text rows, judged rows


def test_every_flipped_bit_is_named(lake):
    chance = random.Random(7)
    files = sorted(p for p in [*(lake.landing / "files").glob("*/*"), *lake.lake.glob("*/*/*.parquet")])
    found = 0
    for _ in range(FLIPS):
        path = chance.choice(files)
        content = bytearray(path.read_bytes())
        place = chance.randrange(len(content))
        content[place] ^= 1 << chance.randrange(8)
        whole = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(content)
        faults = verify(lake).faults
        found += len(faults) == 1 and path.name[:16] in faults[0]
        path.write_bytes(whole)
    print(f"flipped bits named: {found} of {FLIPS}")
    assert found == FLIPS


def test_a_changed_entry_and_a_cut_end_of_the_ledger_are_found(lake):
    ledger = integrity.ledger_path(lake)
    anchor, lines = verify(lake).anchor, ledger.read_text().splitlines(keepends=True)
    ledger.write_text("".join(lines[:-1]))
    assert any("anchor" in fault for fault in verify(lake, anchor).faults)
    ledger.write_text("".join([lines[0], lines[1].replace('"size_bytes": ', '"size_bytes": 1'), *lines[2:]]))
    assert any("ledger line 2" in fault for fault in verify(lake).faults)


def test_a_file_that_the_lake_did_not_write_is_named(lake):
    path = next(lake.lake.glob("judged/*/*.parquet"))
    ledger = integrity.ledger_path(lake)
    ledger.write_text("".join(line for line in ledger.read_text().splitlines(keepends=True) if path.name not in line))
    assert any("was not written by the lake" in fault for fault in verify(lake).faults)


def test_a_torn_last_line_is_cut_off_by_the_next_writer(lake):
    ledger = integrity.ledger_path(lake)
    ledger.write_text(ledger.read_text() + '{"previous": "torn')
    assert verify(lake).faults == []
    path = next(lake.lake.glob("judged/*/*.parquet"))
    integrity.record(lake, {path: path})
    assert verify(lake).faults == []
    assert "torn" not in ledger.read_text()
