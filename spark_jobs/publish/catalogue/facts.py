"""Everything that the catalogue says, gathered once: served tables, feeds, their lineage, what changed, who ran."""

from pathlib import Path

import yaml

from expectations.contract import read_all
from expectations.feed import Feed
from spark_jobs import lineage
from spark_jobs.publish.catalogue import chain, deliveries, gates, served, words
from spark_jobs.publish.labels import models
from spark_jobs.settings import CHECKOUT, Settings

SHARING_ORDER = list(words.SHARING)  # the strictest last
TERMS = {
    "zh": "政府信息公开：免费使用，须注明来源、发布批次与版本；合成数据不得作为统计数字引用",
    "en": "open government information: free to use with source, release and vintage named; synthetic data are not statistics",
}
TERMS_CLOSED = {"zh": "不对公众开放，仅限获准角色使用", "en": "not open to the public, for the roles named only"}


def collect(settings: Settings, release: dict, former: dict | None, folder: Path) -> dict:
    """The facts of one release, in plain types: they are kept as facts.json and every page is written from them. `folder` holds its serving files."""
    feeds = read_all()
    roles = release.get("rows", {})
    graph = chain.graph(settings, feeds)
    known = {
        "release": release,
        "measured": served.measured(folder, roles),
        "samples": served.samples(folder / "public" / "serve.duckdb", _identifiers(feeds)),
        "roles": _role_words(),
        "gate": gates.by_dataset(settings),
        "charts": chain.charts(),
        "runs": _runs(settings, release),
        "deliveries": deliveries.by_feed(settings, feeds, set(release["built_from"].get("deliveries", [])), served.feed_states(folder)),
    }
    tables = [_table(name, graph, feeds, known, folder) for name in release["tables"]]
    return {
        "release": {key: release[key] for key in ("release_id", "released_at", "digest")} | {"tables": len(tables), "deliveries": len(release["built_from"].get("deliveries", []))},
        "changes": changes(release, former),
        "datasets": tables,
        "feeds": [_feed(feed, graph, known) for feed in feeds.values()],
        "dashboards": _dashboards(known["charts"]),
        "runs": [run for runs in known["runs"].values() for run in runs],
        "roles": {name: known["roles"].get(name, {}) for name in roles},
    }


def changes(release: dict, former: dict | None) -> dict:
    """What is new against the release before: tables that came, went, have another version or number of rows."""
    if former is None:
        return {"former": None, "tables": []}
    now, then = release["tables"], former["tables"]
    found = []
    for table in sorted(now.keys() | then.keys()):
        rows, before = _rows(release, table), _rows(former, table)
        kind = "new" if table not in then else "gone" if table not in now else "changed" if now[table] != then[table] or rows != before else None
        if kind:
            found.append({"table": table, "kind": kind, "version": now.get(table), "version_before": then.get(table), "rows": rows, "rows_before": before})
    return {"former": former["release_id"], "tables": found, "unchanged": len(now.keys() & then.keys()) - sum(f["kind"] == "changed" for f in found)}


def _table(name: str, graph: chain.Graph, feeds: dict[str, Feed], known: dict, folder: Path) -> dict:
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
        "runs": known["runs"].get(node, [])[-1:],
        "downloads": sorted(path.name for path in (folder / "downloads").glob(f"{name}.*")),
        "terms": TERMS if "public" in seen_by else TERMS_CLOSED,
        "citation": _citation(title, release, measured.get("last_vintage") or measured.get("data_date"), name, "public" in seen_by),
    }


def _feed(feed: Feed, graph: chain.Graph, known: dict) -> dict:
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
        "runs": known["runs"].get(f"silver.{feed.table}", [])[-1:],
        "contract": f"expectations/{feed.domain}/{feed.path.name}",
    }


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
        found.append({"name": name, "type": kind.lower(), "label": words.label(description, name), "description": description, "unit": unit, "from": fields.get(name, [])[:4], "is_key": False, "values": []})
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


def _runs(settings: Settings, release: dict) -> dict[str, list[dict]]:
    """Dataset → the runs up to the release that made it, newest last; those that make nothing (gates) under the name of their job."""
    found: dict[str, list[dict]] = {}
    for one in lineage.read(settings):
        if one["eventTime"] <= release["released_at"] and one["job"]["name"].split(".")[0] not in ("release", "export"):
            run = {
                "job": one["job"]["name"],
                "by": one["job"]["facets"]["jobType"]["integration"],
                "at": one["eventTime"],
                "state": one["eventType"],
                "run_id": one["run"]["runId"],
                "inputs": [d["name"] for d in one["inputs"]],
                "outputs": [d["name"] for d in one["outputs"]],
            }
            made = [name for name in run["outputs"] if not name.startswith("quarantine.")] or [run["job"]]
            for name in made:
                found.setdefault(name, []).append(run)
    return {name: sorted(runs, key=lambda run: run["at"])[-1:] for name, runs in found.items()}


def _dashboards(charts: list[dict]) -> list[dict]:
    titles = {chart["dashboard"]: chart["dashboard_title"] for chart in charts}
    return [{"id": slug, "title": title, "charts": [c for c in charts if c["dashboard"] == slug]} for slug, title in titles.items()]


def _role_words() -> dict[str, dict]:
    document = yaml.load((CHECKOUT / "infra" / "policy.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return {name: {"label": item.get("label", {"zh": name, "en": name}), "because": item.get("because", {"zh": "", "en": ""})} for name, item in document["roles"].items()}


def _identifiers(feeds: dict[str, Feed]) -> set[str]:
    """Names under which a number of a person could stand, as it was sent or as a token."""
    return {name for feed in feeds.values() for f in feed.fields if f.classification == "sensitive-personal" for name in (f.name, f.token_name) if name}


def _citation(title: dict, release: dict, vintage: str | None, name: str, is_public: bool) -> dict:
    identifier, terms = f"urn:guihu:{name}:{release['release_id']}", TERMS if is_public else TERMS_CLOSED
    return {
        "zh": f"桂湖（广西政务数据湖）：《{title['zh']}》，发布批次 {release['release_id']}，" + (f"版本 {vintage}，" if vintage else "") + f"标识 {identifier}。许可：{terms['zh']}。",
        "en": f"Guihu, the government lakehouse of Guangxi: {title['en']}. Release {release['release_id']}" + (f", vintage {vintage}" if vintage else "") + f". {identifier}. Licence: {terms['en']}.",
    }


def _rows(release: dict, table: str) -> int | None:
    return max((rows[table] for rows in release.get("rows", {}).values() if table in rows), default=None)
