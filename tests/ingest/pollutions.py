"""Pollutions in the classes of the Pollock benchmark, of a file, of its rows and of its fields.

Each takes the text of a file and gives it back polluted; bytes where the encoding itself is polluted.
"""

import random
from collections.abc import Callable

from tests.ingest.clean_files import QUOTE, Source

Mutation = Callable[[str, Source, random.Random], str | bytes]


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
