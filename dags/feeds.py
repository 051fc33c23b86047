"""One DAG a feed: a delivery that landed becomes silver. A run is named by its deliveries, so the same bytes never run twice."""

from airflow.sdk import DAG

from dags.house import NOTHING_CHANGED, START, Feed, guihu, read_feeds

EXPLANATION = """
**{name}** `{id}`: deliveries from landing to bronze, judged into silver and quarantine.

- Owner 责任单位: {owner}
- Tier 2: other feeds go on without it
- Timetable 约定: {timetable}; a run starts when the DAG `landing` finds something
- On failure 失败时: read the log of `ingest`. Exit code 1: the data were refused, with reasons; ask the owner for a corrected
  file and put it into the inbox (`guihu quarantine {id}` shows the rows). Exit code 3: the engine was away; `make status`,
  `make up`, then clear the run. Clearing a run is always safe: nothing is loaded twice.
"""


def ingest(feed: Feed) -> DAG:
    with DAG(
        dag_id=feed.dag_id,
        description=feed.name,
        doc_md=EXPLANATION.format(id=feed.id, name=feed.name, owner=feed.owner, timetable=feed.timetable),
        schedule=None,
        start_date=START,
        max_active_runs=1,  # deliveries of one feed go one after the other
        default_args={"owner": feed.owner},
        tags=["feed", *feed.tags],
    ) as dag:
        guihu(
            "ingest",
            f'ingest {feed.id} ${{DELIVERIES:+$(printf -- "--delivery %s " $DELIVERIES)}} --skip-exit-code {NOTHING_CHANGED} --format json',
            env={"DELIVERIES": "{{ ' '.join(dag_run.conf.get('deliveries', [])) }}"},
            append_env=True,
            outlets=[feed.asset],
            pool=feed.pool,
        )
    return dag


for feed in read_feeds():
    globals()[feed.dag_id] = ingest(feed)
