"""Who asked for what and who took what, as silver tables, so that the exchange of data is a mart like any other.

Nobody's name, purpose or reason is carried: a role, a table, times and counts.
"""

from datetime import datetime

import pyarrow as pa

from spark_jobs import delta
from spark_jobs.publish import audit, policy, requests
from spark_jobs.publish.disclosure import rules
from spark_jobs.settings import Settings

MOMENT = pa.timestamp("us", tz="UTC")
WHO = [(name, pa.string()) for name in ("owner", "role", "role_zh", "role_en", "dataset")]
REQUEST = pa.schema([("request_id", pa.string()), *WHO, ("days", pa.int64()), ("asked_at", MOMENT), ("decided_at", MOMENT), ("decision", pa.string())])
DATASET = pa.schema([("dataset", pa.string()), ("owner", pa.string())])
EXPORT = pa.schema([("taken_at", MOMENT), ("door", pa.string()), *WHO, ("format", pa.string()), ("request_id", pa.string()), ("rows", pa.int64())])


def write(settings: Settings) -> None:
    """Replace silver.operations__dataset, __request and __export by what infra/disclosure.yaml and the two ledgers say now."""
    offered = [{"dataset": name, "owner": rule.owner} for name, rule in rules.load().tables.items() if name.startswith("mart_")]
    asked = [_request(request) for request in requests.every(settings)]
    taken = [_export(line) for line in audit.entries(settings) if "dataset" in line]  # a recipient added or revoked took nothing
    for name, rows, schema in (("dataset", offered, DATASET), ("request", asked, REQUEST), ("export", taken, EXPORT)):
        delta.replace(settings.lake / "silver" / f"operations__{name}", pa.Table.from_pylist(rows, schema))


def _request(request: requests.DataRequest) -> dict:
    """The decision is granted or refused; whether a grant has expired depends on the day that is asked about."""
    decision = {"asked": None, "expired": "granted"}.get(request.state, request.state)
    return {
        "request_id": request.request_id, **_who(request.owner, request.role, request.table),
        "days": request.days, "asked_at": request.asked_at, "decided_at": request.decided_at, "decision": decision,
    }  # fmt: skip


def _export(line: dict) -> dict:
    rule = rules.load().tables.get(line["dataset"])
    return {
        "taken_at": datetime.fromisoformat(line["at"]), "door": line["door"], **_who(rule.owner if rule else None, line["role"], line["dataset"]),
        "format": line.get("format"), "request_id": line.get("granted"), "rows": line["rows"],
    }  # fmt: skip


def _who(owner: str | None, role: str, table: str) -> dict:
    """A role that the policy no longer knows goes by its name."""
    described = policy.roles().get(role)
    label = described.label if described else {"zh": role, "en": role}
    return {"owner": owner, "role": role, "role_zh": label["zh"], "role_en": label["en"], "dataset": table}
