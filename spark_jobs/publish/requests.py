"""Requests for data that the policy does not open by itself: asked with a purpose, decided by the department that owns the table, for a time.

`<home>/requests/requests.jsonl` holds what was said, line by line; a request is what its lines add up to. What is granted still passes disclosure control.
"""

import getpass
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from spark_jobs.files import exclusive
from spark_jobs.publish import policy
from spark_jobs.publish.query import QueryRefused
from spark_jobs.publish.release import require_current
from spark_jobs.settings import Settings

LONGEST_DAYS = 366


@dataclass(frozen=True)
class DataRequest:
    """State is asked, granted, refused or expired; times are UTC."""

    request_id: str
    table: str
    role: str
    purpose: str
    days: int
    asked_by: str
    asked_at: datetime
    owner: str
    state: str = "asked"
    decided_by: str = ""
    decided_at: datetime | None = None
    because: str = ""

    @property
    def expires_at(self) -> datetime | None:
        return self.decided_at + timedelta(days=self.days) if self.decided_at and self.state != "refused" else None

    @property
    def hours_to_decision(self) -> float | None:
        return (self.decided_at - self.asked_at).total_seconds() / 3600 if self.decided_at else None


def ask(settings: Settings, table: str, role: str, purpose: str, days: int) -> DataRequest:
    """Ask for a table. QueryRefused where there is nothing to ask for, or nobody who could decide."""
    policy.require(role, "export")
    if table not in require_current(settings)["tables"]:
        raise QueryRefused(f"there is no table {table!r} in the release; `guihu policy matrix` lists them")
    if policy.role(role).sees(table) and not policy.role(role).rows(table):
        raise QueryRefused(f"{role} sees {table} already: guihu export {table} --as {role}")
    if not purpose.strip() or not 1 <= days <= LONGEST_DAYS:
        raise QueryRefused(f"a request names a purpose and 1 to {LONGEST_DAYS} days")
    owner = owner_of(table)
    at = datetime.now(UTC)
    request_id = hashlib.sha256(f"{table} {role} {purpose} {at.isoformat()}".encode()).hexdigest()[:12]
    _append(settings, {"event": "asked", "request_id": request_id, "table": table, "role": role, "purpose": purpose, "days": days, "owner": owner, "by": getpass.getuser(), "at": at.isoformat()})
    return one(settings, request_id)


def decide(settings: Settings, request_id: str, decider: str, is_granted: bool, because: str, by: str | None = None) -> DataRequest:
    """Grant or refuse; `by` is the person who did, without it whoever runs this. Only the owner department may, once, and with a reason; nobody decides on his own request."""
    request, who = one(settings, request_id), policy.role(decider)
    if who.own != request.owner:
        raise policy.DoorClosed(f"{request.table} is owned by {request.owner}; {decider} may not decide on it")
    who.require_door("approvals")
    if decider == request.role:
        raise policy.DoorClosed("nobody decides on a request of his own role")
    if request.state != "asked":
        raise QueryRefused(f"request {request_id} has been decided: {request.state} by {request.decided_by}; ask again for another decision")
    if not because.strip():
        raise QueryRefused("a decision needs its reason: --because")
    event = {"event": "granted" if is_granted else "refused", "request_id": request_id, "by": f"{decider} ({by or getpass.getuser()})", "because": because, "at": datetime.now(UTC).isoformat()}
    _append(settings, event)
    return one(settings, request_id)


def require_grant(settings: Settings, request_id: str, table: str, role: str) -> DataRequest:
    """The request, where it is granted for this table and role and has not expired. Raises DoorClosed in words."""
    request = one(settings, request_id)
    if (request.table, request.role) != (table, role):
        raise policy.DoorClosed(f"request {request_id} is for {request.table} as {request.role}, not for {table} as {role}")
    if request.state != "granted":
        raise policy.DoorClosed(f"request {request_id} is {request.state}" + (f" since {request.expires_at:%Y-%m-%d}" if request.state == "expired" else f"; {request.owner} decides"))
    return request


def one(settings: Settings, request_id: str) -> DataRequest:
    """The request of this number. Raises QueryRefused where there is none."""
    for request in every(settings):
        if request.request_id == request_id:
            return request
    raise QueryRefused(f"there is no request {request_id!r}; `guihu request list` shows them")


def every(settings: Settings) -> list[DataRequest]:
    """All requests, oldest first, as they stand now."""
    path, found = _ledger(settings), {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        told = json.loads(line)
        at = datetime.fromisoformat(told["at"])
        if told["event"] == "asked":
            kept = {name: told[name] for name in ("request_id", "table", "role", "purpose", "days", "owner")}
            found[told["request_id"]] = DataRequest(**kept, asked_by=told["by"], asked_at=at)
        else:
            asked = vars(found[told["request_id"]])
            found[told["request_id"]] = DataRequest(**asked | {"state": told["event"], "decided_by": told["by"], "decided_at": at, "because": told["because"]})
    now = datetime.now(UTC)
    return [DataRequest(**vars(r) | {"state": "expired"}) if r.state == "granted" and r.expires_at <= now else r for r in found.values()]


def owner_of(table: str) -> str:
    """The department that answers for what leaves of the table (infra/disclosure.yaml), if somebody can sign in for it."""
    from spark_jobs.publish.disclosure import rules

    rule = rules.load().tables.get(table)
    if rule is None:
        raise QueryRefused(f"{table} stands in no entry of infra/disclosure.yaml: nobody answers for what leaves of it")
    if decider_of(rule.owner) is None:
        raise QueryRefused(f"{table} is owned by {rule.owner}, which has no role in infra/policy.yaml: add a line for it under department")
    return rule.owner


def decider_of(owner: str) -> str | None:
    """The role in which a department decides; None for one that has none any more."""
    return next((role.name for role in policy.roles().values() if role.own == owner and "approvals" in role.doors), None)


def _ledger(settings: Settings):
    return settings.home / "requests" / "requests.jsonl"


def _append(settings: Settings, event: dict) -> None:
    path = _ledger(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(settings.run / "locks" / "requests.lock"), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(event, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
