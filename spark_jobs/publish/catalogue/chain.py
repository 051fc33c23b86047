"""From chart to department: the graph of dashboards, marts, core, silver, feeds and departments, read from dbt's manifest, dashboards and contracts."""

from dataclasses import dataclass, field

import yaml

from expectations.feed import Feed
from spark_jobs.files import read_json
from spark_jobs.publish.catalogue import words
from spark_jobs.settings import CHECKOUT, Settings

# what every analysis reads of the core: OBSERVATIONS in spark_jobs/analyse/core.py
ANALYSES_READ = ("gold.fct_observation", "gold.dim_indicator", "gold.dim_period")
PLATFORM = words.department("数据平台")
LEDGER = {"zh": "交付台账", "en": "Ledger of deliveries"}


@dataclass
class Graph:
    """Nodes by name with kind and title; parents of each. Names: `department:…`, `feed:…`, `silver.…`, `gold.…`, `dashboard:…`."""

    nodes: dict[str, dict] = field(default_factory=dict)
    parents: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, kind: str, title: dict, parents: list[str]) -> None:
        self.nodes[name] = {"kind": kind, "title": title}
        self.parents[name] = list(dict.fromkeys(parents))

    def above(self, name: str) -> set[str]:
        """Everything that the node was made of."""
        return _reach(name, self.parents)

    def below(self, name: str) -> set[str]:
        """Everything that is made of the node."""
        children: dict[str, list[str]] = {}
        for child, parents in self.parents.items():
            for parent in parents:
                children.setdefault(parent, []).append(child)
        return _reach(name, children)


def graph(settings: Settings, feeds: dict[str, Feed]) -> Graph:
    """The whole graph. Before the first build there is no manifest: then it holds feeds and departments alone."""
    found = Graph()
    for feed in feeds.values():
        owner = f"department:{feed.owner}"
        found.add(owner, "department", words.department(feed.owner), [])
        found.add(f"feed:{feed.id}", "feed", {"zh": feed.name, "en": feed.name_en}, [owner])
        found.add(f"silver.{feed.table}", "silver", _silver(feed.table), [f"feed:{feed.id}"])
    path = settings.home / "dbt" / "target" / "manifest.json"
    if path.is_file():
        _models(found, read_json(path))
    _dashboards(found)
    return found


def charts() -> list[dict]:
    """Every chart of every dashboard: dashboard, its title, the chart's title and mart."""
    found = []
    for slug, text in _dashboard_texts():
        for section in text["sections"]:
            for chart in (chart for row in section["rows"] for chart in row["charts"]):
                found.append({"dashboard": slug, "dashboard_title": text["title"], "title": chart["title"], "mart": chart.get("mart", section["mart"])})
    return found


def _models(found: Graph, manifest: dict) -> None:
    names = {}
    for key, node in (manifest["nodes"] | manifest["sources"]).items():
        if key.startswith(("model.", "seed.", "source.")):
            names[key] = f"{node['schema']}.{node.get('alias') or node['name']}"
    for key, node in manifest["sources"].items():
        if names[key] in found.nodes:
            continue
        if node["schema"] == "silver":  # written from the ledger by spark_jobs/ingest/operations.py
            found.add("ledger", "feed", LEDGER, ["department:数据平台"])
            found.add("department:数据平台", "department", PLATFORM, [])
            found.add(names[key], "silver", _silver(node["name"]), ["ledger"])
        else:
            found.add(names[key], "analysis", words.label(words.two(node["description"]), names[key]), list(ANALYSES_READ))
    for key, node in manifest["nodes"].items():
        if key in names:
            kind = "seed" if node["resource_type"] == "seed" else "mart" if node["name"].startswith("mart_") else "core"
            parents = [names[parent] for parent in node.get("depends_on", {}).get("nodes", []) if parent in names]
            found.add(names[key], kind, words.label(words.two(node["description"]), node["name"]), parents)


def _dashboards(found: Graph) -> None:
    for chart in charts():
        name = f"dashboard:{chart['dashboard']}"
        if name not in found.nodes:
            found.add(name, "dashboard", chart["dashboard_title"], [])
        mart = f"gold.{chart['mart']}"
        if mart in found.nodes and mart not in found.parents[name]:
            found.parents[name].append(mart)


def _dashboard_texts() -> list[tuple[str, dict]]:
    """Slug and text of every dashboard; a file with `each` is one dashboard for each of its entries (dashboards/spec.py)."""
    texts = []
    for path in sorted(path for path in (CHECKOUT / "dashboards").glob("*.yaml") if not path.name.startswith("_")):
        text = path.read_text(encoding="utf-8")
        for key, entry in yaml.load(text, Loader=yaml.CSafeLoader).get("each", {"": {}}).items():
            filled = text
            for name, word in entry.items():
                filled = filled.replace(f"{{{name}}}", word)
            texts.append((f"{path.stem}_{key}" if key else path.stem, yaml.load(filled.replace("{key}", key), Loader=yaml.CSafeLoader)))
    return texts


def _silver(table: str) -> dict[str, str]:
    return dict.fromkeys(("zh", "en"), table.rpartition("__")[2])


def _reach(name: str, edges: dict[str, list[str]]) -> set[str]:
    waiting, seen = [name], set()
    while waiting:
        for other in edges.get(waiting.pop(), []):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen
