"""Which version of a table is asked for. The versions of every table are the releases, counted from 0; those whose files are still there can be read."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from spark_jobs.files import read_json
from spark_jobs.publish.release import require_current
from spark_jobs.publish.serving import FILE
from spark_jobs.publish.sharing.answers import Refusal
from spark_jobs.settings import Settings

HINTS = {"predicateHints": list, "jsonPredicateHints": str, "limitHint": int, "version": int, "timestamp": str}  # hints narrow nothing, as the protocol allows
Versions = dict[int, dict]  # version → release, oldest first


def readable(settings: Settings, role: str) -> Versions:
    """The releases whose file for the role is there, up to the one that is served: what came after it was withdrawn. Raises NoRelease."""
    served, found = require_current(settings)["release_id"], {}
    for number, path in enumerate(sorted(settings.releases.glob("[0-9]*/release.json"))):
        if path.parent.name <= served and (path.parent / role / FILE).is_file():
            found[number] = read_json(path)
    if not found:
        raise Refusal(503, f"the files of the release {served} are not there: ask again later")
    return found


def latest(known: Versions) -> tuple[int, dict]:
    return next(reversed(known.items()))


def from_query(known: Versions, asked: Mapping[str, str]) -> tuple[int, dict]:
    """The version that the query string of a GET asks for; without any, the latest."""
    number = asked.get("version")
    if number is not None and not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Refusal(400, "a version is a whole number from 0")
    return chosen(known, int(number) if number is not None else None, asked.get("timestamp"))


def from_body(known: Versions, body: Mapping[str, Any]) -> tuple[int, dict]:
    """The version that a query asks for. Raises Refusal for a body that is not the protocol's, for changes, and for what is not there."""
    if any(name in body for name in ("startingVersion", "endingVersion")):
        raise Refusal(400, "changes between versions are not offered: a release is whole")
    for name, kind in HINTS.items():
        if body.get(name) is not None and (not isinstance(body[name], kind) or isinstance(body[name], bool)):
            raise Refusal(400, f"{name} is of the wrong type")
    if any(not isinstance(hint, str) for hint in body.get("predicateHints") or []) or (body.get("limitHint") or 0) < 0:
        raise Refusal(400, "predicateHints are texts and limitHint is not negative")
    return chosen(known, body.get("version"), body.get("timestamp"))


def chosen(known: Versions, version: int | None, timestamp: str | None) -> tuple[int, dict]:
    """The version of this number, or the one that was served at this time; without both, the latest."""
    if version is not None and timestamp is not None:
        raise Refusal(400, "give a version or a timestamp, not both")
    if version is not None:
        if version not in known:
            raise Refusal(400, f"version {version} is not there, or not any more; {_told(known)}")
        return version, known[version]
    if timestamp is None:
        return latest(known)
    at = moment(timestamp)
    if at > datetime.now(UTC):
        raise Refusal(400, "this time has not come yet")
    earlier = [(number, release) for number, release in known.items() if _released(release) <= at]
    if not earlier:
        raise Refusal(400, f"what was served at that time is not there any more; {_told(known)}")
    return earlier[-1]


def starting(known: Versions, asked: Mapping[str, str]) -> tuple[int, dict]:
    """`startingTimestamp` asks for the first version at or after a time. Raises Refusal where there is none."""
    given = asked.get("startingTimestamp")
    if given is None:
        return latest(known)
    at = moment(given)
    found = next(((number, release) for number, release in known.items() if _released(release) >= at), None)
    if found is None:
        raise Refusal(400, f"there is no version after that time; {_told(known)}")
    return found


def moment(text: str) -> datetime:
    """A time of RFC 3339. Raises Refusal."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as fault:
        raise Refusal(400, "a timestamp is written as 2026-01-31T08:00:00Z") from fault
    if found.tzinfo is None:
        raise Refusal(400, "a timestamp names its zone, as 2026-01-31T08:00:00Z")
    return found


def _told(known: Versions) -> str:
    return "there are " + ", ".join(f"{number} (release {release['release_id']}, {release['released_at']})" for number, release in known.items())


def _released(release: dict) -> datetime:
    return datetime.fromisoformat(release["released_at"])
