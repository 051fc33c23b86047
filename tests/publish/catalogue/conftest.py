"""Sites to look at: of a small home made by hand, where every figure is known, and of the released lake of the test run."""

import json
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from expectations.contract import load_feed
from spark_jobs import lineage
from spark_jobs.files import write_json
from spark_jobs.ingest import landing
from spark_jobs.lineage import tell
from spark_jobs.publish import catalogue
from spark_jobs.settings import Settings

TABLES = {  # role → table → SELECT
    "public": {
        "dim_division": "select '450000' as division_code, '广西壮族自治区' as name_zh, date '2024-11-28' as valid_from, 'TOKEN-OF-A-PERSON' as citizen_token",
        "mart_economy__gdp": "select '450000' as division_code, '2018' as period, date '2018-12-31' as period_end_date, date '2020-01-01' + i::int as vintage_date, 100.5 + i as value_added_cny_100m from range(12) t(i)",
    },
    "data_engineer": {
        "mart_credit__penalty": "select '桂市监罚〔2024〕1号' as document_number, 'ONLY-FOR-ENGINEERS' as enterprise_name, date '2024-06-01' as decision_date",
    },
}
MODELS = {
    "dim_division": ["source.guihu.silver.reference__division"],
    "mart_economy__gdp": ["source.guihu.silver.economy__gdp_provincial", "model.guihu.dim_division"],
    "mart_credit__penalty": ["source.guihu.silver.credit__penalty"],
}


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> SimpleNamespace:
    """The site of a home with three tables, two releases and one delivery: settings, release, former, folder of the pages, facts."""
    home = tmp_path_factory.mktemp("catalogue")
    settings = Settings(home=home, environments=home, port=9)
    delivery = _delivered(settings)
    _built(home / "dbt" / "target")
    tell.models(settings, home / "dbt" / "target")
    tell.deliveries(settings, {"reference.industry": load_feed("reference.industry")}, landing.ledger(settings))
    release = {
        "release_id": "20990101T000000-aaaaaaaa",
        "released_at": "2099-01-01T00:00:00+00:00",
        "digest": "a" * 64,
        "built_from": {"deliveries": [delivery]},
        "tables": {"dim_division": 3, "mart_credit__penalty": 1, "mart_economy__gdp": 5},
        "rows": {"public": {"dim_division": 1, "mart_economy__gdp": 12}, "data_engineer": {"dim_division": 1, "mart_economy__gdp": 12, "mart_credit__penalty": 1}},
    }
    former = {
        "release_id": "20981201T000000-bbbbbbbb",
        "tables": {"dim_division": 3, "mart_economy__gdp": 4, "mart_old": 1},
        "rows": {"data_engineer": {"dim_division": 1, "mart_economy__gdp": 9, "mart_old": 7}},
    }
    folder = settings.releases / release["release_id"]
    for role, tables in {"public": TABLES["public"], "data_engineer": TABLES["public"] | TABLES["data_engineer"]}.items():
        (folder / role).mkdir(parents=True)
        with duckdb.connect(str(folder / role / "serve.duckdb")) as connection:
            connection.execute("create schema mart")
            for table, query in tables.items():
                connection.execute(f"create table mart.{table} as {query}")
    catalogue.write(settings, release, former)
    facts = json.loads((folder / "catalogue" / "facts.json").read_text(encoding="utf-8"))
    return SimpleNamespace(settings=settings, release=release, former=former, folder=folder / "catalogue", facts=facts, events=list(lineage.read(settings)))


@pytest.fixture(scope="session")
def whole(settings, released) -> SimpleNamespace:
    """The site and the events of the released lake of `make test`."""
    folder = settings.releases / "catalogue"
    return SimpleNamespace(settings=settings, folder=folder.resolve(), facts=json.loads((folder / "facts.json").read_text(encoding="utf-8")), events=list(lineage.read(settings)))


def _delivered(settings: Settings) -> str:
    """One delivery of reference.industry with its outcome, as landing keeps them."""
    folder = settings.landing / "deliveries" / "reference.industry" / "0123456789abcdef"
    received = {
        "delivery_id": folder.name,
        "feed": "reference.industry",
        "file": "industry.csv",
        "sha256": "0" * 64,
        "size_bytes": 10,
        "received_at": "2098-12-31T08:00:00.000+00:00",
        "known_at": "2018-01-01",
    }
    counts = {"rows_in": 10, "rows_loaded": 7, "rows_quarantined": 2, "rows_repeated": 1, "reasons": {"WIDTH": 2}, "warnings": {}}
    write_json(folder / "received.json", received | {"manifest": {}, "receive_seconds": 0.1})
    write_json(folder / "outcome.json", {"status": "loaded", "records": 10, **counts, "finished_at": "2098-12-31T08:00:01.000+00:00"})
    return folder.name


def _built(target: Path) -> None:
    """What dbt leaves of a build of three models, one of which failed in an earlier run of another invocation."""
    column = {"division_code": {"data_type": "string", "description": "行政区划代码 · Division code"}}
    sources = {
        key: {"schema": "silver", "name": key.rpartition(".")[2], "resource_type": "source", "description": "", "columns": {}}
        for parents in MODELS.values()
        for key in parents
        if key.startswith("source.")
    }
    nodes = {
        f"model.guihu.{name}": {
            "schema": "gold",
            "alias": name,
            "name": name,
            "resource_type": "model",
            "description": f"{name} 表 · table",
            "columns": column,
            "depends_on": {"nodes": parents},
        }
        for name, parents in MODELS.items()
    }
    timing = [{"name": "execute", "started_at": "2098-12-31T09:00:00.000000Z", "completed_at": "2098-12-31T09:00:01.000000Z"}]
    results = [
        {"unique_id": key, "status": "error" if "penalty" in key else "success", "timing": timing, "message": "a column is missing" if "penalty" in key else "OK"} for key in nodes
    ]
    write_json(target / "manifest.json", {"nodes": nodes, "sources": sources})
    write_json(
        target / "run_results.json", {"metadata": {"invocation_id": "6e1d0a6e-0000-4000-8000-000000000001", "generated_at": "2098-12-31T09:00:02.000000Z"}, "results": results}
    )
