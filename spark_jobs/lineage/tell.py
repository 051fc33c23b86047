"""What is told to the lineage: deliveries and releases from their records, models from dbt's results, gates from Great Expectations' record.

Everything is derived from what was written down before: whoever dies between the deed and the telling is told of the next time,
and no delivery can fail because of its lineage.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from expectations.feed import Feed
from expectations.gate import mart_bounds
from spark_jobs.files import read_json
from spark_jobs.lineage import dataset, event, facet, read, record
from spark_jobs.settings import Settings

# dbt's NodeStatus → OpenLineage's state
STATES = {
    "success": "COMPLETE",
    "partial success": "COMPLETE",
    "no-op": "COMPLETE",
    "warn": "COMPLETE",
    "error": "FAIL",
    "fail": "FAIL",
    "runtime error": "FAIL",
    "skipped": "ABORT",
}
PLATFORM = "team:数据平台"
TABLE = re.compile(r"\b(?:mart|dim|fct)_\w+")


def deliveries(settings: Settings, feeds: dict[str, Feed], ended: Iterable[tuple[object, dict | None]]) -> int:
    """Tell of the deliveries of the ledger that were not told of yet: (delivery, outcome) pairs. Returns how many."""
    told = {one["run"]["runId"] for one in read(settings, ["ingest"])}
    events = [_delivery(feeds[delivery.feed], delivery, outcome) for delivery, outcome in ended if outcome]
    fresh = [one for one in events if one["run"]["runId"] not in told]
    record(settings, "ingest", _now(), fresh)
    return len(fresh)


def models(settings: Settings, target: Path) -> int:
    """Tell of every seed and model of dbt's last invocation, from the run_results.json and manifest.json that it wrote. Returns how many."""
    if not (target / "run_results.json").is_file():
        return 0  # dbt could not even begin: nothing was made
    results, manifest = read_json(target / "run_results.json"), read_json(target / "manifest.json")
    invocation = results["metadata"]["invocation_id"]
    made = [r for r in results["results"] if r["unique_id"].startswith(("model.", "seed."))]
    events = [_model(manifest, invocation, results["metadata"]["generated_at"], result) for result in made]
    return len(events) if record(settings, "dbt", f"{_stamp(results['metadata']['generated_at'])}-{invocation}", events) else 0


def gate(settings: Settings, layer: str) -> None:
    """Tell of the gate's last verdict, from its record in <home>/gates."""
    path = settings.home / "gates" / f"{layer}.json"
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="milliseconds")
    results, tables = read_json(path)["results"], tables_of_rules()
    assertions: dict[str, list[dict]] = {}
    for result in results:
        meta = result["expectation_config"]["meta"]
        for name in _judged(layer, meta["key"], tables):
            assertions.setdefault(name, []).append({"assertion": meta["code"], "success": result["success"]})
    stopped = [r["expectation_config"]["meta"]["key"] for r in results if not r["success"] and r["expectation_config"]["severity"] == "critical"]
    inputs = [dataset(name, inputFacets={"dataQualityAssertions": facet("dataQualityAssertions", assertions=found)}) for name, found in sorted(assertions.items())]
    error = f"{len(stopped)} rules stop the release: {', '.join(stopped[:5])}" if stopped else None
    record(
        settings, "gate", f"{_stamp(at)}-{layer}", [event("FAIL" if stopped else "COMPLETE", at, f"gate.{layer}", f"gate/{layer}/{at}", inputs, [], "GREAT_EXPECTATIONS", error)]
    )


def releases(settings: Settings, every: Iterable[dict]) -> None:
    """Tell of the releases that were not told of yet."""
    for made in every:
        inputs = [dataset(f"gold.{table}", {"version": facet("version", datasetVersion=str(version))}) for table, version in made["tables"].items()]
        outputs = [
            dataset(
                f"release.{role}",
                {"version": facet("version", datasetVersion=made["release_id"])},
                outputFacets={"outputStatistics": facet("outputStatistics", rowCount=sum(rows.values()))},
            )
            for role, rows in made.get("rows", {}).items()
        ]
        record(settings, "release", made["release_id"], [event("COMPLETE", made["released_at"], "release", made["release_id"], inputs, outputs, "GUIHU")])


def export(settings: Settings, role: str, table: str, release_id: str, rows: int, name: str) -> None:
    """Tell that a role took a table of a release out as the file `name`."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    taken = dataset(f"export.{name}", outputFacets={"outputStatistics": facet("outputStatistics", rowCount=rows)})
    source = dataset(f"release.{role}.{table}", {"version": facet("version", datasetVersion=release_id)})
    record(settings, "export", f"{_now()}-{table}", [event("COMPLETE", at, f"export.{table}", f"export/{name}/{at}", [source], [taken], "GUIHU")])


def tables_of_rules() -> dict[str, set[str]]:
    """Code of a rule of the gold gate → the tables that its query names."""
    return {bound.code: set(TABLE.findall(bound.query)) for bound in mart_bounds()}


def _delivery(feed: Feed, delivery, outcome: dict) -> dict:
    owner = facet("ownership", owners=[{"name": f"department:{feed.owner}", "type": "OWNER"}])
    source = facet("dataSource", name=delivery.file, uri=f"urn:sha256:{delivery.sha256}")
    columns = [{"name": f.silver_name, "type": f.logical_type, "description": " · ".join(filter(None, (f.label, f.label_en)))} for f in feed.silver_fields]
    rows = {layer: facet("outputStatistics", rowCount=outcome.get(count, 0)) for layer, count in (("silver", "rows_loaded"), ("quarantine", "rows_quarantined"))}
    refusal = outcome.get("refusal", {}).get("code")
    is_loaded = outcome["status"] == "loaded"
    return event(
        "COMPLETE" if is_loaded else "FAIL",
        outcome["finished_at"],
        f"ingest.{feed.id}",
        f"ingest/{delivery.delivery_id}/{outcome['finished_at']}",
        [dataset(f"landing.{feed.table}", {"dataSource": source, "ownership": owner, "version": facet("version", datasetVersion=delivery.delivery_id)})],
        [
            dataset(
                f"{layer}.{feed.table}",
                {"ownership": owner} | ({"schema": facet("schema", fields=columns)} if layer == "silver" else {}),
                outputFacets={"outputStatistics": rows[layer]},
            )
            for layer in rows
        ]
        if is_loaded
        else [],
        "GUIHU",
        None if is_loaded else str(refusal or outcome["status"]),
    )


def _model(manifest: dict, invocation: str, at: str, result: dict) -> dict:
    node = manifest["nodes"][result["unique_id"]]
    known = manifest["nodes"] | manifest["sources"]
    parents = [known[parent] for parent in node.get("depends_on", {}).get("nodes", []) if parent in known]
    finished = next((t["completed_at"] for t in result["timing"] if t["name"] == "execute" and t.get("completed_at")), at)
    facets = {"ownership": facet("ownership", owners=[{"name": PLATFORM, "type": "MAINTAINER"}])}
    if node["columns"]:
        facets["schema"] = facet("schema", fields=[{"name": n, "type": c.get("data_type") or "string", "description": c["description"]} for n, c in node["columns"].items()])
        if fields := _same_columns(node, parents):
            facets["columnLineage"] = facet("columnLineage", fields=fields)
    state = STATES[result["status"]]
    return event(
        state,
        finished,
        f"dbt.{node['name']}",
        f"dbt/{invocation}/{result['unique_id']}",
        [dataset(_table(parent)) for parent in parents],
        [dataset(_table(node), facets)],
        "DBT",
        None if state == "COMPLETE" else str(result.get("message") or result["status"]),
    )


def _same_columns(node: dict, parents: list[dict]) -> dict:
    """Columns that exactly one parent has under the same name and type: said to come from it, by name."""
    found = {}
    for name, column in node["columns"].items():
        having = [p for p in parents if p["columns"].get(name, {}).get("data_type") == column.get("data_type") and name in p["columns"]]
        if len(having) == 1:
            found[name] = {
                "inputFields": [
                    {
                        "namespace": "guihu",
                        "name": _table(having[0]),
                        "field": name,
                        "transformations": [{"type": "DIRECT", "subtype": "IDENTITY", "description": "same name and type"}],
                    }
                ]
            }
    return found


def _table(node: dict) -> str:
    return f"{node['schema']}.{node.get('alias') or node['name']}"


def _judged(layer: str, key: str, tables: dict[str, set[str]]) -> set[str]:
    """The datasets that a rule of a gate judged: of silver the table or the delivery's feed, of gold the tables that its query names."""
    suite, _, code = key.partition(": ")
    if layer == "gold":
        return {f"gold.{table}" for table in tables[code]}
    return {suite if suite.startswith("silver.") else f"judged.{suite.split('/')[0].replace('.', '__')}"}


def _now() -> str:
    return _stamp(datetime.now(UTC).isoformat())


def _stamp(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y%m%dT%H%M%S%f}"
