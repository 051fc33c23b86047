"""A request for data becomes a question on Airflow's page to the department that owns it; its person answers, nobody else's can, and the answer is kept with who gave it."""

import time

import httpx
import pytest

from infra.operate.airflow_api import Airflow
from spark_jobs.publish import requests

pytestmark = [pytest.mark.service, pytest.mark.timeout(300)]
TABLE, OWNER = "mart_legal_person__stock", "department_market"
DAG = f"approvals__{OWNER}"
GRANT, REFUSE = "批准 · Grant", "拒绝 · Refuse"
HOSTILE = "thesis'; \"$(touch $GUIHU_HOME/touched)\" {{ 1/0 }} --as leader"


@pytest.fixture(scope="module")
def asked(settings, released) -> dict[str, requests.DataRequest]:
    """Two requests, and the questions that Airflow made of them, at once instead of within ten minutes."""
    made = {word: requests.ask(settings, TABLE, "researcher", f"{HOSTILE} {word} {time.time()}", 30) for word in (GRANT, REFUSE)}
    admin = Airflow(settings)
    admin.trigger("approvals")
    _until(lambda: {_run(request) for request in made.values()} <= set(_questions(admin)))
    return made


def test_the_owner_sees_the_question_and_another_department_sees_nothing(settings, asked):
    shown = _questions(Airflow(settings, OWNER))
    for request in asked.values():
        assert shown[_run(request)]["subject"] == f"researcher → {TABLE}" and request.purpose in shown[_run(request)]["body"]
    assert _questions(Airflow(settings, "department_finance")) == {}


def test_a_decider_reads_and_does_nothing_else_in_airflow(settings, asked):
    person = Airflow(settings, OWNER)
    assert person.dag_ids() == [DAG]
    closed = [
        ("GET", "/connections"), ("GET", "/variables"), ("GET", "/config"), ("GET", "/eventLogs"), ("GET", "/pools"), ("GET", "/importErrors"), ("GET", "/dags/landing"), ("GET", "/dags/landing/dagRuns"),
        ("GET", "/dags/approvals__department_finance"), ("POST", f"/dags/{DAG}/dagRuns"), ("POST", "/dags/landing/dagRuns"), ("PATCH", f"/dags/{DAG}"), ("DELETE", f"/dags/{DAG}"), ("POST", f"/dags/{DAG}/clearTaskInstances"), ("GET", f"/dagSources/{DAG}"),
    ]  # fmt: skip
    refused = [call for call in closed if _status(person, *call) == 403]
    print(f"what a decider may not do in Airflow, refused: {len(refused)} of {len(closed)}")
    assert refused == closed


def test_only_the_owner_answers_once_and_the_answer_is_kept_with_who_gave_it(settings, asked):
    for word, request in asked.items():
        path = f"/dags/{DAG}/dagRuns/{_run(request)}/taskInstances/ask/-1/hitlDetails"
        answer = {"chosen_options": [word], "params_input": {"because": f"{HOSTILE} because"}}
        assert [_status(Airflow(settings, login), "PATCH", path, answer) for login in ("department_finance", "data_engineer", "admin")] == [403] * 3
        assert _status(Airflow(settings, OWNER), "PATCH", path, answer) == 200
        assert _status(Airflow(settings, OWNER), "PATCH", path, answer) == 409
    _until(lambda: all(requests.one(settings, request.request_id).state != "asked" for request in asked.values()))
    decided = {word: requests.one(settings, request.request_id) for word, request in asked.items()}
    assert {word: request.state for word, request in decided.items()} == {GRANT: "granted", REFUSE: "refused"}
    assert {(request.decided_by, request.because) for request in decided.values()} == {(f"{OWNER} ({OWNER})", f"{HOSTILE} because")}
    assert not (settings.home / "touched").exists(), "what people wrote was run"
    print(f"requests decided by a person on Airflow's page: {len(decided)} of {len(asked)}")


def _questions(airflow: Airflow) -> dict[str, dict]:
    """Run → the open question of it that the login sees."""
    found = airflow.call("GET", "/dags/~/dagRuns/~/hitlDetails", params={"limit": 100, "response_received": False})["hitl_details"]
    return {question["task_instance"]["dag_run_id"]: question for question in found}


def _run(request: requests.DataRequest) -> str:
    return f"request_{request.request_id}"


def _status(airflow: Airflow, method: str, path: str, body: dict | None = None) -> int:
    return httpx.request(method, f"{airflow.http.base_url}/api/v2{path}", headers={"Authorization": f"Bearer {airflow.login()}"}, json=body if body is not None or method == "GET" else {}, trust_env=False, timeout=60).status_code


def _until(is_done, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not is_done():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.5)
