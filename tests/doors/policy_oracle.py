"""What the policy opens, worked out from infra/policy.yaml alone, by other words than the lake's own reading of it."""

from fnmatch import fnmatchcase
from functools import cache
from itertools import product

import yaml

from spark_jobs.settings import CHECKOUT


@cache
def document() -> dict:
    return yaml.safe_load((CHECKOUT / "infra" / "policy.yaml").read_text(encoding="utf-8"))


@cache
def roles() -> dict[str, tuple[str, str | None, tuple[str, ...]]]:
    """Role → the entry it comes from, its own value, its doors."""
    found = {}
    for kind, entry in document()["roles"].items():
        for name, words in entry.get("for_each", {None: {}}).items():
            own = entry.get("own") if name is None else words.get(entry.get("own"))
            found[kind if name is None else f"{kind}_{name}"] = (kind, own, tuple(entry["doors"]))
    return found


@cache
def opened(role: str, table: str) -> tuple[dict[str, str], set[str]] | None:
    """None where nothing is open; else column → the only value of its rows, and the columns without values."""
    if table == "release_info":
        return {}, set()
    kind, own, _ = roles()[role]
    tags = next(line for line in document()["tags"] if fnmatchcase(table, line["tables"]))

    def apply(section: str) -> list[dict]:
        meant = [line for line in document()[section] if {role, kind} & set(line["to"]) and role not in line.get("except", [])]
        return [line for line in meant if all(tags.get(tag) in wanted for tag, wanted in line["tagged"].items())]

    if not apply("grants"):
        return None
    return {tags[line["column"]]: own for line in apply("row_filters")}, {column for line in apply("column_masks") for column in tags[line["column"]]}


def cells(tables: list[str]) -> list[tuple[str, str]]:
    return list(product(roles(), tables))
