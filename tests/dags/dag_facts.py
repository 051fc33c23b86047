"""Run by Airflow's own Python: what Airflow reads in dags/, as one JSON object on the last line."""

import json
import logging
import sys

logging.disable(logging.CRITICAL)

from airflow.dag_processing.dagbag import DagBag  # noqa: E402  Airflow would log before the line above


def main(folder: str) -> None:
    bag = DagBag(folder)
    print(json.dumps({"errors": bag.import_errors, "dags": {dag_id: facts(dag) for dag_id, dag in bag.dags.items()}}))


def facts(dag) -> dict:
    return {
        "doc": dag.doc_md,
        "schedule": type(dag.timetable).__name__,
        "max_active_runs": dag.max_active_runs,
        "catchup": dag.catchup,
        "tags": sorted(dag.tags),
        "tasks": {task.task_id: task_facts(task) for task in dag.tasks},
        "has_cycle": has_cycle(dag.tasks),
    }


def task_facts(task) -> dict:
    return {
        "owner": task.owner,
        "kind": task.task_type,
        "pool": task.pool,
        "retries": task.retries,
        "command": getattr(task, "bash_command", None),
        "has_time_out": task.execution_timeout is not None or task.task_type == "DecoratedSensorOperator",
        "asks": [person["id"] for person in getattr(task, "assigned_users", None) or []],
        "outlets": [outlet.name for outlet in task.outlets],
        "downstream": sorted(task.downstream_task_ids),
    }


def has_cycle(tasks: list) -> bool:
    """Whether taking away tasks that nobody waits for, again and again, leaves some."""
    waiting = {task.task_id: set(task.upstream_task_ids) for task in tasks}
    while free := {task_id for task_id, before in waiting.items() if not before}:
        waiting = {task_id: before - free for task_id, before in waiting.items() if task_id not in free}
    return bool(waiting)


main(sys.argv[1])
