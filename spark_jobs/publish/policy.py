"""Which served tables and columns a role may see: read from infra/policy.yaml, the only place where it is written."""

import fnmatch
from dataclasses import dataclass

import yaml

from spark_jobs.settings import CHECKOUT


class UnknownRole(ValueError):
    """No role of this name stands in the policy."""


@dataclass(frozen=True)
class Role:
    """One role of the policy with the patterns of what it sees and the columns whose values it does not."""

    name: str
    tables: tuple[str, ...]
    hidden: tuple[str, ...]
    masks: dict[str, dict[str, str]]

    def sees(self, table: str) -> bool:
        shown = any(fnmatch.fnmatchcase(table, pattern) for pattern in self.tables)
        return shown and not any(fnmatch.fnmatchcase(table, pattern) for pattern in self.hidden)


def roles() -> dict[str, Role]:
    """Every role by name."""
    document = yaml.safe_load((CHECKOUT / "infra" / "policy.yaml").read_text(encoding="utf-8"))
    return {
        name: Role(name, tuple(item["tables"]), tuple(item.get("hidden", [])), item.get("masks", {}))
        for name, item in document["roles"].items()
    }


def role(name: str) -> Role:
    """The role of this name. Raises UnknownRole naming those that exist."""
    known = roles()
    if name not in known:
        raise UnknownRole(f"there is no role {name!r}; the roles are {', '.join(known)}")
    return known[name]
