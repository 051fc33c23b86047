"""Which served tables, rows and columns a role may see, and through which doors: read from infra/policy.yaml, the only place where it is written."""

import fnmatch
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from spark_jobs.settings import CHECKOUT

POLICY = CHECKOUT / "infra" / "policy.yaml"
RESEARCHER = "researcher"  # whom an export or a read is for where nothing is said
PUBLIC = "public"  # everyone
RELEASE_INFO = "release_info"  # in every file: which release answers
DOORS = frozenset(("dashboards", "explore", "sql", "command", "export", "share", "quarantine", "airflow", "approvals"))
COLUMNS = ("division", "owner", "identifiers")  # tags whose values are columns


class UnknownRole(ValueError):
    """No role of this name stands in the policy."""


class DoorClosed(PermissionError):
    """The policy does not open this door to the role."""


class PolicyFault(ValueError):
    """The policy says something that cannot be held."""


@dataclass(frozen=True)
class Rule:
    """A grant, row filter or column mask with the line of the policy on which it stands."""

    kind: str  # grants | row_filters | column_masks
    line: int
    to: tuple[str, ...]
    exempt: tuple[str, ...]
    tags: dict[str, tuple[str, ...]]
    column: str | None
    because: str

    def concerns(self, role: "Role", tags: dict) -> bool:
        is_meant = role.name in self.to or role.kind in self.to
        return is_meant and role.name not in self.exempt and all(tags.get(tag) in values for tag, values in self.tags.items())


@dataclass(frozen=True)
class Role:
    """One role: `kind` is the entry of the policy that it was made from, `own` its value for row filters (a city's code, a department's name)."""

    name: str
    kind: str
    label: dict[str, str]
    because: dict[str, str]
    doors: frozenset[str]
    first_page: str
    own: str | None
    line: int

    def sees(self, table: str) -> bool:
        return table == RELEASE_INFO or bool(self.rules("grants", table))

    def rows(self, table: str) -> dict[str, str]:
        """Column → the only value its rows may have. PolicyFault where the table's tags do not name the column: nothing is opened by an oversight."""
        return {_tagged(table, rule): self.own for rule in self.rules("row_filters", table)}

    def masked(self, table: str) -> frozenset[str]:
        """Columns that are empty for this role. PolicyFault where the table's tags do not name them."""
        return frozenset(column for rule in self.rules("column_masks", table) for column in _tagged(table, rule))

    def rules(self, kind: str, table: str) -> list[Rule]:
        tags = tags_of(table)
        return [rule for rule in _policy()["rules"] if rule.kind == kind and rule.concerns(self, tags)]

    def require_door(self, door: str) -> None:
        """Raises DoorClosed where the policy does not open the door."""
        if door not in self.doors:
            raise DoorClosed(f"the policy opens no door {door!r} to {self.name}; its doors are {', '.join(sorted(self.doors))} (infra/policy.yaml line {self.line})")

    def require_quarantine(self, feed: str, owner: str) -> None:
        """Raises DoorClosed unless the role may read rows in quarantine of a feed that this department provides."""
        self.require_door("quarantine")
        if self.own not in (None, owner):
            raise DoorClosed(f"{feed} is provided by {owner}; {self.name} reads the quarantine of {self.own} only (infra/policy.yaml line {self.line})")


def roles() -> dict[str, Role]:
    """Every role by name."""
    return _policy()["roles"]


def role(name: str) -> Role:
    """The role of this name. Raises UnknownRole naming those that exist."""
    known = roles()
    if name not in known:
        raise UnknownRole(f"there is no role {name!r}; the roles are {', '.join(known)}")
    return known[name]


def require(name: str, door: str) -> Role:
    """The role, where the policy opens the door to it. Raises UnknownRole or DoorClosed."""
    known = role(name)
    known.require_door(door)
    return known


def tags_of(table: str) -> dict:
    """The governed tags of a served table. Raises PolicyFault for one that no line describes: nobody sees it by accident."""
    for tags in _policy()["tags"]:
        if fnmatch.fnmatchcase(table, tags["tables"]):
            return tags
    raise PolicyFault(f"{POLICY.name} has no line of tags for the table {table}; add one, or nobody may see it")


def digest() -> str:
    """Hash of what the policy says."""
    return hashlib.sha256(POLICY.read_bytes()).hexdigest()


def explain(name: str, table: str) -> list[str]:
    """What the role sees of the table and which lines of the policy decide it, in words."""
    who, tags = role(name), tags_of(table)
    told = [f"{table} is {', '.join(f'{tag} {_words(value)}' for tag, value in tags.items() if tag not in ('tables', 'line'))} ({POLICY.name} line {tags['line']})"]
    grants = who.rules("grants", table)
    if not grants:
        return [*told, f"{name} does not see it: no grant fits"]
    told += [f"{name} may SELECT: {rule.because} (line {rule.line})" for rule in grants]
    told += [f"rows: only {tags[rule.column]} = {who.own}: {rule.because} (line {rule.line})" for rule in who.rules("row_filters", table)] or ["rows: all"]
    told += [f"columns: {_words(tags[rule.column])} are empty: {rule.because} (line {rule.line})" for rule in who.rules("column_masks", table)] or ["columns: all"]
    return [*told, f"doors: {', '.join(sorted(who.doors))} (line {who.line})"]


def _tagged(table: str, rule: Rule) -> str | list[str]:
    """What the table's tags say of the rule's column."""
    tags = tags_of(table)
    if not tags.get(rule.column):
        raise PolicyFault(f"{POLICY.name} line {tags['line']}: {table} has no tag {rule.column}, which line {rule.line} filters or masks by")
    return tags[rule.column]


def _policy() -> dict:
    return _read(POLICY, POLICY.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read(path: Path, _changed_at: int) -> dict:
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=_WithLines)
    every = {made.name: made for kind, entry in document["roles"].items() if kind != "line" for made in _roles(kind, entry)}
    rules = [_rule(kind, entry) for kind in ("grants", "row_filters", "column_masks") for entry in document[kind]]
    known = {*every, *(made.kind for made in every.values())}
    for rule in rules:
        if unknown := {*rule.to, *rule.exempt} - known:
            raise PolicyFault(f"{path.name} line {rule.line}: there is no role {', '.join(sorted(unknown))}")
        if rule.kind != "grants" and rule.column not in COLUMNS:
            raise PolicyFault(f"{path.name} line {rule.line}: column is one of the tags {', '.join(COLUMNS)}, not {rule.column}")
    for made in every.values():
        if unknown := made.doors - DOORS:
            raise PolicyFault(f"{path.name} line {made.line}: there is no door {', '.join(sorted(unknown))}; the doors are {', '.join(sorted(DOORS))}")
    return {"roles": every, "rules": rules, "tags": document["tags"]}


def _roles(kind: str, entry: dict) -> list[Role]:
    """One role, or one for each entry of `for_each`, whose labels are filled in from it."""
    common = {"kind": kind, "because": _texts(entry["because"]), "doors": frozenset(entry["doors"]), "first_page": entry["first_page"]}
    if "for_each" not in entry:
        return [Role(name=kind, label=_texts(entry["label"]), own=entry.get("own"), line=entry["line"], **common)]
    members = {name: item for name, item in entry["for_each"].items() if name != "line"}
    labels = {name: {language: text.format(**item) for language, text in _texts(entry["label"]).items()} for name, item in members.items()}
    return [Role(name=f"{kind}_{name}", label=labels[name], own=item[entry["own"]], line=item["line"], **common) for name, item in members.items()]


def _texts(entry: dict) -> dict[str, str]:
    return {language: entry[language] for language in ("zh", "en")}


def _rule(kind: str, entry: dict) -> Rule:
    tags = {tag: tuple(values) for tag, values in entry["tagged"].items() if tag != "line"}
    return Rule(kind, entry["line"], tuple(entry["to"]), tuple(entry.get("except", ())), tags, entry.get("column"), entry["because"])


def _words(value) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


class _WithLines(yaml.SafeLoader):
    """Every mapping also says on which line it stands: `explain` names the line that decides."""

    def construct_mapping(self, node, deep=False):
        return super().construct_mapping(node, deep=deep) | {"line": node.start_mark.line + 1}
