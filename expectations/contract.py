"""Read the contracts: `expectations/<domain>/<feed>.yaml`, Open Data Contract Standard v3.2.0, into small frozen objects.

The contract is the only place where a feed's fields, types, units, keys, rules, owner and file dialect are written;
everything else in the house asks the objects of expectations/feed.py. No Spark, no pandas here.
"""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from expectations.feed import ContractError, Dialect, Feed, Field, HistoryRule, Rule, Source, Unpivot
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


@lru_cache(maxsize=1)
def load_all(folder: Path = FOLDER) -> dict[str, Feed]:
    """Every feed by id, read from `<folder>/<domain>/<feed>.yaml` (`marts/` holds gates, not feeds)."""
    paths = sorted(p for p in folder.glob("*/*.yaml") if p.parent.name != "marts")
    feeds = [load(path) for path in paths]
    return {feed.id: feed for feed in feeds}


@lru_cache(maxsize=1)
def read_all() -> dict[str, Feed]:
    """Every feed by id, not held against the standard again (which takes 1.5 s): for a process that comes after one that loaded them."""
    paths = sorted(p for p in FOLDER.glob("*/*.yaml") if p.parent.name != "marts")
    return {feed.id: feed for feed in (_feed(_document(path), path) for path in paths)}


def load_feed(feed_id: str) -> Feed:
    """The feed of this id, reading its contract alone. Raises ContractError naming the known feeds where there is none."""
    path = FOLDER.joinpath(*feed_id.split(".")).with_suffix(".yaml") if FEED_ID.fullmatch(feed_id) else None
    if path is None or not path.is_file():
        known = ", ".join(sorted(f"{p.parent.name}.{p.stem}" for p in FOLDER.glob("*/*.yaml") if p.parent.name != "marts"))
        raise ContractError(f"there is no feed {feed_id!r}; the feeds are: {known}")
    return load(path)


def load(path: Path) -> Feed:
    """Read and check one contract. Raises ContractError with the place of each fault."""
    document = _document(path)
    _check_standard(document, path)
    expected = f"{path.parent.name}.{path.stem}"
    if document["id"] != expected:
        raise ContractError(f"{path.name}: id is {document['id']!r}, the folder and file say {expected!r}")
    feed = _feed(document, path)
    _check_house(feed)
    return feed


def _document(path: Path) -> dict:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def _feed(document: dict, path: Path) -> Feed:
    house = _house(document, "contract", path)
    table = document["schema"][0]
    table_house = _house(table, "schema", path)
    service = {p["property"]: p for p in document.get("slaProperties", [])}
    team = document["team"]
    stewards = [m["username"] for m in team.get("members", []) if m.get("role") == "steward"]
    frequency = service.get("frequency", {})
    quality = [*_common_rules(table["properties"], path), *table.get("quality", [])]
    if other := {item.get("type", "library") for item in quality} - {"custom", "sql"}:
        raise ContractError(f"{path.name}: a rule is of type custom (a row by itself) or sql (a delivery against history), not {', '.join(sorted(other))}")
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
        rules=tuple(_rule(item) for item in quality if item["type"] == "custom"),
        history_rules=tuple(_history_rule(item) for item in quality if item["type"] == "sql"),
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
        references=tuple(tuple(relation["to"].split(".", 1)) for relation in item.get("relationships", [])),
        editions=_common(house.get("checkedAs"), path).get("editions", {}),
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


def _history_rule(item: dict) -> HistoryRule:
    return HistoryRule(
        code=item["id"],
        query=item["query"].strip(),
        severity=item.get("severity", "warning"),
        message_zh=item.get("description", item["id"]),
        message_en=item.get("name", item["id"]),
    )


def _common_rules(items: list[dict], path: Path) -> list[dict]:
    """The shared rules that properties ask for by `checkedAs`, each under the code `<id>.<property>`."""
    found = []
    for item in items:
        name, label = item["name"], item.get("businessName", item["name"])
        for rule in _common(_house(item, "property", path).get("checkedAs"), path).get("quality", []):
            written = {key: rule[key].replace("{field}", name) for key in ("implementation", "query") if key in rule}
            said = {"id": f"{rule['id']}.{name}", "description": f"{label}：{rule['description']}", "name": f"{name}: {rule['name']}"}
            found.append(rule | written | said | {"type": "sql" if "query" in rule else "custom"})
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
    names, rules = [f.name for f in feed.fields], [*feed.rules, *feed.history_rules]
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
        (any(r.severity not in ("hold", "warning") for r in feed.history_rules), "severity of a rule of type sql is hold or warning"),
        (len({r.code for r in rules}) != len(rules), "two rules have one id"),
    ]
    found = [text for wrong, text in faults if wrong]
    if found:
        raise ContractError(f"{feed.id}: " + "; ".join(found))
