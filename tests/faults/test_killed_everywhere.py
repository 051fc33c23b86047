"""kill -9 of the command at every named place of a delivery's way: the same command again, and plain Python counts the rows.

`make test` kills once at each place, `make faults` ten times (GUIHU_KILLS).
"""

import csv
import json
import os
import re
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from expectations.contract import load_feed
from spark_jobs import silver
from spark_jobs.duck import delta_reader
from spark_jobs.settings import CHECKOUT, Settings
from spark_jobs.upkeep.verify import verify

pytestmark = pytest.mark.service  # takes time; needs no service of the stack

KILLS = int(os.environ.get("GUIHU_KILLS", "1"))
FEED = "economy.house_price"
RECEIVING = ["draft written", "bytes kept", "before received", "after received"]
INGESTING = [
    "text file written", "judged file written", "keys left", "overruled file written", "overruled file renamed", "before ledger", "after ledger",
    "before bronze commit", "after bronze commit", "before judged commit", "after judged commit", "before outcome", "after outcome",
]  # fmt: skip


def test_every_place_of_the_way_is_known_here():
    wing = CHECKOUT / "spark_jobs" / "ingest"
    files = [wing / "flow.py", wing / "kernel.py", wing / "landing.py"]
    assert sorted(name for file in files for name in re.findall(r'faultpoint\("([^"]+)"\)', file.read_text())) == sorted(RECEIVING + INGESTING)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("place", RECEIVING + INGESTING)
def test_a_command_killed_at_a_place_loses_doubles_and_halves_nothing(tmp_path, place):
    for kill in range(KILLS):
        lake = Settings(home=tmp_path / str(kill), environments=Path(os.environ.get("GUIHU_ENV", CHECKOUT / ".guihu" / "env")), port=9)
        sent = month(tmp_path / f"month_{kill}.csv", kill)
        commands = (["receive", FEED, str(sent)], ["ingest", FEED])
        dies = place in INGESTING
        if dies:
            assert guihu(lake, *commands[0]).returncode == 0
        assert guihu(lake, *commands[dies], GUIHU_FAULT=place).returncode == -signal.SIGKILL
        for command in commands:
            done = guihu(lake, *command)
            assert done.returncode == 0, done.stderr
        assert counted(lake) == expected(sent)
        assert verify(lake).faults == []
        assert not list((lake.lake / "staging").glob("*")), "something was left in the staging folder"
    print(f"killed {place}: {KILLS} of {KILLS} times the same rows, none lost, none twice")


def month(path: Path, seed: int) -> Path:
    """A hundred cities, one of them twice with other figures, one twice with the same."""
    lines = [[f"City{n:03d}", "2030", "1", f"100.{(n + seed) % 100:02d}", f"99.{(n * 3 + seed) % 100:02d}"] for n in range(100)]
    lines += [["City007", "2030", "1", "101.50", "98.50"], lines[8]]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["city", "year", "month", "new_home_price_index", "existing_home_price_index"], *lines])
    return path


def expected(path: Path) -> dict[str, int]:
    """Rows of each kind, by plain reading of what was sent."""
    lines = list(csv.reader(path.open(newline="")))[1:]
    cities = Counter(line[0] for line in lines)
    distinct = {tuple(line) for line in lines}
    contradicted = {city for city, times in cities.items() if times > 1 and sum(line[0] == city for line in distinct) > 1}
    loaded = sum(line[0] not in contradicted for line in distinct)
    quarantined = sum(line[0] in contradicted for line in lines)
    return {name: 2 * rows for name, rows in {"bronze": len(lines), "loaded": loaded, "quarantined": quarantined, "repeated": len(lines) - loaded - quarantined, "silver": loaded}.items()}


def counted(lake: Settings) -> dict[str, int]:
    """The same from the Delta tables; the outcome that was told must say it too."""
    connection, table = delta_reader(), FEED.replace(".", "__")
    for layer in ("bronze", "judged"):
        connection.execute(f"create view {layer} as select * from delta_scan('{lake.lake / layer / table}')")
    found = dict(connection.execute("select _verdict, count(*) from judged group by 1").fetchall())
    (outcome,) = [json.loads(path.read_text()) for path in (lake.landing / "deliveries" / FEED).glob("*/outcome.json")]
    assert found == {name: outcome[f"rows_{name}"] for name in found}
    (text,) = connection.execute("select count(*) from bronze").fetchone()
    (facts,) = connection.execute(f"select count(*) from ({silver.query(load_feed(FEED), 'judged')})").fetchone()
    return {"bronze": text, **found, "silver": facts}


def guihu(lake: Settings, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
    home = {"GUIHU_HOME": str(lake.home), "GUIHU_ENV": str(lake.environments), "GUIHU_PORT": "9"}
    return subprocess.run([str(CHECKOUT / "guihu"), *arguments], capture_output=True, text=True, env=os.environ | home | variables, timeout=120)
