"""Errors planted into synthetic files, and the list of them that tests read.

A kind of error turns one record into the records written in its place; what must become of each is written down.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

Record = list[str] | str  # fields, or a line as it stands in the file
Edit = Callable[[list[str], list[str]], list[tuple[Record, bool]]]  # (fields, header) → (record, is it one of the planted)


@dataclass(frozen=True)
class Kind:
    """One way a department gets a record wrong, and the code the lake must give it."""

    name: str
    code: str
    edit: Edit
    outcome: str = "quarantined"


@dataclass(frozen=True)
class Planted:
    """One planted record: its number among the lines below the header, the line in the file, and what was right before."""

    row: int
    line: int
    kind: str
    outcome: str
    expected_reason_code: str
    original: str


def places(rows: int, kinds: Sequence[Kind]) -> dict[int, Kind]:
    """Where to plant: evenly over the file, the kinds taking turns; one row in 2,000 for each kind, at least 2, at most 50."""
    per_kind = min(50, max(2, rows // 2000))
    total = min(rows, per_kind * len(kinds))
    return {int((number + 0.5) * rows / total): kinds[number % len(kinds)] for number in range(total)}


def write_list(path: Path, planted: list[Planted]) -> None:
    """The list beside the demonstration, never in the inbox."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(one) for one in planted], ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


# --- ways to spoil a record: fields in, records out ---


def replace(position: int, text: str) -> Edit:
    """Another text in one field."""
    return lambda fields, header: [(_with(fields, position, text), True)]


def change(position: int, how: Callable[[str], str]) -> Edit:
    """One field changed by a function of its text."""
    return lambda fields, header: [(_with(fields, position, how(fields[position])), True)]


def repeat() -> Edit:
    """The same record twice: the second one is the repeat."""
    return lambda fields, header: [(fields, False), (fields, True)]


def contradict(position: int, how: Callable[[str], str]) -> Edit:
    """Two records of one key that say different things: neither can be believed."""
    return lambda fields, header: [(fields, True), (_with(fields, position, how(fields[position])), True)]


def repeat_header() -> Edit:
    """The header once more in the middle, as when two exports are pasted together."""
    return lambda fields, header: [(header, True), (fields, False)]


def drop_delimiter(position: int) -> Edit:
    """Two fields run together."""
    return lambda fields, header: [(",".join([*fields[:position], fields[position] + fields[position + 1], *fields[position + 2 :]]), True)]


def append(text: str) -> Edit:
    """One field too many."""
    return lambda fields, header: [([*fields, text], True)]


def as_line(position: int, how: Callable[[str], str]) -> Edit:
    """A field spoilt so that the line breaks the dialect."""
    return lambda fields, header: [(",".join(_with(fields, position, how(fields[position]))), True)]


# --- ways to spoil a text ---


def wrong_last(text: str) -> str:
    """Another check character."""
    return text[:-1] + ("1" if text[-1] != "1" else "2")


def wide_digits(text: str) -> str:
    """Digits typed with a Chinese input method."""
    return text.translate(str.maketrans("0123456789", "０１２３４５６７８９"))


def excel_number(text: str) -> str:
    """What a spreadsheet makes of a long number."""
    figures = "".join(sign if sign.isdigit() else "0" for sign in text)
    return f"{figures[0]}.{figures[1:6]}E+{len(figures) - 1}"


# --- kinds that every department can get wrong ---


def on_record(header: list[str], contradicted: str) -> list[Kind]:
    """What happens to any record: contradicted in a field that is not of its key, or sent twice."""
    return [
        Kind("two records contradict", "KEY.CONFLICT", contradict(header.index(contradicted), lambda text: f"{text}9")),
        Kind("same record twice", "KEY.DUPLICATE", repeat(), outcome="repeated"),
    ]


def on_table(header: list[str], note: str = "数据说明") -> list[Kind]:
    """What happens to a line of a table: a field too many, a character lost, the header pasted in."""
    return [
        Kind("one field too many", "WIDTH", append("多")),
        Kind("character lost before sending", "U_FFFD", replace(header.index(note), "合成数\ufffd")),
        Kind("header repeated", "REPEATED_HEADER", repeat_header()),
    ]


def on_enterprise(header: list[str], *, uscc: str = "统一社会信用代码", division: str = "行政区划代码") -> list[Kind]:
    """What happens to the code of an enterprise and of the division it lies in."""
    code, place = header.index(uscc), header.index(division)
    return [
        Kind("wrong check digit", "CHECK-DIGIT.uscc", change(code, wrong_last)),
        Kind("code damaged by a spreadsheet", "EXCEL-NUMBER.uscc", change(code, excel_number)),
        Kind("missing code", "REQUIRED.uscc", replace(code, "")),
        Kind("unknown division", "DIVISION.division_code", replace(place, "459999")),
        Kind("division outside Guangxi", "PATTERN.division_code", replace(place, "440106")),
        Kind("full-width digits in a code", "PATTERN.division_code", change(place, wide_digits)),
    ]


def _with(fields: list[str], position: int, text: str) -> list[str]:
    return [*fields[:position], text, *fields[position + 1 :]]
