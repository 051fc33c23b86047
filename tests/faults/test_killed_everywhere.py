"""kill -9 at every named place: the same command again, then a recount against the files as they were sent.

`make test` kills once at each place, `make faults` ten times (GUIHU_KILLS): another file each time, another time the place is reached.
The places of the gateway and of the pulls are killed in tests/gateway and tests/pull, over their sockets.
"""

import ast
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from spark_jobs import faultpoint
from spark_jobs.settings import CHECKOUT, Settings
from spark_jobs.upkeep.verify import verify
from tests.faults import ways

pytestmark = pytest.mark.service  # takes time; needs no service of the stack

KILLS = int(os.environ.get("GUIHU_KILLS", "1"))
RECEIVING = ["bytes half copied", "draft written", "bytes kept", "before received", "after received", "document written"]
INGESTING = [
    "inspected", "text file written", "judged file written", "keys left", "overruled file written", "overruled file renamed", "before ledger", "after ledger",
    "before bronze commit", "after bronze commit", "before judged commit", "after judged commit", "before outcome", "document written", "after outcome",
]  # fmt: skip
PLACES = [  # place, the way that reaches it, the number of its command that dies, how often the place is reached there
    *((place, ways.one_month, 0, 1) for place in RECEIVING),
    *((place, ways.one_month, 1, 1) for place in INGESTING),
    ("table made", ways.one_month, 1, 2),
    *((place, ways.refused_month, 0, 1) for place in ("refusal recorded", "before received", "after received")),
    ("before hold", ways.held_month, 3, 1),
    ("delivery accepted", ways.held_month, 4, 1),
    *((place, ways.inbox_month, 0, 1) for place in ("inbox file received", "inbox manifest removed")),
    *((place, ways.erased_person, 0, 1) for place in ("sealed bytes recorded", "bytes kept")),
    *((place, ways.erased_person, 2, 1) for place in ("erasure recorded", "key destroyed")),
    ("sealed again", ways.number_in_a_sentence, 1, 1),
    ("operations table written", ways.told_operations, 2, 3),
    ("serving file half written", ways.second_release, 0, 9),
    ("serving file written", ways.second_release, 0, 4),
    ("catalogue half written", ways.second_release, 0, 9),
    *((place, ways.second_release, 0, 1) for place in ("before release is named", "release named", "release pointed", "before lineage is kept")),
]
NAMES = [f"{make.__name__}, {place}" for place, make, *_ in PLACES]
WITHOUT_ROOM = PLACES if KILLS > 1 else [told for told in PLACES if told[0] in ("draft written", "document written", "judged file written", "serving file half written", "catalogue half written")]


def test_every_place_of_the_list_is_in_the_code_once_and_is_killed_somewhere():
    called = Counter(name for path in (CHECKOUT / "spark_jobs").rglob("*.py") for name in places_of(path))
    assert called == Counter(faultpoint.PLACES)
    elsewhere = "".join((CHECKOUT / "tests" / name).read_text() for name in ("gateway/test_gateway.py", "pull/test_postgres.py"))
    here = {place for place, *_ in PLACES}
    assert [place for place in faultpoint.PLACES if place not in here and f'"{place}"' not in elsewhere] == []
    print(f"named places: {len(faultpoint.PLACES)}, killed here {len(here)} on {len(PLACES)} ways")


@pytest.mark.parametrize("plan, said", [("no such place", "there is no place"), ("keys left:1:explode", "there is no action"), ("keys left:soon", "comes a number")])
def test_a_plan_that_makes_no_sense_is_an_error(monkeypatch, plan, said):
    monkeypatch.setenv("GUIHU_FAULT", plan)
    with pytest.raises(faultpoint.UnknownPlace, match=said):
        faultpoint.faultpoint("keys left")


@pytest.mark.service
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("place, make, number, times", PLACES, ids=NAMES)
def test_a_command_killed_at_a_place_loses_doubles_and_halves_nothing(tmp_path, place, make, number, times, division_lake, figures):
    for kill in range(KILLS):
        way = ready(make, tmp_path / str(kill), kill, number, division_lake)
        killed = way.run(number, GUIHU_FAULT=f"{place}:{1 + kill % times}")
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        recounted(way, number, figures, f"killed: {make.__name__}, {place}")


@pytest.mark.service
@pytest.mark.timeout(3600)
def test_a_command_killed_at_any_moment_loses_doubles_and_halves_nothing(tmp_path, division_lake, figures):
    chance = random.Random(5)
    for kill in range(3 * KILLS):
        way = ready(ways.one_month, tmp_path / str(kill), kill, 1, division_lake)
        process = subprocess.Popen([CHECKOUT / "guihu", "ingest", ways.FEED], env=os.environ | {"GUIHU_HOME": str(way.home), "GUIHU_ENV": ways.ENVIRONMENTS}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.3, 1.2))
        process.kill()
        process.wait()
        recounted(way, 1, figures, "killed: at any moment of ingest")


@pytest.mark.service
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("place, make, number", [told[:3] for told in WITHOUT_ROOM])
def test_a_disk_that_is_full_at_a_place_is_named_in_one_line_and_the_command_can_be_repeated(tmp_path, place, make, number, division_lake, figures):
    way = ready(make, tmp_path, 1, number, division_lake)
    full = way.run(number, GUIHU_FAULT=f"{place}:1:enospc")
    assert full.returncode == (1 if way.commands[number][0] is ways.OPERATIONS else 3), full.stderr
    assert "the disk is full" in full.stderr or way.commands[number][0] is ways.OPERATIONS
    recounted(way, number, figures, "disk full at a place")


@pytest.mark.service
def test_what_was_let_pass_and_half_committed_is_not_held_afterwards(tmp_path, figures):
    """Killed between its two commits, and then another file of its name came: the delivery would be unusual now."""
    way = ways.held_month(tmp_path, 3)
    receive_first, ingest, receive_second = (command for command, _ in way.commands[:3])
    second = way.commands[4][0][2]
    again = ways.Way(way.home, [(receive_first, (0,)), (ingest, (0,)), (receive_second, (0,)), ([*ingest, "--delivery", second], (0,)), (ingest, (0,))], way.recount)
    again.run(0)
    assert again.run(1, GUIHU_FAULT="after bronze commit").returncode == -signal.SIGKILL
    again.finish(2)
    found = again.recount(True)
    figures("killed: between its commits, then another of its name", found)
    assert found.is_clean, found


def ready(make, folder: Path, seed: int, number: int, division_lake) -> ways.Way:
    """The way, up to the command that will fail."""
    if make in (ways.erased_person, ways.number_in_a_sentence):
        shutil.copytree(division_lake.home, folder / "home", dirs_exist_ok=True)
    way = make(folder, seed)
    for before in range(number):
        done = way.run(before)
        assert done.returncode in way.commands[before][1], done.stderr
    return way


def recounted(way: ways.Way, number: int, figures, what: str) -> None:
    """At once nothing is seen half; after the same command again everything is there once, and nothing else is left."""
    at_once = way.recount(False)
    assert at_once.is_clean, at_once
    way.finish(number)
    found = way.recount(True)
    figures(what, found)
    assert found.is_clean and found.rows, found
    assert verify(Settings(home=way.home, environments=way.home, port=9)).faults == []


def places_of(path: Path) -> list[str]:
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "faultpoint"]
    return [call.args[0].value for call in calls]
