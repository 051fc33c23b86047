"""Labels of tables and columns, as the models' YAML states them, carried into the serving files as comments."""

import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache

import yaml

from spark_jobs.settings import CHECKOUT, Settings


def label_statements(settings: Settings, table: str, columns: list[str]) -> list[str]:
    """COMMENT statements for one served table."""
    model = models().get(table, {})
    described = {c["name"]: c.get("description", "") for c in model.get("columns", [])}
    statements = [f"comment on table mart.{table} is {_text(model['description'])}"] if model.get("description") else []
    return statements + [f"comment on column mart.{table}.{c} is {_text(described[c])}" for c in columns if described.get(c)]


def described(tables: Iterable[str]) -> dict[str, dict]:
    """Of each table what no comment of the serving file holds: key, units, source and caveats. Kept beside the release, so that it never changes with the models."""
    return {table: _described(models().get(table, {})) for table in tables}


def wording(tables: Iterable[str]) -> dict[str, str]:
    """Of each table a digest of its model's words, which stand in the serving files too."""
    return {table: hashlib.sha256(json.dumps(models().get(table, {}), sort_keys=True, default=str).encode()).hexdigest()[:16] for table in tables}


def _described(model: dict) -> dict:
    meta, columns = model.get("config", {}).get("meta", {}), model.get("columns", [])
    units = {c["name"]: c["config"]["meta"]["unit"] for c in columns if "unit" in c.get("config", {}).get("meta", {})}
    return {"key": _key(model), "units": units, "source": meta.get("source", ""), "caveats": meta.get("caveats", []), "licence": meta.get("licence", "")}


def _key(model: dict) -> list[str]:
    for test in model.get("data_tests", []):
        if isinstance(test, dict) and "unique_combination" in test:
            return test["unique_combination"]["arguments"]["columns"]
    return [column["name"] for column in model.get("columns", []) if "unique" in column.get("data_tests", [])][:1]


@lru_cache(maxsize=1)
def models() -> dict[str, dict]:
    found = {}
    for path in sorted((CHECKOUT / "dbt_project" / "models").rglob("*.yml")):
        for model in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader).get("models", []):
            found[model["name"]] = model
    return found


def _text(value: str) -> str:
    return "'" + " ".join(value.split()).replace("'", "''") + "'"
