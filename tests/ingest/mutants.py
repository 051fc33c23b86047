"""Seeded mutants of five CSV feeds in the classes of the Pollock benchmark, and a judge that never calls our readers.

Pollock (Vitagliano and others, VLDB 2023) pollutes a clean file at the level of the file, the row and the field. Each mutant is delivered
sealed    with the manifest of the clean file: SHA-256 and number of rows. Nothing that differs may pass.
counted   with its number of rows alone. No row may be missing, no row that is no legal record may be accepted.
bare      without a manifest. No row that is no legal record may be accepted, and every line must be accounted for.
What no reader can see, a value that became another legal value, is counted and reported where the delivery is not sealed.

    python -m tests.ingest.mutants --files 2000 --oddities 1000 --seed 1
"""

import argparse
import csv
import hashlib
import json
import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from expectations.contract import load, load_feed
from expectations.feed import Feed
from spark_jobs.ingest import bronze, landing
from spark_jobs.ingest.readers import NOT_RECORDS, reader
from spark_jobs.ingest.refusal import Refused
from spark_jobs.settings import CHECKOUT

DATA = CHECKOUT / "infra" / "demo" / "data"
CONTRACTS = CHECKOUT / "tests" / "feeds" / "_contracts"
DELIVERIES = ("sealed", "counted", "bare")


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


@dataclass(frozen=True)
class Answer:
    """What our reader made of a file: refused with a code, or rows accepted (first line, cells) and rejected (first line, code, text)."""

    refused: str | None
    accepted: list[tuple[int, list[str]]]
    rejected: list[tuple[int, str, str]]


@dataclass(frozen=True)
class Judgement:
    """`illegal`: rows accepted that stand nowhere as a legal record; `unaccounted`: lines of the file that are in no answer or in two;
    `short`: rows of the sender that are neither accepted nor rejected; `changed`: rows accepted that the sender did not mean."""

    illegal: int
    unaccounted: int
    short: int
    changed: int


QUOTE = '"'
UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")
Mutation = Callable[[str, Source, random.Random], str | bytes]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--files", type=int, default=2000)
    arguments.add_argument("--oddities", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()
    counts = judge_mutants(chosen.files, chosen.seed)
    oddities = judge_oddities(chosen.oddities, chosen.seed)
    for line in (*report(counts), report_oddities(oddities)):
        print(line)
    return 1 if faults(counts) or oddities["wrong"] or oddities["files"] < chosen.oddities else 0


def judge_mutants(files: int, seed: int) -> dict[str, Counter]:
    """Make the mutants and deliver each of them three times. One counter a kind of delivery."""
    counts = {delivery: Counter() for delivery in DELIVERIES}
    with tempfile.TemporaryDirectory() as folder:
        for number, (source, name, data) in enumerate(mutants(files, seed)):
            for delivery in DELIVERIES:
                path = Path(folder) / f"{number}_{delivery}.{source.suffix}"
                _count(counts[delivery], source, name, data, deliver(path, source, data, _manifest(source, delivery)))
                path.unlink()
    return counts


def judge_oddities(files: int, seed: int) -> Counter:
    """Deliver files that look odd and are legal: every row must come back as it was meant."""
    counts: Counter = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number, (source, data) in enumerate(oddities(files, seed)):
            path = Path(folder) / f"{number}.{source.suffix}"
            manifest = {"rows": len(source.rows), "sha256": hashlib.sha256(data).hexdigest()}
            answer = deliver(path, source, data, manifest)
            is_right = not answer.refused and not answer.rejected and [cells for _, cells in answer.accepted] == source.rows
            counts.update(files=1, rows=len(source.rows), wrong=not is_right)
            if not is_right:
                counts[f"oddity {number}: {answer.refused or [code for _, code, _ in answer.rejected] or 'other values'}"] += 1
    return counts


def faults(counts: dict[str, Counter]) -> list[str]:
    """What must not be: empty when all is well."""
    forbidden = {"sealed": ("illegal", "unaccounted", "short", "changed"), "counted": ("illegal", "unaccounted", "short"), "bare": ("illegal", "unaccounted")}
    return [f"{delivery}: {counts[delivery][name]} files {name}" for delivery, names in forbidden.items() for name in names if counts[delivery][name]]


def report(counts: dict[str, Counter]) -> Iterator[str]:
    for delivery, count in counts.items():
        yield (
            f"mutants {delivery:8}{count['files']} files of {count['kinds']} kinds over {len(sources(random.Random(0)))} feeds: refused {count['refused']}, "
            f"read {count['read']} ({count['accepted']} rows accepted, {count['rejected']} rejected); "
            f"files with an illegal row {count['illegal']}, with a line unaccounted {count['unaccounted']}, silently short {count['short']}, "
            f"with a value that became another legal value {count['changed']}"
        )
        yield from (f"  {name}" for name in sorted(count) if name.startswith("! "))


def report_oddities(counts: Counter) -> str:
    return f"valid oddities: {counts['files']} files, {counts['rows']} rows: refused or read wrongly {counts['wrong']}" + "".join(
        f"\n  {name}" for name in counts if name.startswith("oddity")
    )


def deliver(path: Path, source: Source, data: bytes, manifest: dict) -> Answer:
    """Give the file to our reader as a delivery of its feed."""
    path.write_bytes(data)
    beside = path.with_suffix(".manifest")
    beside.write_text(json.dumps(manifest, ensure_ascii=False))
    dialect = source.feed.dialect_for(path.name)
    try:
        plan = bronze.inspect(path, source.feed, landing.imagine(source.feed, path, beside))
        rows = [row for part in plan.parts for row in reader(dialect).read(path, dialect, plan, part).to_pylist()]
    except Refused as fault:
        return Answer(fault.code, [], [])
    accepted = [(row["_row"], [row[header] for header in plan.headers]) for row in rows if row["_defect"] is None]
    return Answer(None, accepted, [(row["_row"], row["_defect"], row["_original"]) for row in rows if row["_defect"] is not None])


def judge(source: Source, data: bytes, answer: Answer) -> Judgement:
    """Compare an answer with the bytes and with what the sender meant, by plain Python."""
    lines = _lines(source, data)
    width = len(strict_cells(lines[0].removesuffix("\r"), source.delimiter) or source.header)
    covered: Counter = Counter()
    illegal = 0
    for first, cells in answer.accepted:
        last = first + sum(cell.count("\n") for cell in cells)
        text = "\n".join(lines[first - 1 : last]).removesuffix("\r")
        illegal += strict_cells(text, source.delimiter) != cells or len(cells) != width
        covered.update(range(first, last + 1))
    for first, _, original in answer.rejected:
        last = first + original.count("\n")
        illegal += "\n".join(lines[first - 1 : last]).removesuffix("\r") != original.removesuffix("\r")
        covered.update(range(first, last + 1))
    unaccounted = sum(covered[number] != 1 for number in range(2, len(lines) + 1))
    records = len(answer.accepted) + sum(code not in NOT_RECORDS for _, code, _ in answer.rejected)
    meant, got = Counter(map(tuple, source.rows)), Counter(tuple(cells) for _, cells in answer.accepted)
    return Judgement(illegal, unaccounted, max(len(source.rows) - records, 0), (got - meant).total())


def strict_cells(text: str, delimiter: str) -> list[str] | None:
    """The cells of one record by RFC 4180, None where it is not one: a lexer of its own, character by character."""
    return None if UNREADABLE.search(text) else _cells(text, delimiter)


def _cells(text: str, delimiter: str) -> list[str] | None:
    cells, place = [], 0
    while True:
        if text[place : place + 1] == QUOTE:
            cell, place = "", place + 1
            while True:
                end = text.find(QUOTE, place)
                if end < 0:
                    return None
                cell, place = cell + text[place:end], end + 1
                if text[place : place + 1] != QUOTE:
                    break
                cell, place = cell + QUOTE, place + 1
        else:
            end = text.find(delimiter, place)
            cell, place = (text[place:], len(text)) if end < 0 else (text[place:end], end)
            if QUOTE in cell or "\n" in cell or "\r" in cell:
                return None
        cells.append(cell)
        if place == len(text):
            return cells
        if not text.startswith(delimiter, place):
            return None
        place += len(delimiter)


def _lines(source: Source, data: bytes) -> list[str]:
    """The lines of a file that was read: LF ends a line, CR or U+2028 does where whole records stand on both sides, CR everywhere if there is no LF."""
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = data.decode("utf-16" if wide else source.encoding).removeprefix("\ufeff").rstrip("\x1a")
    if "\n" not in text:
        text = text.replace("\r", "\n")
    lines = []
    for number, line in enumerate(text.removesuffix("\n").split("\n")):
        bare = line.removesuffix("\r") if "\r" not in line.removesuffix("\r") else line
        pieces = bare.replace("\u2028", "\r").removesuffix("\r").split("\r")
        cells = [_cells(piece, source.delimiter) for piece in pieces]
        is_split = len(pieces) > 1 and (number == 0 or all(c and len(c) == len(source.header) for c in cells))
        lines += pieces if is_split else [line]
    return lines


def _count(counts: Counter, source: Source, name: str, data: bytes, answer: Answer) -> None:
    kind = name.rpartition(", ")[2]
    counts.update(files=1, kinds=counts[f"kind {kind}"] == 0, refused=bool(answer.refused), read=not answer.refused)
    counts[f"kind {kind}"] += 1
    if answer.refused:
        counts[f"code {answer.refused}"] += 1
        return
    found = judge(source, data, answer)
    counts.update(accepted=len(answer.accepted), rejected=len(answer.rejected))
    for fault in ("illegal", "unaccounted", "short", "changed"):
        if getattr(found, fault):
            counts[fault] += 1
            counts[f"{'? ' if fault in ('short', 'changed') else '! '}{fault}: {source.feed.id} {name}"] += 1


def _manifest(source: Source, delivery: str) -> dict:
    clean = source.text.encode(source.encoding)
    return {
        "sealed": {"rows": len(source.rows), "sha256": hashlib.sha256(clean).hexdigest()},
        "counted": {"rows": len(source.rows)},
        "bare": {"note": "no promise"},
    }[delivery]


def sources(chance: random.Random) -> list[Source]:
    """Five feeds of other dialects, a few rows of each."""
    return [
        _published("economy.house_price", chance),
        _published("reference.industry", chance),
        _published("reference.division", chance, "\t", "tsv"),
        _registration(chance),
        _list(chance, "quoted_lines", "utf-8"),
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


def _list(chance: random.Random, name: str, encoding: str) -> Source:
    """Synthetic list whose names hold quotes, delimiters and, where the contract allows them, line breaks."""
    feed = _feed(f"formats.{name}")
    names = ["南宁糖业", "桂林,旅游", "柳州“钢铁”", 'a "quoted" word', "梧州"] + (["北海\n水产", "钦州\n港口\n二期"] if feed.dialects[0].multiline else [])
    rows = [[f"A{i:03d}", chance.choice(names), f"{chance.randrange(10**6)}.50", "2024-01-31"] for i in range(chance.randint(8, 30))]
    return Source(feed, [field.header for field in feed.text_fields], rows, encoding=encoding)


def mutants(files: int, seed: int) -> Iterator[tuple[Source, str, bytes]]:
    """Every kind of pollution over every feed in turn; one file in four carries a second one."""
    chance = random.Random(seed)
    names = list(MUTATIONS)
    for number in range(files):
        source = sources(chance)[number // len(names) % 5]
        name = names[number % len(names)]
        text: str | bytes = source.text
        if chance.random() < 0.25:
            second = chance.choice(list(ROW | FIELD))
            text, name = MUTATIONS[second](text, source, chance), f"{second}, {name}"
        mutated = MUTATIONS[name.rpartition(", ")[2]](text, source, chance)
        yield source, name, mutated if isinstance(mutated, bytes) else mutated.encode(source.encoding)


def oddities(files: int, seed: int) -> Iterator[tuple[Source, bytes]]:
    """Legal files full of what careless readers stumble over."""
    chance = random.Random(seed)
    for number in range(files):
        name, encoding = [("quoted_lines", "utf-8"), ("enterprise_list", "utf-8"), ("national_encoding", "gb18030"), ("any_encoding", "gb18030")][number % 4]
        base = _list(chance, name, encoding)
        rows = [[code, _odd_name(chance, may_break=name == "quoted_lines"), amount, day] for code, _, amount, day in base.rows]
        source = Source(base.feed, base.header, rows, encoding=encoding)
        yield source, _odd_file(source, chance)


def _odd_name(chance: random.Random, may_break: bool) -> str:
    pieces = [
        lambda: chance.choice("𠮷㐀㐂𠀀𪚥𰻝龴龵龶㙍䶮"),
        lambda: chr(chance.randint(0x3400, 0x4DBF)),  # Extension A
        lambda: chr(chance.randint(0x20000, 0x2A6DF)),  # Extension B
        lambda: chr(chance.randint(0xE000, 0xE0FF)),  # private use
        lambda: chance.choice(["🏭", "👨‍👩‍👧", "é", "e\u0301", "ﷺ", "\u200f", "\u200b", "\u00a0", "　", "\ufeff", "\u0085", "\u2028"]),
        lambda: chance.choice(['""', '"', "''", ",", ";", "|", "\t", "\\", "\\n", "=1+1", "#1", "@", "-", "NULL", "{{x}}", "<b>", "%s"]),
        lambda: chance.choice(["南宁", "有限公司", " 桂林 ", "１２３", "A" * 3000]),
        lambda: chance.choice(["\n", "\r\n", "\n\n"]) if may_break else "柳",
    ]
    return "".join(chance.choice(pieces)() for _ in range(chance.randint(1, 6)))


def _odd_file(source: Source, chance: random.Random) -> bytes:
    """One of the legal spellings of the rows: all quoted or only where needed, LF, CR LF or both, with or without last line end and mark."""
    quote_all = chance.random() < 0.3
    ends = chance.choice([["\n"], ["\r\n"], ["\n", "\r\n"]])
    lines = [",".join(f'"{c.replace(QUOTE, QUOTE * 2)}"' for c in cells) if quote_all else source.line(cells) for cells in [source.header, *source.rows]]
    text = "".join(line + chance.choice(ends) for line in lines)
    text = text.rstrip("\r\n") if chance.random() < 0.2 else text
    if source.encoding == "utf-8":
        return chance.choice([text.encode(), text.encode("utf-8-sig"), b"\xff\xfe" + text.encode("utf-16-le"), b"\xfe\xff" + text.encode("utf-16-be")])
    return text.encode(source.encoding)


# The pollutions. Each takes the text of a file and gives it back polluted; bytes where the encoding itself is polluted.


def _split(text: str) -> tuple[str, list[str]]:
    header, *lines = text.removesuffix("\n").split("\n")
    return header, lines or [""]


def _joined(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def _on_a_line(edit: Callable[[str, Source, random.Random], str]) -> Mutation:
    """Pollute one line below the header."""

    def mutation(text: str, source: Source, chance: random.Random) -> str:
        header, lines = _split(text)
        place = chance.randrange(len(lines))
        lines[place] = edit(lines[place], source, chance)
        return _joined(header, *lines)

    return mutation


def _in_a_cell(edit: Callable[[str, random.Random], str]) -> Mutation:
    """Pollute the text between two delimiters of one line."""

    def on_line(line: str, source: Source, chance: random.Random) -> str:
        cells = line.split(source.delimiter)
        place = chance.randrange(len(cells))
        cells[place] = edit(cells[place], chance)
        return source.delimiter.join(cells)

    return _on_a_line(on_line)


def _insert(what: str) -> Mutation:
    def edit(cell: str, chance: random.Random) -> str:
        place = chance.randint(0, len(cell))
        return cell[:place] + what + cell[place:]

    return _in_a_cell(edit)


def _on_lines(edit: Callable[[list[str], Source, random.Random], list[str]]) -> Mutation:
    """Pollute the lines below the header."""

    def mutation(text: str, source: Source, chance: random.Random) -> str:
        header, lines = _split(text)
        return _joined(header, *edit(lines, source, chance))

    return mutation


def _on_header(edit: Callable[[str, Source, random.Random], str]) -> Mutation:
    def mutation(text: str, source: Source, chance: random.Random) -> str:
        header, lines = _split(text)
        return _joined(edit(header, source, chance), *lines)

    return mutation


def _without_column(text: str, source: Source, chance: random.Random) -> str:
    place = chance.randrange(len(source.header))
    return _joined(*(source.delimiter.join(c for i, c in enumerate(line.split(source.delimiter)) if i != place) for line in text.removesuffix("\n").split("\n")))


def _swapped(lines: list[str], source: Source, chance: random.Random) -> list[str]:
    chance.shuffle(lines)
    return lines


def _glued(lines: list[str], source: Source, chance: random.Random) -> list[str]:
    place = chance.randrange(len(lines))
    return [*lines[:place], "".join(lines[place : place + 2]), *lines[place + 2 :]]


def _block_twice(lines: list[str], source: Source, chance: random.Random) -> list[str]:
    first = chance.randrange(len(lines))
    return lines[: first + 3] + lines[first:]


def _added(lines: list[str], extra: str, chance: random.Random) -> list[str]:
    place = chance.randint(0, len(lines))
    return [*lines[:place], extra, *lines[place:]]


def _cut(text: str, source: Source, chance: random.Random) -> str:
    return text[: chance.randint(len(text) // 4, len(text) - 1)]


def _cut_bytes(text: str, source: Source, chance: random.Random) -> bytes:
    data = text.encode(source.encoding)
    return data[: chance.randint(len(data) // 4, len(data) - 1)]


def _flipped(text: str, source: Source, chance: random.Random) -> bytes:
    data = bytearray(text.encode(source.encoding))
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _mixed_encoding(text: str, source: Source, chance: random.Random) -> bytes:
    other = "utf-8" if source.encoding == "gb18030" else "gb18030"
    lines = text.removesuffix("\n").split("\n")
    return text.encode(source.encoding) + source.delimiter.join(["广西壮族自治区"] * lines[0].count(source.delimiter) + ["南宁"]).encode(other) + b"\n"


FILE: dict[str, Mutation] = {
    "no payload": lambda text, source, chance: "",
    "no header": lambda text, source, chance: text.partition("\n")[2],
    "header only": lambda text, source, chance: text.partition("\n")[0] + "\n",
    "one row": lambda text, source, chance: _joined(*text.split("\n")[:2]),
    "no last line end": lambda text, source, chance: text.removesuffix("\n"),
    "two last line ends": lambda text, source, chance: text + "\n",
    "preamble": lambda text, source, chance: "企业情况一览表\n" + text,
    "padded preamble": lambda text, source, chance: "一览表" + source.delimiter * (len(source.header) - 1) + "\n" + text,
    "header of two rows": _on_header(lambda header, source, chance: header + "\n" + source.delimiter.join("元" for _ in source.header)),
    "second table": lambda text, source, chance: text + "\na" + source.delimiter + "b\n1" + source.delimiter + "2\n",
    "semicolons": lambda text, source, chance: text.replace(source.delimiter, ";"),
    "bars": lambda text, source, chance: text.replace(source.delimiter, "|"),
    "spaces": lambda text, source, chance: text.replace(source.delimiter, " "),
    "two delimiters": lambda text, source, chance: text.replace(source.delimiter, source.delimiter * 2),
    "apostrophes for quotes": lambda text, source, chance: text.replace(QUOTE, "'"),
    "backslashes for doubled quotes": lambda text, source, chance: text.replace(QUOTE * 2, "\\" + QUOTE),
    "CR ends": lambda text, source, chance: text.replace("\n", "\r"),
    "CR LF ends": lambda text, source, chance: text.replace("\n", "\r\n"),
    "two line ends": lambda text, source, chance: text.replace("\n", "\n\n"),
    "total row": lambda text, source, chance: text + "合计" + source.delimiter * (len(source.header) - 1) + "\n",
    "note below": lambda text, source, chance: text + "注：以上为快报数\n",
    "cut between characters": _cut,
    "cut between bytes": _cut_bytes,
    "bit flipped": _flipped,
    "rows swapped": _on_lines(_swapped),
    "block twice": _on_lines(_block_twice),
    "block missing": _on_lines(lambda lines, source, chance: lines[: len(lines) // 3] + lines[len(lines) // 2 :]),
    "header renamed": _on_header(lambda header, source, chance: header.replace(source.header[chance.randrange(len(source.header))], "其他", 1)),
    "header twice": _on_header(lambda header, source, chance: header.replace(source.header[-1], source.header[0])),
    "column added": lambda text, source, chance: text.replace("\n", source.delimiter + "x\n"),
    "column missing": _without_column,
    "byte order mark": lambda text, source, chance: "\ufeff".encode() + text.encode(source.encoding),
    "UTF-16": lambda text, source, chance: b"\xff\xfe" + text.encode("utf-16-le"),
    "other encoding": lambda text, source, chance: text.encode("utf-8" if source.encoding == "gb18030" else "gb18030"),
    "two encodings": _mixed_encoding,
    "end mark": lambda text, source, chance: text + "\x1a",
}
ROW: dict[str, Mutation] = {
    "delimiter missing": _on_a_line(lambda line, source, chance: line.replace(source.delimiter, "", 1)),
    "delimiter more": _on_a_line(lambda line, source, chance: line.replace(source.delimiter, source.delimiter * 2, 1)),
    "delimiter at the end": _on_a_line(lambda line, source, chance: line + source.delimiter),
    "semicolons in one row": _on_a_line(lambda line, source, chance: line.replace(source.delimiter, ";")),
    "row ends with CR": lambda text, source, chance: text.replace("\n", "\r", 2).replace("\r", "\n", 1),
    "row ends with U+2028": lambda text, source, chance: text.replace("\n", "\u2028", 2).replace("\u2028", "\n", 1),
    "empty line": _on_lines(lambda lines, source, chance: _added(lines, "", chance)),
    "line of delimiters": _on_lines(lambda lines, source, chance: _added(lines, source.delimiter * (len(source.header) - 1), chance)),
    "header again": lambda text, source, chance: _joined(_split(text)[0], *_added(_split(text)[1], _split(text)[0], chance)),
    "row twice": _on_lines(lambda lines, source, chance: _added(lines, chance.choice(lines), chance)),
    "row missing": _on_lines(lambda lines, source, chance: lines[:-1] if chance.random() < 0.5 else lines[1:]),
    "row cut": _on_a_line(lambda line, source, chance: line[: len(line) // 2]),
    "rows glued": _on_lines(_glued),
    "row split": _on_a_line(lambda line, source, chance: line[: len(line) // 2] + "\n" + line[len(line) // 2 :]),
}
FIELD: dict[str, Mutation] = {
    "quote": _insert(QUOTE),
    "two quotes": _insert(QUOTE * 2),
    "quote before": _in_a_cell(lambda cell, chance: QUOTE + cell),
    "quote behind": _in_a_cell(lambda cell, chance: cell + QUOTE),
    "quotes around": _in_a_cell(lambda cell, chance: QUOTE + cell + QUOTE),
    "text behind quotes": _in_a_cell(lambda cell, chance: f'"{cell}"x'),
    "space before quotes": _in_a_cell(lambda cell, chance: f' "{cell}"'),
    "line break": _insert("\n"),
    "line break in quotes": _in_a_cell(lambda cell, chance: f'"{cell[:1]}\n{cell[1:]}"'),
    "CR": _insert("\r"),
    "delimiter": _on_a_line(lambda line, source, chance: line[: len(line) // 2] + source.delimiter + line[len(line) // 2 :]),
    "delimiter in quotes": _on_a_line(lambda line, source, chance: line + source.delimiter + f'"a{source.delimiter}b"'),
    "backslash and quote": _insert("\\" + QUOTE),
    "NUL": _insert("\x00"),
    "control character": _insert("\x07"),
    "lost character": _insert("\ufffd"),
    "mojibake": _insert("锟斤拷"),
    "spreadsheet error": _in_a_cell(lambda cell, chance: "#REF!"),
    "character deleted": _in_a_cell(lambda cell, chance: cell[1:]),
    "character doubled": _in_a_cell(lambda cell, chance: cell + cell[-1:]),
    "space": _insert(" "),
    "zero-width space": _insert("\u200b"),
    "cell empty": _in_a_cell(lambda cell, chance: ""),
}
MUTATIONS = FILE | ROW | FIELD

if __name__ == "__main__":
    raise SystemExit(main())
