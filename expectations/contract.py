"""Read the contracts: `expectations/<domain>/<feed>.yaml`, Open Data Contract Standard v3.2.0, into small frozen objects.

The contract is the only place where a feed's fields, types, units, keys, rules, owner and file dialect are written;
everything else in the house asks the objects of this module. No Spark, no pandas here.
"""

import fnmatch
import json
import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

from expectations.normalise import NORMALISED

FOLDER = Path(__file__).resolve().parent
FEED_ID = re.compile(r"[a-z][a-z0-9_]{1,40}\.[a-z][a-z0-9_]{1,60}")
SEVERITIES = ("error", "hold", "warning")  # the row is quarantined, the delivery waits for the steward, it is only said
KINDS = ("event", "register", "series", "reference")
SOURCES = ("postgres", "api")
CLASSIFICATIONS = ("public", "internal", "personal", "sensitive-personal")
ARCHIVES = (None, "zip", "gzip", "tar", "tar.gz")
HOUSE_PROPERTIES = {
    "contract": {"nameEn", "kind", "sharing", "synthetic", "source"},
    "server": {
        "delimiter", "nullValues", "skipLines", "footerPattern", "footerIsTotal", "trailingDelimiter", "multiline", "sheet", "headerRows",
        "records", "ignored", "layout", "widthUnit", "archive", "manifest", "unpivot", "volume",
    },
    "postgres": {"table", "watermark", "overlap", "user", "secret"},
    "api": {"page", "size", "sizeOf", "since", "watermark", "records", "total", "secret"},
    "schema": {"effectiveFrom"},
    "property": {"unit", "bronzeOnly", "normalise", "flatLineAfter", "checkedAs"},
}  # fmt: skip


class ContractError(ValueError):
    """A contract is not valid: the message names the file, the place in it and the rule it breaks."""


@dataclass(frozen=True)
class Unpivot:
    """A matrix file is read cell by cell: `keep` headers repeat, every other header becomes `name` and its cell `value`."""

    keep: tuple[str, ...]
    name: str
    value: str


@dataclass(frozen=True)
class Dialect:
    """How one kind of file of a feed is written.

    encoding         UTF-8, GB18030, or `detect` (UTF-8 strictly, else GB18030 strictly); a byte order mark of UTF-16 always counts
    footer_is_total  the line that footer_pattern finds is a total row: its numbers must be the sums of their columns
    sheet            XLSX: name of the sheet, the first one where none is named, `*` for every sheet
    header_rows      XLSX: rows of a header whose cells are merged; the names of one column are joined with `_`
    records          JSON, XML: path to the records
    layout           fixed width: (header, width) of each column, in order; width_unit is `character` or `byte` of the encoding
    archive          zip, gzip, tar or tar.gz around files of this dialect
    """

    name: str
    path: str
    format: str
    encoding: str = "UTF-8"
    delimiter: str = ","
    null_values: tuple[str, ...] = ("",)
    skip_lines: int = 0
    footer_pattern: str | None = None
    footer_is_total: bool = False
    trailing_delimiter: bool = False
    multiline: bool = False
    sheet: str | None = None
    header_rows: int = 1
    records: str | None = None
    ignored: tuple[str, ...] = ()
    layout: tuple[tuple[str, int], ...] = ()
    width_unit: str = "character"
    archive: str | None = None
    manifest_required: bool = False
    unpivot: Unpivot | None = None
    any_volume: bool = False  # a file holds what came since the last one, however much that is


@dataclass(frozen=True)
class Source:
    """A business system that a feed is pulled from: a database (`postgres`) or an interface (`api`).

    `address` holds the standard's fields (host, port, database, schema; location), `options` the house's own.
    """

    name: str
    type: str
    address: dict[str, Any]
    options: dict[str, Any]


@dataclass(frozen=True)
class Field:
    """One property of the contract. `header` is the column in the file; a derived field has `transform` and no header.

    `normalise` lists what is put right in its text before it is typed (expectations/normalise.py), never without a warning.
    """

    name: str
    label: str
    label_en: str
    header: str | None
    aliases: tuple[str, ...]
    logical_type: str
    physical_type: str | None
    required: bool
    key_position: int | None
    classification: str
    token_name: str | None
    options: dict[str, Any]
    enum: tuple[tuple[str, str], ...]
    transform: str | None
    unit: str | None
    bronze_only: bool
    description: str
    normalise: tuple[str, ...] = ()
    flat_line_after: int | None = None  # readings of one value after which a sensor is taken to be stuck

    @property
    def silver_name(self) -> str | None:
        """Name of the column in silver: the token in place of a personal identifier; None where the field stays in bronze."""
        return None if self.bronze_only else (self.token_name or self.name)


@dataclass(frozen=True)
class Rule:
    """A rule written by hand in the contract: `predicate` is DuckDB SQL that is true for a good row."""

    code: str
    predicate: str
    method: str
    severity: str
    message_zh: str
    message_en: str


@dataclass(frozen=True)
class Feed:
    """A feed, as its contract describes it."""

    id: str
    name: str
    name_en: str
    owner: str
    steward: str
    kind: str
    sharing: str
    synthetic: bool
    source: str
    purpose: str
    limitations: str
    granularity: str
    schedule: str | None
    frequency_days: float
    latency_hours: float
    effective_from: str | None
    dialects: tuple[Dialect, ...]
    sources: tuple[Source, ...]
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    path: Path = field(compare=False)

    @property
    def domain(self) -> str:
        return self.id.partition(".")[0]

    @property
    def table(self) -> str:
        """`<domain>__<feed>`: the table's name in every layer."""
        return self.id.replace(".", "__")

    @cached_property
    def identifiers(self) -> tuple[Field, ...]:
        """The fields that name a person: their text is kept in the vault alone."""
        return tuple(f for f in self.fields if f.classification == "sensitive-personal" and f.header is not None)

    @cached_property
    def text_fields(self) -> tuple[Field, ...]:
        """The fields that stand in the file, in contract order: the columns of bronze."""
        return tuple(f for f in self.fields if f.header is not None)

    @cached_property
    def silver_fields(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.silver_name is not None)

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Silver names of the primary key, in key order."""
        keyed = sorted((f for f in self.silver_fields if f.key_position is not None), key=lambda f: f.key_position)
        return tuple(f.silver_name for f in keyed)

    def dialect_for(self, file_name: str) -> Dialect:
        """The dialect whose path pattern the file name matches. Raises ContractError where none or several do."""
        fitting = [d for d in self.dialects if fnmatch.fnmatchcase(file_name, d.path.rpartition("/")[2])]
        if len(fitting) != 1:
            patterns = ", ".join(d.path.rpartition("/")[2] for d in self.dialects)
            raise ContractError(f"{file_name}: {len(fitting)} of the file patterns of {self.id} fit ({patterns}); exactly one must")
        return fitting[0]


@lru_cache(maxsize=1)
def load_all(folder: Path = FOLDER) -> dict[str, Feed]:
    """Every feed by id, read from `<folder>/<domain>/<feed>.yaml` (`marts/` holds gates, not feeds)."""
    paths = sorted(p for p in folder.glob("*/*.yaml") if p.parent.name != "marts")
    feeds = [load(path) for path in paths]
    return {feed.id: feed for feed in feeds}


def load_feed(feed_id: str) -> Feed:
    """The feed of this id, reading its contract alone. Raises ContractError naming the known feeds where there is none."""
    path = FOLDER.joinpath(*feed_id.split(".")).with_suffix(".yaml") if FEED_ID.fullmatch(feed_id) else None
    if path is None or not path.is_file():
        known = ", ".join(sorted(f"{p.parent.name}.{p.stem}" for p in FOLDER.glob("*/*.yaml") if p.parent.name != "marts"))
        raise ContractError(f"there is no feed {feed_id!r}; the feeds are: {known}")
    return load(path)


def load(path: Path) -> Feed:
    """Read and check one contract. Raises ContractError with the place of each fault."""
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    _check_standard(document, path)
    expected = f"{path.parent.name}.{path.stem}"
    if document["id"] != expected:
        raise ContractError(f"{path.name}: id is {document['id']!r}, the folder and file say {expected!r}")
    feed = _feed(document, path)
    _check_house(feed)
    return feed


def _feed(document: dict, path: Path) -> Feed:
    house = _house(document, "contract", path)
    table = document["schema"][0]
    table_house = _house(table, "schema", path)
    service = {p["property"]: p for p in document.get("slaProperties", [])}
    team = document["team"]
    stewards = [m["username"] for m in team.get("members", []) if m.get("role") == "steward"]
    frequency = service.get("frequency", {})
    return Feed(
        id=document["id"],
        name=document["name"],
        name_en=house.get("nameEn", ""),
        owner=team["name"],
        steward=stewards[0] if stewards else team["name"],
        kind=house.get("kind", ""),
        sharing=house.get("sharing", ""),
        synthetic=bool(house.get("synthetic", False)),
        source=house.get("source", ""),
        purpose=document.get("description", {}).get("purpose", ""),
        limitations=document.get("description", {}).get("limitations", ""),
        granularity=table.get("dataGranularityDescription", ""),
        schedule=frequency.get("schedule"),
        frequency_days=float(frequency.get("value", 0)) * {"h": 1 / 24, "d": 1, "m": 30.4, "y": 365.25}[frequency.get("unit", "d")],
        latency_hours=float(service.get("latency", {}).get("value", 0)),
        effective_from=table_house.get("effectiveFrom"),
        dialects=tuple(_dialect(server, path) for server in document["servers"] if server["type"] not in SOURCES),
        sources=tuple(_source(server, path) for server in document["servers"] if server["type"] in SOURCES),
        fields=tuple(_field(item, path) for item in table["properties"]),
        rules=(*_common_rules(table["properties"], path), *(_rule(item) for item in table.get("quality", []))),
        path=path,
    )


def _dialect(server: dict, path: Path) -> Dialect:
    house = _house(server, "server", path)
    unpivot = house.get("unpivot")
    return Dialect(
        name=server["server"],
        path=server["path"],
        format=server["format"],
        encoding=server.get("encoding", "UTF-8"),
        delimiter=house.get("delimiter", ","),
        null_values=tuple(str(v) for v in house.get("nullValues", [""])),
        skip_lines=int(house.get("skipLines", 0)),
        footer_pattern=house.get("footerPattern"),
        footer_is_total=bool(house.get("footerIsTotal", False)),
        trailing_delimiter=bool(house.get("trailingDelimiter", False)),
        multiline=bool(house.get("multiline", False)),
        sheet=house.get("sheet"),
        header_rows=int(house.get("headerRows", 1)),
        records=house.get("records"),
        ignored=tuple(house.get("ignored", [])),
        layout=tuple((str(header), int(width)) for header, width in house.get("layout", {}).items()),
        width_unit=house.get("widthUnit", "character"),
        archive=house.get("archive"),
        manifest_required=house.get("manifest") == "required",
        unpivot=Unpivot(tuple(unpivot["keep"]), unpivot["name"], unpivot["value"]) if unpivot else None,
        any_volume=house.get("volume") == "any",
    )


def _source(server: dict, path: Path) -> Source:
    address = {name: value for name, value in server.items() if name not in ("server", "type", "customProperties")}
    return Source(server["server"], server["type"], address, _house(server, server["type"], path))


def _field(item: dict, path: Path) -> Field:
    house = _house(item, "property", path)
    synonyms = item.get("synonyms", [])
    derived = item.get("transformLogic")
    label = item.get("businessName", item["name"])
    return Field(
        name=item["name"],
        label=label,
        label_en=next((s["synonym"] for s in synonyms if s.get("locale") == "en"), ""),
        header=None if derived and "physicalName" not in item else item.get("physicalName", label),
        aliases=tuple(s["synonym"] for s in synonyms if s.get("source") == "header"),
        logical_type=item["logicalType"],
        physical_type=item.get("physicalType"),
        required=bool(item.get("required", False)) or bool(item.get("primaryKey", False)),
        key_position=item.get("primaryKeyPosition", 1) if item.get("primaryKey") else None,
        classification=item.get("classification", "public"),
        token_name=item.get("encryptedName"),
        options=_common(house.get("checkedAs"), path).get("options", {}) | item.get("logicalTypeOptions", {}),
        enum=tuple((str(e["value"]), e.get("label", str(e["value"]))) for e in item.get("enum", [])),
        transform=derived,
        unit=house.get("unit"),
        bronze_only=bool(house.get("bronzeOnly", False)),
        description=item.get("description", ""),
        normalise=tuple(house.get("normalise", [])),
        flat_line_after=house.get("flatLineAfter"),
    )


def _rule(item: dict) -> Rule:
    return Rule(
        code=item["id"],
        predicate=item["implementation"].strip(),
        method=item.get("method", "contract"),
        severity=item.get("severity", "error"),
        message_zh=item.get("description", item["id"]),
        message_en=item.get("name", item["id"]),
    )


def _common_rules(items: list[dict], path: Path) -> list[Rule]:
    """The shared rules that properties ask for by `checkedAs`, each under the code `<id>.<property>`."""
    found = []
    for item in items:
        name, label = item["name"], item.get("businessName", item["name"])
        for rule in _common(_house(item, "property", path).get("checkedAs"), path).get("quality", []):
            written = {
                "id": f"{rule['id']}.{name}",
                "implementation": rule["implementation"].replace("{field}", name),
                "description": f"{label}：{rule['description']}",
                "name": f"{name}: {rule['name']}",
            }
            found.append(_rule(rule | written))
    return found


def _common(name: str | None, path: Path) -> dict[str, Any]:
    """Options and rules of a name in common_rules.yaml. Raises ContractError where there is none."""
    if name is None:
        return {}
    known = _common_file()
    if name not in known:
        raise ContractError(f"{path.name}: checkedAs {name!r} is none of {', '.join(known)}")
    return known[name]


@lru_cache(maxsize=1)
def _common_file() -> dict[str, Any]:
    return yaml.load((FOLDER / "common_rules.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def _house(item: dict, place: str, path: Path) -> dict[str, Any]:
    """The house's own properties at one place of a contract; a name outside the closed list is refused."""
    found = {p["property"]: p["value"] for p in item.get("customProperties", [])}
    unknown = set(found) - HOUSE_PROPERTIES[place]
    if unknown:
        raise ContractError(f"{path.name}: unknown customProperties at {place}: {', '.join(sorted(unknown))}")
    return found


@lru_cache(maxsize=1)
def _standard():
    from jsonschema import Draft201909Validator
    from open_data_contract_standard.model import OpenDataContractStandard

    schema = OpenDataContractStandard.json_schema()
    return Draft201909Validator(json.loads(schema) if isinstance(schema, str) else schema)


def _check_standard(document: dict, path: Path) -> None:
    faults = [f"  {'/'.join(map(str, e.absolute_path)) or '(top)'}: {e.message[:200]}" for e in _standard().iter_errors(document)]
    if faults:
        raise ContractError(f"{path.parent.name}/{path.name} breaks Open Data Contract Standard v3.2.0:\n" + "\n".join(faults))


def _check_house(feed: Feed) -> None:
    """What the standard leaves open and the house needs."""
    names = [f.name for f in feed.fields]
    faults = [
        (feed.kind not in KINDS, f"kind {feed.kind!r} is none of {', '.join(KINDS)}"),
        (len(names) != len(set(names)), "two properties have one name"),
        (not feed.key, "no property is primaryKey"),
        (feed.kind == "register" and feed.effective_from not in names, "a register names its effectiveFrom property"),
        (any(f.classification not in CLASSIFICATIONS for f in feed.fields), f"classification is one of {', '.join(CLASSIFICATIONS)}"),
        (
            any(f.classification == "sensitive-personal" and not (f.token_name or f.bronze_only) for f in feed.fields),
            "a sensitive-personal property needs an encryptedName (or bronzeOnly): it may not reach silver as it is",
        ),
        (any(not set(f.normalise) <= set(NORMALISED) for f in feed.fields), f"normalise lists some of {', '.join(NORMALISED)}"),
        (any(d.archive not in ARCHIVES for d in feed.dialects), f"archive is one of {', '.join(filter(None, ARCHIVES))}"),
        (any((d.format == "fixed") != bool(d.layout) for d in feed.dialects), "fixed width, and only that, has a layout"),
        (any(d.width_unit not in ("character", "byte") for d in feed.dialects), "widthUnit is character or byte"),
        (not feed.name_en, "customProperties nameEn (the English name) is missing"),
        (any(not f.label_en for f in feed.silver_fields), "every silver property needs an English label (synonyms, locale: en)"),
        (any(r.severity not in SEVERITIES for r in feed.rules), f"severity of a rule is one of {', '.join(SEVERITIES)}"),
        (len({r.code for r in feed.rules}) != len(feed.rules), "two rules have one id"),
    ]
    found = [text for wrong, text in faults if wrong]
    if found:
        raise ContractError(f"{feed.id}: " + "; ".join(found))
