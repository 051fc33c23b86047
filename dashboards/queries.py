"""Sample queries from _queries.yaml: which there are, and which of them a role can answer. Read without Superset."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from spark_jobs.publish import policy

FILE = Path(__file__).with_name("_queries.yaml")
TABLE = re.compile(r"\bmart\.(\w+)")


@dataclass(frozen=True)
class Query:
    name: str
    title: str
    description: str
    sql: str

    @property
    def tables(self) -> set[str]:
        return set(TABLE.findall(self.sql))


def read_queries() -> list[Query]:
    entries = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return [Query(name, *(f"{entry[part]['zh']} · {entry[part]['en']}" for part in ("title", "description")), entry["sql"].strip()) for name, entry in entries.items()]


def queries_of(role: str) -> list[Query]:
    """Those whose tables the role sees, if SQL Lab is open to it."""
    described = policy.role(role)
    return [query for query in read_queries() if "sql" in described.doors and all(described.sees(table) for table in query.tables)]
