"""Deliveries of each kind of feed in any order, repeated, and what silver holds then: its digest must be that of the order in which they were made."""

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path

from expectations.contract import load_feed
from infra.demo import enterprises
from spark_jobs import silver
from spark_jobs.duck import delta_reader
from spark_jobs.ingest import flow, landing
from spark_jobs.settings import CHECKOUT, Settings

DEMONSTRATION = CHECKOUT / "infra" / "demo" / "data"
PROVINCES = ["甲省", "乙省", "丙省"]


@dataclass(frozen=True)
class Story:
    """A feed and its deliveries, in the order in which their senders made them."""

    feed: str
    files: tuple[Path, ...]


def stories(folder: Path) -> list[Story]:
    """One story for each kind: register (with a late quarter), series (with revisions), reference (editions), event (hours)."""
    return [_register(folder / "register"), _series(folder / "series"), _reference(folder / "reference"), _event(folder / "event")]


def digest_of(lake: Settings, story: Story, order: list[int]) -> str:
    """Deliver in this order (a number may stand twice) into an empty lake; hash of the silver rows without their lineage."""
    feed = load_feed(story.feed)
    for number in order:
        delivery, is_new = landing.receive(lake, feed, story.files[number])
        (result,) = flow.ingest(lake, feed, [delivery])
        assert is_new or not result.is_new
        assert result.outcome["status"] == "loaded", result.outcome
    connection = delta_reader()
    connection.execute(f"create view judged as select * from delta_scan('{lake.lake / 'judged' / feed.table}')")
    columns = ", ".join(name for name in silver.columns(feed) if name not in silver.LINEAGE)
    rows = connection.execute(f"select {columns} from ({silver.query(feed, lambda table: 'judged')}) order by all").fetchall()
    assert rows
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def shuffled(story: Story, seed: int) -> list[int]:
    """An order of the deliveries in which some come twice."""
    chance = random.Random(seed)
    order = list(range(len(story.files)))
    order += chance.choices(order, k=chance.randrange(3))
    chance.shuffle(order)
    return order


def _register(folder: Path) -> Story:
    files = enterprises.write_deliveries(folder, folder / "planted", enterprises=300, seed=5)
    return Story("legal_person.registration", tuple(files))


def _series(folder: Path) -> Story:
    """Four years published one after the other, each year's first figure revised by the next two publications, once back to the old value."""
    folder.mkdir(parents=True)
    files = []
    for published in range(2021, 2026):
        lines = ["年份,省份,GDP总量"]
        for year in range(published - 3, published):
            lines += [f"{year},{name},{1000 + 100 * n + 10 * (year - 2015) + (published % 2) * (year % 3)}" for n, name in enumerate(PROVINCES)]
        files.append(_written(folder / f"published_{published}.csv", "\n".join(lines) + "\n", known_at=f"{published}-02-01"))
    return Story("economy.gdp_provincial", tuple(files))


def _reference(folder: Path) -> Story:
    folder.mkdir(parents=True)
    files = []
    for edition in sorted((DEMONSTRATION / "reference" / "division").glob("2*.tsv"))[2:]:
        told = json.loads(Path(f"{edition}.manifest.json").read_text())
        lines = edition.read_text(encoding="utf-8").splitlines()
        some = [lines[0], *(line for line in lines if "\t4501" in line or "\t4502" in line)]
        files.append(_written(folder / edition.name, "\n".join(some) + "\n", effective_date=told["effective_date"], period=told["period"]))
    return Story("reference.division", tuple(files))


def _event(folder: Path) -> Story:
    """Four hours of thirty stations; each delivery repeats the hour before."""
    folder.mkdir(parents=True)
    source = json.loads(next((DEMONSTRATION / "environment" / "air_quality").glob("*.json")).read_text(encoding="utf-8"))
    stations, files = source["features"][:30], []
    for hour in range(1, 5):
        features = []
        for told in (hour - 1, hour):
            for n, station in enumerate(stations):
                values = station["properties"] | {"timepoint": f"2017-07-07T{told:02d}:00:00", "pm2_5": str(20 + (n * 7 + told * 3) % 40)}
                features.append(station | {"properties": values})
        files.append(_written(folder / f"airnow_20170707T{hour:02d}.json", json.dumps(source | {"features": features}, ensure_ascii=False)))
    return Story("environment.air_quality", tuple(files))


def _written(path: Path, text: str, **manifest) -> Path:
    path.write_text(text, encoding="utf-8")
    path.with_name(f"{path.name}.manifest.json").write_text(json.dumps(manifest, ensure_ascii=False))
    return path
