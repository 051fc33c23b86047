"""After new silver: gate it, build gold, gate that, and publish one release. One run for a burst of feeds."""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, AssetAny, PokeReturnValue, task

from dags.house import NOTHING_CHANGED, START, guihu, read_feeds

EXPLANATION = """
Silver → core → analyses → marts → release, once no feed is on its way. When no silver table moved since the last release, nothing is built.

- Owner 责任单位: 数据平台
- Tier 1: dashboards show the last good release until this is green again
- Timetable 约定: after any feed has brought new rows
- On failure 失败时: `gate_silver` or `gate_gold` red: the log names rule, rows and owner, and the last release goes on serving;
  correct the data at the feed, a new run follows by itself. `build` red: read the log, then clear the run; clearing is safe.
"""
PATIENCE = timedelta(minutes=15)
FEEDS = read_feeds()

with DAG(
    dag_id="marts",
    description="建模与发布 (builds the marts and publishes the release)",
    doc_md=EXPLANATION,
    schedule=AssetAny(*(feed.asset for feed in FEEDS)),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "数据平台"},
    tags=["platform"],
):

    @task.sensor(poke_interval=3, timeout=2 * PATIENCE.total_seconds(), mode="poke")
    def settle(ti=None, dag_run=None) -> PokeReturnValue:
        """Wait until no delivery is on its way, but not for ever: a steady stream must not hold back the release."""
        waited = datetime.now(UTC) - dag_run.start_date
        on_the_way = sum(ti.get_dr_count(dag_id=dag_id, states=["running", "queued"]) for dag_id in ["landing", *(feed.dag_id for feed in FEEDS)])
        return PokeReturnValue(is_done=not on_the_way or waited > PATIENCE)

    (
        settle()
        >> guihu("gate_silver", "gate silver")
        >> guihu("build", f"build --skip-exit-code {NOTHING_CHANGED}")
        >> guihu("gate_gold", "gate gold")
        >> guihu("release", f"release --skip-exit-code {NOTHING_CHANGED} --format json")
    )
