"""Labels of tables and columns, as the models' YAML states them, carried into the serving files as comments."""

from functools import lru_cache

import yaml

from spark_jobs.settings import CHECKOUT, Settings


def label_statements(settings: Settings, table: str, columns: list[str]) -> list[str]:
    """COMMENT statements for one served table."""
    model = _models().get(table, {})
    described = {c["name"]: c.get("description", "") for c in model.get("columns", [])}
    statements = [f"comment on table mart.{table} is {_text(model['description'])}"] if model.get("description") else []
    return statements + [f"comment on column mart.{table}.{c} is {_text(described[c])}" for c in columns if described.get(c)]


@lru_cache(maxsize=1)
def _models() -> dict[str, dict]:
    found = {}
    for path in sorted((CHECKOUT / "dbt_project" / "models").rglob("*.yml")):
        for model in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader).get("models", []):
            found[model["name"]] = model
    return found


def _text(value: str) -> str:
    return "'" + " ".join(value.split()).replace("'", "''") + "'"
