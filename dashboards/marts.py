"""What the marts are, read from the dbt model files: tables, columns, types, labels. Nothing about a mart is typed twice."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import yaml

from spark_jobs.settings import CHECKOUT

MODELS = CHECKOUT / "dbt_project" / "models"


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    zh: str
    en: str
    description: str

    @property
    def is_time(self) -> bool:
        return self.type.startswith(("date", "timestamp"))


@dataclass(frozen=True)
class Mart:
    name: str
    description: str
    columns: dict[str, Column] = field(default_factory=dict)


# The one served table that dbt does not make: every serving file carries it.
RELEASE_INFO = Mart(
    "release_info",
    "本次发布 · The release that is being read",
    {
        name: Column(name, kind, zh, en, f"{zh} · {en}")
        for name, kind, zh, en in [
            ("release_id", "string", "发布批次", "release"),
            ("released_at", "timestamp", "发布时间", "released at"),
            ("table_count", "bigint", "表数", "tables"),
        ]
    },
)


@lru_cache
def read_marts(models: Path = MODELS) -> dict[str, Mart]:
    """All served models (dim_ and mart_) of the dbt project, with release_info."""
    found = {RELEASE_INFO.name: RELEASE_INFO}
    for path in sorted(models.rglob("*.yml")):
        for model in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("models") or []:
            if model["name"].startswith(("dim_", "mart_")):
                found[model["name"]] = _mart(model)
    return found


def _mart(model: dict) -> Mart:
    columns = {column["name"]: _column(column) for column in model.get("columns", [])}
    return Mart(model["name"], _description(model), columns)


def _description(model: dict) -> str:
    """What the mart is, and what to beware of when reading it."""
    caveats = model.get("config", {}).get("meta", {}).get("caveats", [])
    return "\n".join([_one_line(model.get("description", "")), *(f"注意 Caveat: {_one_line(caveat)}" for caveat in caveats)])


def _column(column: dict) -> Column:
    description = _one_line(column.get("description", ""))
    zh, en = label_of(description, fallback=column["name"])
    return Column(column["name"], column.get("data_type", "string").lower(), zh, en, description)


def label_of(description: str, fallback: str) -> tuple[str, str]:
    """Short Chinese and English labels from a description written as `中文；注释 · English; note`."""
    zh, _, en = description.partition("·")
    cut = [re.split(r"[；;。（(,，:：]|\. ", part.strip(), maxsplit=1)[0].strip() for part in (zh, en)]
    return cut[0] or fallback, cut[1] or fallback.replace("_", " ")


def _one_line(text: str) -> str:
    return " ".join(text.split())
