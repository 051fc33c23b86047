"""One DAG a feed that is pulled: on the contract's timetable, what is new in the department's system becomes a delivery."""

from datetime import timedelta

from airflow.sdk import DAG

from dags.house import NOTHING_CHANGED, START, Feed, guihu, read_feeds

EXPLANATION = """
**{name}** `{id}`: asks the department's system for what is new and puts it into landing; the DAG `landing` takes it from there.

- Owner 责任单位: {owner}
- Tier 2: other feeds go on without it
- Timetable 约定: {timetable}. New DAGs of this kind are paused: switch it on once the system can be reached from here
- On failure 失败时: exit code 1: the system gave something that cannot be trusted; nothing was taken, the log says what, ask the owner.
  Exit code 2: the password is missing in GUIHU_HOME/secrets, the log names the file. Exit code 3: the system was away; the next
  run fetches all of it. Clearing a run is always safe: nothing is loaded twice.
"""


def pull(feed: Feed) -> DAG:
    with DAG(
        dag_id=f"pull__{feed.id.replace('.', '__')}",
        description=f"{feed.name}：取数 (pulls what is new)",
        doc_md=EXPLANATION.format(id=feed.id, name=feed.name, owner=feed.owner, timetable=feed.timetable),
        schedule=feed.schedule,
        start_date=START,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=True,
        default_args={"owner": feed.owner},
        tags=["pull", *feed.tags],
    ) as dag:
        guihu("pull", f"pull {feed.id} --skip-exit-code {NOTHING_CHANGED} --format json", pool="default_pool", execution_timeout=timedelta(hours=1))
    return dag


for feed in read_feeds():
    if feed.is_pulled:
        dag = pull(feed)
        globals()[dag.dag_id] = dag
