"""The same hostile statements over HTTP: SQL Lab, and the SQL of a chart's filter and metric. Nothing leaks, and the same workers answer afterwards."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from spark_jobs.publish import policy, query, reading
from tests.browser.test_matrix import REQUESTS_AT_ONCE
from tests.browser.test_roles import database_id, dataset_ids, sql_lab
from tests.doors import hostile

pytestmark = [pytest.mark.service, pytest.mark.timeout(1800)]
SENTINEL = "guihu-sentinel-41c9"
BY = "city_450300"  # sees least of those who may write SQL


@pytest.fixture(scope="module")
def secret(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("outside") / "secret.csv"
    path.write_text(f"word\n{SENTINEL}\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def statements(settings, released, secret) -> list[str]:
    return hostile.statements(str(secret), str(settings.releases / "current" / "data_engineer" / "serve.duckdb"))


@pytest.fixture(scope="module", autouse=True)
def workers_live(settings, released):
    """The processes that answer before are those that answer afterwards."""
    before = workers(settings.superset_port)
    yield
    assert before and workers(settings.superset_port) == before, "a worker died"


def workers(port: int) -> set[int]:
    listening = {connection.pid for connection in psutil.net_connections("tcp") if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port}
    return listening | {child.pid for pid in listening for child in psutil.Process(pid).children(recursive=True)}


def outcomes_of(send, statements: list[str]) -> Counter:
    with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
        answers = list(pool.map(send, statements))
    leaks = [text for text, answer in zip(statements, answers) if SENTINEL in answer.text]
    served = [text for text, answer in zip(statements, answers) if answer.status_code < 400 and not empty(answer)]
    assert leaks == [] and served == []
    return Counter(answer.status_code for answer in answers)


def empty(answer: httpx.Response) -> bool:
    """A chart's own refusal comes with status 200 at times: an error in the result, and no rows."""
    result = answer.json().get("result")
    return isinstance(result, list) and all(part.get("error") and not part.get("data") for part in result)


def test_sql_lab(readers, statements):
    number = database_id(readers[BY])
    found = outcomes_of(lambda text: sql_lab(readers[BY], number, text), statements)
    print(f"SQL Lab: {len(statements)} hostile statements, answers {dict(found)}")
    assert len(statements) >= 200


@pytest.mark.parametrize("place", ["filter", "metric"])
def test_the_sql_of_a_chart(readers, door, statements, place):
    number = dataset_ids(door)["mart_economy__gdp"]

    def send(text: str) -> httpx.Response:
        metric = {"expressionType": "SQL", "sqlExpression": f"max(({text}))" if place == "metric" else "count(*)", "label": "x"}
        extras = {"having": "", "where": f"1 = (select count(*) from ({text}) as t)" if place == "filter" else ""}
        asked = {"columns": [], "metrics": [metric], "filters": [], "orderby": [], "row_limit": 5, "extras": extras}
        return readers["leader"].post("/api/v1/chart/data", json={"datasource": {"id": number, "type": "table"}, "queries": [asked], "result_format": "json", "result_type": "full"})

    found = outcomes_of(send, statements)
    print(f"SQL of a chart ({place}): {len(statements)} hostile statements, answers {dict(found)}")


def test_the_condition_of_an_export_and_of_a_notebook(settings, statements):
    refused = 0
    for text in statements:
        with pytest.raises(query.QueryRefused):
            reading.read("mart_economy__gdp", role="analyst", where=f"exists ({text})", settings=settings)
        refused += 1
    print(f"conditions: {refused} of {len(statements)} hostile statements refused")


def test_a_statement_that_does_not_end_is_interrupted(readers):
    endless = "select count(*) from range(1000000000) a, range(1000000000) b where a.range * b.range % 7 = 3"
    answer = sql_lab(readers[BY], database_id(readers[BY]), endless)
    assert answer.status_code >= 400
    assert readers[BY].get("/health").status_code == 200


def test_a_login_without_the_door_has_no_sql(readers):
    closed = [role for role in readers if "sql" not in policy.role(role).doors]
    assert closed and all(sql_lab(readers[role], 1, "select 1").status_code in (401, 403) for role in closed)
