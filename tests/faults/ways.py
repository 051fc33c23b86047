"""The ways on which a fault is laid: what is done first, the commands, and the recount of what they leave."""

import csv
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import deltalake
import duckdb
import numpy as np
import pyarrow as pa

from infra.demo import residents
from infra.demo.identifiers import citizen_numbers
from spark_jobs.settings import CHECKOUT
from tests.doors import policy_oracle
from tests.faults.recount import TABLE, Recount, difference, left_over, months, rows_of

FEED, PERSONS = "economy.house_price", "population.resident"
ENVIRONMENTS = os.environ.get("GUIHU_ENV", str(CHECKOUT / ".guihu" / "env"))
WRITE_OPERATIONS = "from expectations.contract import load_all; from spark_jobs.ingest import operations; from spark_jobs.settings import from_environment as here; operations.write(here(), load_all())"
OPERATIONS = [sys.executable, "-c", WRITE_OPERATIONS]
GOLD = ("dim_place", "mart_economy__index", "mart_operations__quarantine")
OWNER = "自治区财政厅"


@dataclass(frozen=True)
class Way:
    """Commands with the exit codes they may end with, and what the lake must hold then (`True`) or at any moment before (`False`)."""

    home: Path
    commands: list[tuple[list[str], tuple[int, ...]]]
    recount: Callable[[bool], Recount]

    def run(self, number: int, **variables: str) -> subprocess.CompletedProcess:
        command, _ = self.commands[number]
        program = command if command is OPERATIONS else [str(CHECKOUT / "guihu"), *command]
        own = {"GUIHU_HOME": str(self.home), "GUIHU_ENV": ENVIRONMENTS, "GUIHU_PORT": "9", "PYTHONPATH": str(CHECKOUT)}
        return subprocess.run(program, capture_output=True, text=True, env=os.environ | own | variables, timeout=120)

    def finish(self, start: int = 0) -> None:
        """Run the commands from `start` on; each must end as it should."""
        for number in range(start, len(self.commands)):
            done = self.run(number)
            assert done.returncode in self.commands[number][1], f"{self.commands[number][0]}: {done.stdout}{done.stderr}"


def one_month(folder: Path, seed: int, year: int = 2030) -> Way:
    """A file of house prices with cells that come twice and cells that contradict each other."""
    sent = month(folder / "sent" / f"month_{seed}.csv", year, seed)
    home = folder / "home"
    return Way(home, [(["receive", FEED, str(sent)], (0,)), (["ingest", FEED], (0,))], lambda finished: months(home, [sent], finished) + _left(home, finished))


def refused_month(folder: Path, seed: int) -> Way:
    """A file whose manifest names another SHA-256: whatever dies, none of its rows may be loaded."""
    sent = month(folder / "sent" / f"month_{seed}.csv", 2030, seed)
    sent.with_name(f"{sent.name}.manifest.json").write_text(json.dumps({"sha256": "0" * 64}))
    home = folder / "home"

    def recount(finished: bool) -> Recount:
        there = rows_of(home / "lake" / "judged" / TABLE, "_row").total() + rows_of(home / "lake" / "bronze" / TABLE, "_row").total()
        statuses = [json.loads(path.read_text())["status"] for path in home.glob("landing/deliveries/*/*/outcome.json")]
        return Recount(rows=1, lost=int(finished and statuses != ["refused"]), doubled=there) + _left(home, finished)

    return Way(home, [(["receive", FEED, str(sent)], (0, 1)), (["ingest", FEED], (0,))], recount)


def held_month(folder: Path, seed: int) -> Way:
    """A second file of a known name is held, accepted by the steward and loaded."""
    first, second = (month(folder / "sent" / part / "month.csv", year, seed + year) for part, year in (("first", 2030), ("second", 2031)))
    home, delivery = folder / "home", hashlib.sha256(second.read_bytes()).hexdigest()[:16]
    commands = [
        (["receive", FEED, str(first)], (0,)), (["ingest", FEED], (0,)), (["receive", FEED, str(second)], (0,)),
        (["ingest", FEED], (1,)), (["hold", "accept", delivery, "--because", "a test"], (0,)), (["ingest", FEED], (0,)),
    ]  # fmt: skip
    return Way(home, commands, lambda finished: months(home, [first, second], finished) + _left(home, finished))


def inbox_month(folder: Path, seed: int) -> Way:
    """A file and its manifest in the inbox."""
    sent = month(folder / "sent" / f"month_{seed}.csv", 2030, seed)
    home = folder / "home"
    place = home / "inbox" / "economy" / "house_price"
    place.mkdir(parents=True)
    (place / sent.name).write_bytes(sent.read_bytes())
    (place / f"{sent.name}.manifest.json").write_text(json.dumps({"sha256": hashlib.sha256(sent.read_bytes()).hexdigest()}))
    return Way(home, [(["receive", "--inbox"], (0,)), (["ingest", FEED], (0,))], lambda finished: months(home, [sent], finished) + _left(home, finished))


def erased_person(folder: Path, seed: int) -> Way:
    """Persons whose numbers go to the vault, one of whom is erased. The lake holds the lists of divisions already."""
    written = residents.write_deliveries(folder / "drawn", folder / "planted", residents=200, seed=seed)[0].read_text(encoding="utf-8").splitlines()
    lines = [line for line in written[1:] if re.fullmatch(r"\d{17}[\dX],[男女],\d{4}-\d\d-\d\d,\d{6},(城镇|乡村),[^,\"]*,[^,\"]*", line)]
    sent, home = folder / "sent" / "persons.csv", folder / "home"
    sent.parent.mkdir(parents=True)
    sent.write_text("\n".join([written[0], *lines]) + "\n", encoding="utf-8")
    sent.with_name("persons.csv.manifest.json").write_text(json.dumps({"rows": len(lines), "known_at": "2021-05-20"}))
    number = lines[seed % len(lines)].split(",")[0]
    expected = Counter(tuple(line.split(",")[1:5]) for line in lines)

    def recount(finished: bool) -> Recount:
        bronze = rows_of(home / "lake" / "bronze" / "population__resident", "sex, birth_date, division_code, household_type")
        judged = rows_of(home / "lake" / "judged" / "population__resident", "_row")
        found = difference(expected, bronze, finished) + difference(Counter((row,) for row in range(1, len(lines) + 1)), Counter((n,) for n in range(1, judged.total() + 1)), finished)
        found.partial += any(number.encode() in path.read_bytes() for path in home.glob("landing/**/*") if path.is_file())
        if finished:
            record = [json.loads(line) for line in (home / "ledger" / "erasures.jsonl").read_text(encoding="utf-8").splitlines()]
            (erased,) = sqlite3.connect(home / "vault" / "subjects.db").execute("select count(*) from subject where key is null and erased_at is not null").fetchone()
            found.lost += not record
            found.partial += erased != 1
        return found + _left(home, finished)

    commands = [(["receive", PERSONS, str(sent)], (0,)), (["ingest", PERSONS], (0,)), (["erase", number, "--because", "a test"], (0, 1))]
    return Way(home, commands, recount)


def number_in_a_sentence(folder: Path, seed: int) -> Way:
    """A permit in whose content somebody wrote a citizen number. The lake holds the lists of divisions already."""
    number = citizen_numbers(np.array([450102]), np.array(["1985-07-08"], "datetime64[D]"), np.array([seed % 900 + 11]))[0].decode()
    case = CHECKOUT / "tests" / "feeds" / "credit" / "permit" / "four_permits_are_loaded"
    header, *lines = (case / "input.csv").read_text(encoding="GB18030").splitlines()
    contents = lines[0].split(",")[6]
    sent, home = folder / "sent" / "permits.csv", folder / "home"
    sent.parent.mkdir(parents=True)
    sent.write_text("\n".join([header, lines[0].replace(contents, f"{contents} {number}"), *lines[1:]]) + "\n", encoding="GB18030")
    sent.with_name("permits.csv.manifest.json").write_text(json.dumps({"rows": 4}))

    def recount(finished: bool) -> Recount:
        judged = rows_of(home / "lake" / "judged" / "credit__permit", "_row, permit_content")
        expected = Counter((row, line.split(",")[6] if row > 2 else f"{contents} {number[:6]}{'*' * 12}") for row, line in enumerate(lines, 2))
        found = difference(expected, judged, finished)
        found.partial += finished and any(number.encode() in path.read_bytes() for path in home.rglob("*") if path.is_file())
        return found + _left(home, finished)

    return Way(home, [(["receive", "credit.permit", str(sent)], (0,)), (["ingest", "credit.permit"], (0,))], recount)


def told_operations(folder: Path, seed: int) -> Way:
    """The tables of deliveries, quarantine and feeds, written from the ledger."""
    first = one_month(folder, seed)
    contracts = len(list((CHECKOUT / "expectations").glob("*/*.yaml"))) - len(list((CHECKOUT / "expectations" / "marts").glob("*.yaml")))

    def recount(finished: bool) -> Recount:
        expected = {"delivery": 1, "quarantine": 1, "feed": contracts}
        found = first.recount(finished)
        for name, rows in expected.items():
            there = rows_of(first.home / "lake" / "silver" / f"operations__{name}", "feed")
            found += difference(Counter(range(rows)), Counter(range(there.total())), finished)
        return found

    return Way(first.home, [*first.commands, (OPERATIONS, (0,))], recount)


def second_release(folder: Path, seed: int) -> Way:
    """A release of gold tables over an earlier one: readers see the one or the other, whole."""
    home = folder / "home"
    (home / "dbt").mkdir(parents=True)
    (home / "dbt" / "built.json").write_text(json.dumps({"judged": {}, "deliveries": []}))
    write_gold(home, 10, seed)
    first = Way(home, [(["release"], (0,))], lambda finished: Recount())
    first.finish()
    write_gold(home, 15, seed)

    def recount(finished: bool) -> Recount:
        now, before = _difference_to_gold(home, 25, finished), _difference_to_gold(home, 10, finished)
        found = now if finished or now.is_clean or not before.is_clean else before
        found.left += len(list(home.glob("releases/2*"))) - 2 if finished else 0
        return found + _left(home, finished)

    return Way(home, [(["release"], (0,))], recount)


def month(path: Path, year: int, seed: int) -> Path:
    """Some sixty cities, one of them twice with other figures, one twice with the same."""
    lines = [[f"City{n:03d}", year, 1, f"100.{(n * 7 + seed * 3) % 100:02d}", f"99.{(n * 3 + seed) % 100:02d}"] for n in range(60 + seed % 17)]
    lines += [[*lines[seed % 50][:3], "101.50", "98.50"], lines[50 + seed % 7]]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["city", "year", "month", "new_home_price_index", "existing_home_price_index"], *lines])
    return path


def _left(home: Path, finished: bool) -> Recount:
    return Recount(left=len(left_over(home)) if finished else 0)


def write_gold(home: Path, rows: int, seed: int) -> None:
    for name in GOLD:
        deltalake.write_deltalake(home / "lake" / "gold" / name, pa.table({"place": [f"{name}-{seed}-{n}" for n in range(rows)], "owner": [OWNER] * rows}), mode="append")


def _difference_to_gold(home: Path, rows: int, finished: bool) -> Recount:
    """The rows of every role's serving file against those of gold that the policy lets it see."""
    found = Recount()
    gold = {name: list(rows_of(home / "lake" / "gold" / name, "place").elements()) for name in GOLD}
    for role in policy_oracle.roles():
        connection = duckdb.connect(str(home / "releases" / "current" / role / "serve.duckdb"), read_only=True)
        there = {name for (name,) in connection.execute("select table_name from information_schema.tables").fetchall()} - {"release_info"}
        seen = {name for name in GOLD if policy_oracle.opened(role, name)}
        found.partial += there != seen
        for name in seen & there:
            every = gold[name]
            served = Counter(connection.execute(f"select place from mart.{name}").fetchall())
            if policy_oracle.opened(role, name)[0].get("owner", OWNER) != OWNER:
                every = []
            expected = Counter(every) if rows == len(every) else Counter({place: 1 for place in every if int(place[0].rpartition("-")[2]) < rows})
            found += difference(expected, served, finished=True)
        connection.close()
    return found
