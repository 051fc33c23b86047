"""Seeded mutants of five CSV feeds in the classes of the Pollock benchmark, and a judge that never calls our readers.

Pollock (Vitagliano and others, VLDB 2023) pollutes a clean file at the level of the file, the row and the field. Each mutant is delivered
sealed    with the manifest of the clean file: SHA-256 and number of rows. Nothing that differs may pass.
counted   with its number of rows alone. No row may be missing, no row that is no legal record may be accepted.
bare      without a manifest. No row that is no legal record may be accepted, and every line must be accounted for.
What no reader can see, a value that became another legal value, is counted and reported where the delivery is not sealed.

    python -m tests.ingest.mutants --files 2000 --oddities 1000 --seed 1
"""

import argparse
import hashlib
import json
import random
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spark_jobs.ingest import bronze, landing
from spark_jobs.ingest.readers import NOT_RECORDS, reader
from spark_jobs.ingest.refusal import Refused
from tests.ingest.clean_files import QUOTE, Source, list_of_names, sources
from tests.ingest.pollutions import FIELD, MUTATIONS, ROW

DELIVERIES = ("sealed", "counted", "bare")


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


UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")


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
        base = list_of_names(chance, name, encoding)
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


if __name__ == "__main__":
    raise SystemExit(main())
