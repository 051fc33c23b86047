"""The data segment (HJ 212-2017, 6.3.2 and 6.3.3): header members, then the data area `CP=&&…&&` with its groups of fields."""

import re
from dataclasses import dataclass

from spark_jobs.ingest.hj212 import Fault
from spark_jobs.ingest.hj212.packets import unpacked

MEMBERS = {
    "QN": re.compile(r"[0-9]{17}"),
    "ST": re.compile(r"[0-9]{2}"),
    "CN": re.compile(r"[0-9]{4}"),
    "PW": re.compile(r".{0,9}"),
    "MN": re.compile(r"[0-9A-Za-z]{24}"),
    "Flag": re.compile(r"[0-9]{1,3}"),
    "PNUM": re.compile(r"[0-9]{1,9}"),
    "PNO": re.compile(r"[0-9]{1,8}"),
}
PACKET_MEMBERS = {"PNUM", "PNO"}
EDITIONS = {0: "2005", 1: "2017", 2: "2025"}  # the six upper bits of Flag
WHOLE = "CP"  # the item of a message whose data area names none


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `packets` and `packet` are PNUM and PNO, 1 and 1 where it was not divided."""

    qn: str
    st: str
    cn: str
    pw: str
    mn: str
    flag: int
    packets: int
    packet: int
    area: str

    @property
    def edition(self) -> str | None:
        """Year of the edition that Flag names; None for a number that no edition has."""
        return EDITIONS.get(self.flag >> 2)

    @property
    def wants_answer(self) -> bool:
        """Bit A of Flag."""
        return bool(self.flag & 1)


def message_of(line: bytes) -> Message:
    """The message of a line. Raises Fault where packet, header or data area break the standard."""
    return parse(unpacked(line))


def parse(segment: bytes) -> Message:
    """The message of a data segment, its data area checked. Raises Fault HJ_TEXT, HJ_HEADER, HJ_PACKET or HJ_ITEM."""
    header, mark, rest = text_of(segment).partition("CP=&&")
    if not mark or not rest.endswith("&&"):
        raise Fault("HJ_HEADER", "the data area CP=&&…&& is missing or not closed")
    found = _members(header)
    flag = int(found["Flag"])
    if flag > 255:
        raise Fault("HJ_HEADER", f"Flag is {flag}, at most 255")
    if PACKET_MEMBERS & found.keys() != (PACKET_MEMBERS if flag & 2 else set()):
        raise Fault("HJ_PACKET", f"bit D of Flag {flag} and the members PNUM and PNO contradict each other")
    packets, packet = int(found.get("PNUM", 1)), int(found.get("PNO", 1))
    if not 1 <= packet <= packets:
        raise Fault("HJ_PACKET", f"packet {packet} of {packets}")
    message = Message(found["QN"], found["ST"], found["CN"], found["PW"], found["MN"].upper(), flag, packets, packet, rest[:-2])
    items(message)
    return message


def items(message: Message) -> dict[str, dict[str, str]]:
    """The fields of the data area by item: `w01018-Avg=40.1` is {"w01018": {"Avg": "40.1"}}, `PolId=w01018` is {"PolId": {"": "w01018"}}.

    DataTime is such an item too. Raises Fault HJ_ITEM for a field without a value or one that stands twice.
    """
    found: dict[str, dict[str, str]] = {}
    for text in message.area.replace(",", ";").split(";"):
        if not text:
            continue
        name, mark, value = text.partition("=")
        item, _, suffix = name.partition("-")
        fields = found.setdefault(item, {})
        if not mark or not item or "=" in value:
            raise Fault("HJ_ITEM", f"{text[:60]!r} is no NAME=VALUE")
        if suffix in fields:
            raise Fault("HJ_ITEM", f"{name[:60]!r} stands twice")
        fields[suffix] = value
    return found


def text_of(data: bytes) -> str:
    """ASCII as the standard has it; names in a device's log come as UTF-8 or GB18030."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Fault("HJ_TEXT", "the data segment is neither ASCII nor UTF-8 nor GB18030")


def _members(header: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if not header.endswith(";"):
        raise Fault("HJ_HEADER", "there is no ; before CP")
    for text in header[:-1].split(";"):
        name, _, value = text.partition("=")
        if name not in MEMBERS or name in found or not MEMBERS[name].fullmatch(value):
            raise Fault("HJ_HEADER", f"{name[:20]!r} is no member of the header, stands twice or has a wrong value")
        found[name] = value
    missing = MEMBERS.keys() - PACKET_MEMBERS - found.keys()
    if missing:
        raise Fault("HJ_HEADER", f"the header lacks {', '.join(sorted(missing))}")
    return found
