"""One served table, or one feed, as the catalogue describes it."""

from expectations.feed import Feed
from spark_jobs.publish.catalogue import chain, deliveries, words
from spark_jobs.publish.labels import models

SHARING_ORDER = list(words.SHARING)  # the strictest last
TERMS = {
    "zh": "政府信息公开：免费使用，须注明来源、发布批次与版本；合成数据不得作为统计数字引用",
    "en": "open government information: free to use with source, release and vintage named; synthetic data are not statistics",
}
TERMS_CLOSED = {"zh": "不对公众开放，仅限获准角色使用", "en": "not open to the public, for the roles named only"}


def table(name: str, graph: chain.Graph, feeds: dict[str, Feed], known: dict) -> dict:
    model, measured, release = models().get(name, {}), known["measured"].get(name, {}), known["release"]
    description = words.two(model.get("description", name))
    node = f"gold.{name}"
    sources = [feeds[other.removeprefix("feed:")] for other in sorted(graph.above(node)) if other.startswith("feed:")]
    meta = model.get("config", {}).get("meta", {})
    seen_by = [role for role, rows in release.get("rows", {}).items() if name in rows]
    sample = known["samples"].get(name)
    caveats = [words.two(text) for text in meta.get("caveats", [])]
    if any(feed.synthetic for feed in sources):
        caveats.append({"zh": "所用来源含合成数据，不是统计数字", "en": "made from synthetic data among its sources: not statistics"})
    title = words.label(description, name)
    identifiers = sorted(known["identifiers"] & set(measured.get("types", {})))
    return {
        "id": name,
        "kind": "table",
        "title": title,
        "description": description,
        "domain": name.split("_", 1)[1].split("__")[0] if name.startswith("mart_") else "dimension",
        "source": words.two(meta.get("source", "")),
        "caveats": caveats,
        "columns": _columns(model, measured.get("types", {}), sources),
        "departments": sorted({feed.owner for feed in sources}) or [chain.PLATFORM["zh"]],
        "sharing": max((feed.sharing for feed in sources), key=SHARING_ORDER.index, default=SHARING_ORDER[0]),
        "synthetic": any(feed.synthetic for feed in sources),
        "sensitivity": _sensitivity(identifiers),
        "holds_identifiers": bool(identifiers),
        "late": [feed.id for feed in sources if known["deliveries"][feed.id]["is_late"]],
        "seen_by": seen_by,
        "is_public": "public" in seen_by,
        "sample": sample,
        "rows": measured.get("rows"),
        "version": release["tables"][name],
        "data_from": measured.get("data_from"),
        "data_date": measured.get("data_date"),
        "date_column": measured.get("date_column"),
        "vintages": measured.get("vintages"),
        "last_vintage": measured.get("last_vintage"),
        "delivered": max((known["deliveries"][feed.id]["last_received"] or "" for feed in sources), default="") or None,
        "cycle": words.cycle(min((feed.frequency_days for feed in sources), default=1e8)),
        "feeds": [feed.id for feed in sources],
        "rules": known["gate"].get(node, []),
        "counts": deliveries.added([known["deliveries"][feed.id] for feed in sources]),
        "charts": [chart for chart in known["charts"] if chart["mart"] == name],
        "lineage": _drawn(graph, node),
        "run": known["runs"].get(node),
        "terms": TERMS if "public" in seen_by else TERMS_CLOSED,
        "citation": _citation(title, release, measured.get("last_vintage") or measured.get("data_date"), name, "public" in seen_by),
    }


def feed(feed: Feed, graph: chain.Graph, known: dict) -> dict:
    purpose = words.two(feed.purpose)
    return {
        "id": feed.id,
        "kind": "feed",
        "title": {"zh": feed.name, "en": feed.name_en},
        "description": purpose,
        "domain": feed.domain,
        "source": words.two(feed.source),
        "granularity": words.two(feed.granularity),
        "caveats": [words.two(feed.limitations)] if feed.limitations else [],
        "feed_kind": feed.kind,
        "columns": [_field(f) for f in feed.fields],
        "departments": [feed.owner],
        "steward": feed.steward,
        "sharing": feed.sharing,
        "synthetic": feed.synthetic,
        "sensitivity": max((f.classification for f in feed.fields), key=list(words.SENSITIVITY).index),
        "cycle": words.cycle(feed.frequency_days),
        "promise": words.hours(feed.latency_hours),
        "schedule": feed.schedule,
        "is_public": False,
        "seen_by": [],
        "feeds": [feed.id],
        "rules": known["gate"].get(f"silver.{feed.table}", []),
        "deliveries": known["deliveries"][feed.id],
        "checks": deliveries.checks_of(feed),
        "lineage": _drawn(graph, f"silver.{feed.table}"),
        "run": known["runs"].get(f"silver.{feed.table}"),
        "contract": f"expectations/{feed.domain}/{feed.path.name}",
    }


def _sensitivity(identifiers: list[str]) -> dict[str, str]:
    if not identifiers:
        return {"zh": "不含个人身份标识", "en": "holds no identifier of a person"}
    named = ", ".join(identifiers)
    return {"zh": f"含个人身份标识的密钥代号：{named}，样例不列", "en": f"holds keyed tokens of persons: {named}; left out of the sample"}


def _columns(model: dict, types: dict[str, str], sources: list[Feed]) -> list[dict]:
    written = {column["name"]: column for column in model.get("columns", [])}
    fields = {}
    for feed in sources:
        for field in feed.silver_fields:
            fields.setdefault(field.silver_name, []).append(feed.id)
    found = []
    for name in types or written:
        column = written.get(name, {})
        description = words.two(column.get("description", name))
        unit = words.unit(column.get("config", {}).get("meta", {}).get("unit"))
        kind = types.get(name) or column.get("data_type", "")
        found.append(
            {
                "name": name,
                "type": kind.lower(),
                "label": words.label(description, name),
                "description": description,
                "unit": unit,
                "from": fields.get(name, [])[:4],
                "is_key": False,
                "values": [],
            }
        )
    return found


def _field(field) -> dict:
    return {
        "name": field.silver_name or field.name,
        "type": field.logical_type,
        "label": {"zh": field.label, "en": field.label_en or field.name},
        "description": words.two(field.description),
        "unit": words.two(field.unit) if field.unit else None,
        "header": field.header,
        "is_key": field.key_position is not None,
        "is_required": field.required,
        "classification": field.classification,
        "stays_raw": field.bronze_only,
        "values": [{"zh": value, "en": label} for value, label in field.enum[:12]],
    }


def _drawn(graph: chain.Graph, node: str) -> dict:
    """The part of the graph that leads to the node and from it."""
    if node not in graph.nodes:
        return {"nodes": [], "edges": [], "here": node}
    part = {node} | graph.above(node) | graph.below(node)
    nodes = [{"name": name} | graph.nodes[name] for name in sorted(part) if name in graph.nodes]
    return {"nodes": nodes, "edges": sorted([parent, name] for name in part for parent in graph.parents.get(name, []) if parent in part), "here": node}


def _citation(title: dict, release: dict, vintage: str | None, name: str, is_public: bool) -> dict:
    identifier, terms = f"urn:guihu:{name}:{release['release_id']}", TERMS if is_public else TERMS_CLOSED
    return {
        "zh": f"桂湖（广西政务数据湖）：《{title['zh']}》，发布批次 {release['release_id']}，"
        + (f"版本 {vintage}，" if vintage else "")
        + f"标识 {identifier}。许可：{terms['zh']}。",
        "en": f"Guihu, the government lakehouse of Guangxi: {title['en']}. Release {release['release_id']}"
        + (f", vintage {vintage}" if vintage else "")
        + f". {identifier}. Licence: {terms['en']}.",
    }
