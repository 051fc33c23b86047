"""Each minute: take what lies in the inbox into landing, and start one run a feed for what came."""

import json
from datetime import timedelta

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException

from dags.house import START, guihu

EXPLANATION = """
Takes files from `inbox/<domain>/<feed>/` into landing, unchanged, and starts the feed's DAG once for what came.

- Owner 责任单位: 数据平台
- Tier 1: nothing comes in while it stands still
- Timetable 约定: each minute
- On failure 失败时: a red `start_ingest` names a file that was refused whole and why: ask its owner for a corrected one.
  A red `receive`: read its log. Nothing is lost, the next minute tries again.
"""


def deliveries(last_line: str) -> list[dict]:
    """What `guihu receive` found: deliveries to load, and those refused at the door."""
    found = json.loads(last_line)
    return found["pending"] + [{"refused": refused} for refused in found["refused"]]


def as_run(found: dict) -> dict:
    """The run of the feed's DAG that loads what came. Its name is made of the content: the same bytes are one run."""
    if "refused" in found:
        raise AirflowFailException(f"refused at the door: {json.dumps(found['refused'], ensure_ascii=False)}")
    return {
        "trigger_dag_id": found["dag_id"],
        "trigger_run_id": found["run_id"],
        "conf": {"deliveries": found["deliveries"]},
    }


with DAG(
    dag_id="landing",
    description="收件：每分钟查看收件箱 (looks into the inbox each minute)",
    doc_md=EXPLANATION,
    schedule="* * * * *",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "数据平台"},
    tags=["platform"],
):
    receive = guihu(
        "receive",
        "receive --inbox --format json",
        output_processor=deliveries,
        execution_timeout=timedelta(minutes=10),
        pool="default_pool",
    )
    TriggerDagRunOperator.partial(
        task_id="start_ingest", skip_when_already_exists=True, execution_timeout=timedelta(minutes=5)
    ).expand_kwargs(receive.output.map(as_run))
