"""Whether a role may use a door: the one place where exports, shares and reads ask."""

from spark_jobs.publish import policy


def require(role: str, door: str) -> policy.Role:
    """The role, where the policy opens the door to it. Raises UnknownRole or DoorClosed."""
    known = policy.role(role)
    known.require_door(door)
    return known


def researchers_role() -> str:
    """Whom an export is for where nothing is said."""
    return "researcher"
