"""Everything that the catalogue says, gathered once: served tables, feeds, their lineage, what changed, who ran."""

from datetime import datetime, timedelta
from pathlib import Path

from expectations.contract import read_all
from expectations.feed import Feed
from spark_jobs import lineage
from spark_jobs.publish import policy
from spark_jobs.publish.catalogue import chain, deliveries, gates, items, served
from spark_jobs.settings import Settings


def collect(settings: Settings, release: dict, former: dict | None, folder: Path) -> dict:
    """The facts of one release, in plain types: they are kept as facts.json and every page is written from them. `folder` holds its serving files."""
    feeds = read_all()
    roles = release.get("rows", {})
    graph, identifiers = chain.graph(settings, feeds), _identifiers(feeds)
    known = {
        "release": release,
        "measured": served.measured(folder, roles),
        "samples": served.samples(folder / "public" / "serve.duckdb", identifiers),
        "identifiers": identifiers,
        "roles": _role_words(),
        "gate": gates.by_dataset(settings),
        "charts": chain.charts(),
        "runs": _runs(settings, release, feeds),
        "deliveries": deliveries.by_feed(settings, feeds, set(release["built_from"].get("deliveries", [])), served.feed_states(folder)),
    }
    tables = [items.table(name, graph, feeds, known) for name in release["tables"]]
    return {
        "release": {key: release[key] for key in ("release_id", "released_at", "digest")} | {"tables": len(tables), "deliveries": len(release["built_from"].get("deliveries", []))},
        "changes": changes(release, former),
        "datasets": tables,
        "feeds": [items.feed(feed, graph, known) for feed in feeds.values()],
        "dashboards": _dashboards(known["charts"]),
        "runs": list(known["runs"].values()),
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


def _runs(settings: Settings, release: dict, feeds: dict[str, Feed]) -> dict[str, dict]:
    """Dataset → the run that made it last before the release; the gates under the names of their jobs."""
    until = datetime.fromisoformat(release["released_at"]) + timedelta(seconds=1)  # it is told in whole seconds
    delivered = {f"silver.{feed.table}" for feed in feeds.values() if release["built_from"].get("judged", {}).get(feed.id) is not None}
    wanted = {
        "dbt": {f"gold.{table}" for table in release["tables"]},
        "gate": {"gate.silver", "gate.gold"},
        "ingest": delivered or {f"silver.{feed.table}" for feed in feeds.values()},
    }
    return {name: _run(one) for kind, names in wanted.items() for name, one in lineage.newest(settings, kind, names, until).items()}


def _run(event: dict) -> dict:
    return {
        "job": event["job"]["name"],
        "by": event["job"]["facets"]["jobType"]["integration"],
        "at": event["eventTime"],
        "state": event["eventType"],
        "run_id": event["run"]["runId"],
        "inputs": [d["name"] for d in event["inputs"]],
        "outputs": [d["name"] for d in event["outputs"]],
    }


def _dashboards(charts: list[dict]) -> list[dict]:
    titles = {chart["dashboard"]: chart["dashboard_title"] for chart in charts}
    return [{"id": slug, "title": title, "charts": [c for c in charts if c["dashboard"] == slug]} for slug, title in titles.items()]


def _role_words() -> dict[str, dict]:
    return {name: {"label": role.label, "because": role.because, "kind": role.kind} for name, role in policy.roles().items()}


def _identifiers(feeds: dict[str, Feed]) -> set[str]:
    """Names under which a number of a person could stand, as it was sent or as a token."""
    return {name for feed in feeds.values() for f in feed.fields if f.classification == "sensitive-personal" for name in (f.name, f.token_name) if name}


def _rows(release: dict, table: str) -> int | None:
    return max((rows[table] for rows in release.get("rows", {}).values() if table in rows), default=None)
