"""lineage: who made which table from which, as OpenLineage run events (openlineage.io, spec 2-0-2), kept as JSON lines.

<home>/lineage/<kind>/<what>.jsonl   kind is ingest, dbt, gate, release or export; one file a telling, whole or absent

The events are written as plain JSON: importing openlineage-python costs every command 0.6 s. A test holds each event against that library's
classes, which OpenLineage generates from its published schema. Datasets are called `<layer>.<table>` in the namespace `guihu`.
"""

import json
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from spark_jobs.faultpoint import faultpoint
from spark_jobs.files import draft, keep
from spark_jobs.settings import Settings

NAMESPACE = "guihu"
PRODUCER = "urn:guihu:spark_jobs:lineage"
SPEC = "https://openlineage.io/spec"
KINDS = ("ingest", "dbt", "gate", "release", "export")
# facet → version and name of its schema; a facet that is not listed here is not written
FACETS = {
    "schema": "1-2-0/SchemaDatasetFacet",
    "dataSource": "1-0-1/DatasourceDatasetFacet",
    "ownership": "1-0-1/OwnershipDatasetFacet",
    "version": "1-0-1/DatasetVersionDatasetFacet",
    "columnLineage": "1-2-0/ColumnLineageDatasetFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet",
    "dataQualityAssertions": "1-1-0/DataQualityAssertionsDatasetFacet",
    "errorMessage": "1-0-1/ErrorMessageRunFacet",
    "jobType": "2-0-4/JobTypeJobFacet",
}


def event(state: str, at: str, job: str, run: str, inputs: Iterable[dict], outputs: Iterable[dict], integration: str, error: str | None = None) -> dict:
    """One run event. `state` is COMPLETE, FAIL or ABORT, `at` an ISO moment with its zone, `run` any words that name the run: equal words are one run."""
    run_facets = {"errorMessage": facet("errorMessage", message=error, programmingLanguage="guihu")} if error else {}
    return {
        "eventType": state,
        "eventTime": at,
        "run": {"runId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{PRODUCER}:{run}")), "facets": run_facets},
        "job": {"namespace": NAMESPACE, "name": job, "facets": {"jobType": facet("jobType", processingType="BATCH", integration=integration, jobType="JOB")}},
        "inputs": list(inputs),
        "outputs": list(outputs),
        "producer": PRODUCER,
        "schemaURL": f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
    }


def dataset(name: str, facets: dict | None = None, **more: dict) -> dict:
    """A dataset `<layer>.<table>`; `more` is inputFacets or outputFacets."""
    return {"namespace": NAMESPACE, "name": name, "facets": facets or {}} | more


def facet(name: str, /, **content) -> dict:
    version, schema = FACETS[name].split("/")
    return {"_producer": PRODUCER, "_schemaURL": f"{SPEC}/facets/{version}/{schema}.json#/$defs/{schema}"} | content


def record(settings: Settings, kind: str, what: str, events: list[dict]) -> Path | None:
    """Keep the events of one telling under a name of its own; what was told under this name stands."""
    path = settings.home / "lineage" / kind / f"{what}.jsonl"
    if not events or path.exists():
        return None
    with draft(path.parent) as file:
        file.write("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in events).encode())
        faultpoint("before lineage is kept")
        keep(file, path)
    return path


def newest(settings: Settings, kind: str, wanted: set[str], until: datetime) -> dict[str, dict]:
    """Dataset or job of this name → the last event up to the moment that made or ran it. Files are read newest first, no more than it takes."""
    found: dict[str, dict] = {}
    for path in sorted((settings.home / "lineage" / kind).glob("*.jsonl"), reverse=True):
        events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for one in sorted(events, key=lambda e: datetime.fromisoformat(e["eventTime"]), reverse=True):
            if datetime.fromisoformat(one["eventTime"]) <= until:
                for name in {one["job"]["name"], *(d["name"] for d in one["outputs"])} & wanted - found.keys():
                    found[name] = one
        if found.keys() >= wanted:
            break
    return found


def read(settings: Settings, kinds: Iterable[str] = KINDS) -> Iterator[dict]:
    """Every event that was kept, kind by kind, each kind in the order in which it was told."""
    for kind in kinds:
        for path in sorted((settings.home / "lineage" / kind).glob("*.jsonl")):
            yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
