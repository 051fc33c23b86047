"""Each morning: which feeds have broken their promise. A silent feed makes this DAG red, and the log names its owner."""

from datetime import timedelta

from airflow.sdk import DAG

from dags.house import START, guihu

EXPLANATION = """
Asks the ledger which feeds sent nothing for longer than their contract promises (frequency plus latency).

- Owner 责任单位: 数据平台
- Tier 2: dashboards go on with what came last
- Timetable 约定: each morning at eight
- On failure 失败时: the log of `feeds` lists the late feeds with owner and age; ask the owner. Nothing has to be cleared, the next morning asks again.
"""

with DAG(
    dag_id="watch",
    description="时效：每天查看哪些数据源逾期 (asks each morning which feeds are late)",
    doc_md=EXPLANATION,
    schedule="0 8 * * *",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "数据平台"},
    tags=["platform"],
):
    guihu("feeds", "feeds --late", pool="default_pool", execution_timeout=timedelta(minutes=10))
