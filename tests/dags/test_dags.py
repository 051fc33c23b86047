"""Airflow reads every DAG; there is one a contract; each says who owns it and what to do when it fails. No service is needed."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from spark_jobs.publish import policy
from spark_jobs.settings import CHECKOUT, from_environment

CONTRACTS = [path for path in (CHECKOUT / "expectations").glob("*/*.yaml") if path.parent.name != "marts"]
PLATFORM = {"landing", "marts", "watch", "approvals"}


@pytest.fixture(scope="module")
def read(tmp_path_factory) -> dict:
    """What Airflow's own Python finds in dags/; it needs no database for that."""
    variables = os.environ | {"AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PYTHONPATH": str(CHECKOUT)}
    python = from_environment().environments / "airflow" / "bin" / "python"
    script = Path(__file__).with_name("dag_facts.py")
    done = subprocess.run([python, script, CHECKOUT / "dags"], capture_output=True, text=True, env=variables, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def dags(read) -> dict:
    return read["dags"]


@pytest.fixture(scope="module")
def feeds(dags) -> dict:
    return {dag_id: dag for dag_id, dag in dags.items() if dag_id not in PLATFORM and not dag_id.startswith(("pull__", "approvals__", "report__"))}


def test_every_file_in_dags_is_read_without_an_error(read):
    assert read["errors"] == {}


def test_there_is_one_dag_a_contract_and_there_are_contracts(feeds):
    expected = {f"ingest__{path.parent.name}__{path.stem}" for path in CONTRACTS}
    assert expected, "no contract found: this test would prove nothing"
    assert set(feeds) == expected


def test_a_feed_whose_contract_names_a_system_is_pulled_on_its_timetable(dags):
    pulled = [path for path in CONTRACTS if {server["type"] for server in yaml.safe_load(path.read_text())["servers"]} & {"postgres", "api"}]
    assert len(pulled) >= 2
    assert {dag_id for dag_id in dags if dag_id.startswith("pull__")} == {f"pull__{path.parent.name}__{path.stem}" for path in pulled}
    for path in pulled:
        dag = dags[f"pull__{path.parent.name}__{path.stem}"]
        assert f"guihu\" pull {path.parent.name}.{path.stem} " in dag["tasks"]["pull"]["command"]
        assert dag["schedule"] != "NullTimetable" and dag["max_active_runs"] == 1


def test_each_department_that_decides_on_requests_is_asked_in_a_dag_of_its_own(dags):
    deciders = {role.name for role in policy.roles().values() if "approvals" in role.doors}
    asked = {dag_id: dag["tasks"]["ask"]["asks"] for dag_id, dag in dags.items() if dag_id.startswith("approvals__")}
    assert asked == {f"approvals__{name}": [name] for name in deciders} and deciders
    print(f"departments that are asked, each in its own DAG: {len(asked)} of {len(deciders)}")


def test_every_report_and_alert_of_the_dashboards_is_sent_on_its_timetable(dags):
    text = yaml.safe_load((CHECKOUT / "dashboards" / "_reports.yaml").read_text(encoding="utf-8"))
    named = text["reports"] | text["alerts"]
    assert len(named) >= 3
    assert {dag_id for dag_id in dags if dag_id.startswith("report__")} == {f"report__{name}" for name in named}
    for name, entry in named.items():
        dag = dags[f"report__{name}"]
        assert dag["tasks"]["send"]["command"].endswith(f'report.sh" {name}') and dag["schedule"] != "NullTimetable" and dag["max_active_runs"] == 1
        assert entry["schedule"] in dag["doc"] and entry["owner"] in dag["doc"]


def test_the_dags_that_tie_the_feeds_together_exist(dags):
    assert set(dags) >= PLATFORM


def test_the_owner_of_a_feed_is_the_department_of_its_contract(feeds):
    for path in CONTRACTS:
        contract = yaml.safe_load(path.read_text())
        tasks = feeds[f"ingest__{path.parent.name}__{path.stem}"]["tasks"]
        assert {task["owner"] for task in tasks.values()} == {contract["team"]["name"]}, path


def test_a_feed_announces_its_own_silver_table_and_no_other(feeds):
    for dag_id, dag in feeds.items():
        assert dag["tasks"]["ingest"]["outlets"] == [dag_id.replace("ingest__", "silver.", 1)]


def test_a_feed_loads_one_delivery_at_a_time(feeds):
    assert {dag["max_active_runs"] for dag in feeds.values()} == {1}


def test_code_lists_have_a_lane_of_their_own_since_other_feeds_wait_for_them(feeds):
    for dag_id, dag in feeds.items():
        assert dag["tasks"]["ingest"]["pool"] == ("reference" if "reference" in dag["tags"] else "engine"), dag_id


def test_every_dag_says_its_owner_tier_timetable_and_what_to_do_when_it_fails(dags):
    for dag_id, dag in dags.items():
        for needed in ("Owner 责任单位", "Tier ", "Timetable 约定", "On failure 失败时"):
            assert needed in dag["doc"], f"{dag_id} does not say: {needed}"


def test_no_dag_catches_up_and_none_has_a_cycle(dags):
    assert [dag_id for dag_id, dag in dags.items() if dag["catchup"] or dag["has_cycle"]] == []


def test_every_command_replaces_its_shell_can_be_tried_again_and_has_a_time_out(dags):
    commands = [task for dag in dags.values() for task in dag["tasks"].values() if task["kind"] == "BashOperator"]
    assert commands
    for task in commands:
        assert task["command"].startswith(('exec "$GUIHU_ROOT/guihu" ', 'exec "$GUIHU_ROOT/infra/superset/report.sh" ')), task
        assert task["retries"] >= 1, task
        assert task["has_time_out"], task


def test_marts_run_in_the_order_of_the_house(dags):
    tasks = dags["marts"]["tasks"]
    order, step = [], "settle"
    while step:
        order.append(step)
        step = next(iter(tasks[step]["downstream"]), None)
    assert order == ["settle", "gate_silver", "build", "gate_gold", "release"]
    assert dags["marts"]["schedule"] == "AssetTriggeredTimetable"
    assert dags["marts"]["max_active_runs"] == 1


def test_dag_files_fit_on_a_screen_and_hold_no_data_work():
    for path in (CHECKOUT / "dags").glob("*.py"):
        text = path.read_text()
        assert len(text.splitlines()) <= 110, f"{path.name} is longer than a screen or two"
        for word in ("pyspark", "pandas", "duckdb", "spark_jobs"):
            assert word not in text, f"{path.name} knows of {word}"
