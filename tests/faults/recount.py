"""Recount what a lake holds against the files as they were sent: with csv and hashlib of Python and DuckDB over the Delta tables, without our readers."""

import csv
import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from spark_jobs.duck import delta_reader

ITEMS = ("new_home_price_index", "existing_home_price_index")
TABLE = "economy__house_price"
HALF_DONE = ("**/.draft-*", "releases/.*", "lake/staging/*", "inbox/*/*/*")


@dataclass
class Recount:
    """Rows that should be there, and how many are missing, there twice, or there without the rest of their delivery; files that nobody needs."""

    rows: int = 0
    lost: int = 0
    doubled: int = 0
    partial: int = 0
    left: int = 0

    def __add__(self, other: "Recount") -> "Recount":
        return Recount(*(getattr(self, name) + getattr(other, name) for name in vars(self)))

    @property
    def is_clean(self) -> bool:
        return (self.lost, self.doubled, self.partial, self.left) == (0, 0, 0, 0)


def months(home: Path, sent: list[Path], finished: bool) -> Recount:
    """Files of house prices. Before the work is finished each may be absent, wholly."""
    found = Recount()
    for path in sent:
        delivery = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        expected = {"bronze": Counter(cells(path)), "judged": verdicts(path)}
        there = {"bronze": _bronze(home, delivery), "judged": _judged(home, delivery)}
        found += sum((difference(expected[layer], there[layer], finished) for layer in expected), Recount())
        found.partial += bool(there["judged"]) and not there["bronze"]
        if finished:
            told = _outcome(home, delivery)
            said = Counter({verdict: told[f"rows_{verdict}"] for verdict in ("loaded", "quarantined", "repeated")})
            counted = Counter(verdict for *_, verdict in expected["judged"].elements())
            found.partial += told["rows_in"] != len(cells(path)) or +said != counted
    return found


def difference(expected: Counter, there: Counter, finished: bool) -> Recount:
    if not finished and not there:
        return Recount()
    lost, doubled = expected - there, there - expected
    return Recount(expected.total(), lost.total(), doubled.total(), int(0 < there.total() < expected.total()))


def cells(path: Path) -> list[tuple]:
    """(city, year, month, item, text) of every cell."""
    with path.open(newline="", encoding="utf-8") as file:
        return [(row["city"], row["year"], row["month"], item, row[item]) for row in csv.DictReader(file) for item in ITEMS]


def verdicts(path: Path) -> Counter:
    """(city, item, number, verdict): of equal cells one is loaded, cells that contradict each other are quarantined."""
    every = Counter((city, item, float(text)) for city, _, _, item, text in cells(path))
    values = Counter((city, item) for city, item, _ in every)
    judged = Counter()
    for (city, item, value), times in every.items():
        if values[city, item] > 1:
            judged[city, item, value, "quarantined"] += times
        else:
            judged[city, item, value, "loaded"] += 1
            judged[city, item, value, "repeated"] += times - 1
    return +judged


def left_over(home: Path) -> list[Path]:
    """Drafts, staging folders and data files that no commit names."""
    found = [path for pattern in HALF_DONE for path in home.glob(pattern)]
    for log in home.glob("lake/*/*/_delta_log"):
        commits = "".join(commit.read_text(encoding="utf-8") for commit in log.glob("*.json"))
        found += [path for path in log.parent.glob("*.parquet") if path.name not in commits]
    return found


def rows_of(table: Path, columns: str, where: str = "true") -> Counter:
    """The rows of a Delta table as they count; none where there is no table."""
    if not list(table.glob("_delta_log/*.json")):  # a full disk may have left the folder alone
        return Counter()
    return Counter(delta_reader().execute(f"select {columns} from delta_scan($1) where {where}", [str(table)]).fetchall())


def _bronze(home: Path, delivery: str) -> Counter:
    return rows_of(home / "lake" / "bronze" / TABLE, "city_name_en, year, month, item, value", f"_delivery_id = '{delivery}'")


def _judged(home: Path, delivery: str) -> Counter:
    return rows_of(home / "lake" / "judged" / TABLE, "city_name_en, item, value::double, _verdict", f"_delivery_id = '{delivery}'")


def _outcome(home: Path, delivery: str) -> dict:
    (path,) = home.glob(f"landing/deliveries/*/{delivery}/outcome.json")
    return json.loads(path.read_text(encoding="utf-8"))
