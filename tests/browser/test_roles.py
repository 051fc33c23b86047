"""Who sees what over HTTP: each role its own file, nothing by the cache, nothing by SQL."""

import json
from uuid import uuid4

import httpx
import pytest

from dashboards.spec import read_dashboards
from spark_jobs.publish import policy
from tests.browser.conftest import ROLES

pytestmark = pytest.mark.service
SQL_ROLES = [role for role in ROLES if "sql" in policy.role(role).doors]


def openable(role: str) -> set[str]:
    return {board.address for board in read_dashboards() if all(policy.role(role).sees(mart) for mart in board.marts - {"release_info"})}


def listed(reader: httpx.Client, kind: str) -> list[dict]:
    return reader.get(f"/api/v1/{kind}/", params={"q": "(page_size:100)"}).json()["result"]


def dataset_ids(door) -> dict[str, int]:
    """Every dataset of Superset, as its administrator sees them."""
    return {dataset["table_name"]: dataset["id"] for dataset in listed(door.log_in("admin"), "dataset")}


def chart_data(reader: httpx.Client, dataset: int, columns: list[str], metrics: list, force: bool = False) -> httpx.Response:
    query = {"columns": columns, "metrics": metrics, "filters": [], "orderby": [], "row_limit": 50, "extras": {"having": "", "where": ""}}
    body = {"datasource": {"id": dataset, "type": "table"}, "queries": [query], "force": force, "result_format": "json", "result_type": "full"}
    return reader.post("/api/v1/chart/data", json=body)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_shown_exactly_the_dashboards_it_can_read_whole(readers, role):
    assert {dashboard["slug"] for dashboard in listed(readers[role], "dashboard")} == openable(role)


def test_the_administrator_sees_no_data(door):
    number = dataset_ids(door)["mart_economy__gdp"]
    answer = chart_data(door.log_in("admin"), number, [], ["count"])
    assert answer.status_code == 403 and "恰有一个数据角色" in json.dumps(answer.json(), ensure_ascii=False)


def test_a_masked_column_stays_empty_also_after_another_role_filled_the_cache(readers, door):
    number = dataset_ids(door)["mart_credit__penalty"]
    metrics = [{"expressionType": "SQL", "sqlExpression": "count(uscc)", "label": "named"}]
    answers = {}
    for role in ("analyst", "leader", "data_engineer", "city_450100", "leader", "analyst"):
        answers[role] = chart_data(readers[role], number, [], metrics).json()["result"][0]["data"][0]["named"]
    assert answers["leader"] == 0 < answers["city_450100"] < answers["analyst"]
    assert answers["analyst"] == answers["data_engineer"] == door.ask("analyst", "select count(uscc) from mart.mart_credit__penalty")[0][0] > 0


def test_answers_by_address_are_closed(readers):
    assert readers["leader"].get("/superset/explore_json/").status_code == 405


def test_nobody_is_answered_without_a_login(door):
    with httpx.Client(base_url=door.address, trust_env=False) as stranger:
        assert stranger.get("/api/v1/dashboard/").status_code in (401, 403) or stranger.get("/api/v1/dashboard/").json()["count"] == 0
        assert stranger.post("/api/v1/chart/data", json={}).status_code in (400, 401, 403)


@pytest.mark.parametrize("role", [role for role in ROLES if role not in SQL_ROLES])
def test_readers_have_no_sql(readers, role):
    assert sql_lab(readers[role], 1, "select 1").status_code in (401, 403)


@pytest.mark.parametrize("role", SQL_ROLES)
def test_sql_lab_answers_from_the_roles_own_file(readers, door, role):
    answer = sql_lab(readers[role], database_id(readers[role]), "select release_id from mart.release_info")
    assert answer.status_code == 200, answer.text[:300]
    assert answer.json()["data"] == [{"release_id": door.ask(role, "select release_id from mart.release_info")[0][0]}]


def database_id(reader: httpx.Client) -> int:
    return listed(reader, "database")[0]["id"]


def sql_lab(reader: httpx.Client, database: int, statement: str) -> httpx.Response:
    body = {"database_id": database, "sql": statement, "client_id": uuid4().hex[:11], "runAsync": False, "catalog": "serve", "schema": "mart", "queryLimit": 100}
    return reader.post("/api/v1/sqllab/execute/", json=body)
