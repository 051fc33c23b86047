"""The clean files that are polluted: some rows of five feeds in other dialects, as their senders would write them."""

import csv
import random
from dataclasses import dataclass
from functools import cache

from expectations.contract import load, load_feed
from expectations.feed import Feed
from spark_jobs.settings import CHECKOUT

DATA = CHECKOUT / "infra" / "demo" / "data"
CONTRACTS = CHECKOUT / "tests" / "feeds" / "_contracts"
QUOTE = '"'


@dataclass(frozen=True)
class Source:
    """A clean file: its feed and the rows that its sender meant."""

    feed: Feed
    header: list[str]
    rows: list[list[str]]
    delimiter: str = ","
    encoding: str = "utf-8"
    suffix: str = "csv"

    @property
    def text(self) -> str:
        return "".join(self.line(cells) + "\n" for cells in [self.header, *self.rows])

    def line(self, cells: list[str]) -> str:
        return self.delimiter.join(f'"{c.replace(QUOTE, QUOTE * 2)}"' if any(x in c for x in (self.delimiter, QUOTE, "\n", "\r")) else c for c in cells)


def sources(chance: random.Random) -> list[Source]:
    """Five feeds of other dialects, a few rows of each."""
    return [
        _published("economy.house_price", chance),
        _published("reference.industry", chance),
        _published("reference.division", chance, "\t", "tsv"),
        _registration(chance),
        list_of_names(chance, "quoted_lines", "utf-8"),
    ]


def _published(feed_id: str, chance: random.Random, delimiter: str = ",", suffix: str = "csv") -> Source:
    header, *rows = _published_rows(feed_id, delimiter, suffix)
    first = chance.randrange(len(rows) - 30)
    return Source(_feed(feed_id), header, rows[first : first + chance.randint(8, 30)], delimiter, suffix=suffix)


@cache
def _published_rows(feed_id: str, delimiter: str, suffix: str) -> list[list[str]]:
    path = max(DATA.joinpath(*feed_id.split(".")).glob(f"*.{suffix}"))
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


@cache
def _feed(feed_id: str) -> Feed:
    domain, _, name = feed_id.partition(".")
    return load(CONTRACTS / domain / f"{name}.yaml") if domain == "formats" else load_feed(feed_id)


def _registration(chance: random.Random) -> Source:
    """Synthetic enterprises in GB18030; the codes have no right check characters, which only row rules look at."""
    feed = _feed("legal_person.registration")
    header = [field.header for field in feed.text_fields]
    rows = [
        [f"9145{chance.randrange(10**14):014d}", f"合成{chance.choice('南柳桂梧北钦贵玉百贺河来崇')}市{chance.choice(['糖业', '旅游', '钢铁', '农业'])}有限公司"]
        + ["450102", f"{chance.randint(10, 97)}", "2019-05-06", f"{chance.randrange(10**7)}.00", "存续", "2024-01-31", "合成数据"]
        for _ in range(chance.randint(8, 30))
    ]
    return Source(feed, header, rows, encoding="gb18030")


def list_of_names(chance: random.Random, name: str, encoding: str) -> Source:
    """Synthetic list whose names hold quotes, delimiters and, where the contract allows them, line breaks."""
    feed = _feed(f"formats.{name}")
    names = ["南宁糖业", "桂林,旅游", "柳州“钢铁”", 'a "quoted" word', "梧州"] + (["北海\n水产", "钦州\n港口\n二期"] if feed.dialects[0].multiline else [])
    rows = [[f"A{i:03d}", chance.choice(names), f"{chance.randrange(10**6)}.50", "2024-01-31"] for i in range(chance.randint(8, 30))]
    return Source(feed, [field.header for field in feed.text_fields], rows, encoding=encoding)
