"""Which version of a table may be asked for: the one of the release that is served, by its number or by a time at which it was served."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from spark_jobs.publish.sharing.answers import Refusal

HINTS = {"predicateHints": list, "jsonPredicateHints": str, "limitHint": int, "version": int, "timestamp": str}  # hints narrow nothing, as the protocol allows


def check_query(body: Mapping[str, Any], release: dict, version: int) -> None:
    """Raises Refusal for a body that is not the protocol's, for changes, and for any version that is not served."""
    if any(name in body for name in ("startingVersion", "endingVersion")):
        raise Refusal(400, "changes between versions are not offered: a release is whole")
    for name, kind in HINTS.items():
        if body.get(name) is not None and (not isinstance(body[name], kind) or isinstance(body[name], bool)):
            raise Refusal(400, f"{name} is of the wrong type")
    if body.get("version") is not None and body.get("timestamp") is not None:
        raise Refusal(400, "give a version or a timestamp, not both")
    if any(not isinstance(hint, str) for hint in body.get("predicateHints") or []) or (body.get("limitHint") or 0) < 0:
        raise Refusal(400, "predicateHints are texts and limitHint is not negative")
    if body.get("version") is not None and body["version"] != version:
        raise Refusal(400, f"only version {version} is served, that of the release {release['release_id']}")
    if body.get("timestamp") is not None and not _released(release) <= moment(body["timestamp"]) <= datetime.now(UTC):
        raise Refusal(400, f"at that time this release was not served; it was released at {release['released_at']}")


def check_starting(asked: Mapping[str, str], release: dict) -> None:
    """`startingTimestamp` asks for the first version at or after a time. Raises Refusal where there is none."""
    given = asked.get("startingTimestamp")
    if given is not None and moment(given) > _released(release):
        raise Refusal(400, f"there is no version after that time; the last was released at {release['released_at']}")


def moment(text: str) -> datetime:
    """A time of RFC 3339. Raises Refusal."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as fault:
        raise Refusal(400, "a timestamp is written as 2026-01-31T08:00:00Z") from fault
    if found.tzinfo is None:
        raise Refusal(400, "a timestamp names its zone, as 2026-01-31T08:00:00Z")
    return found


def _released(release: dict) -> datetime:
    return datetime.fromisoformat(release["released_at"])
