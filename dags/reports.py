"""Pages and alerts that are mailed, one DAG each, on the timetable of dashboards/_reports.yaml. Superset sends them; Airflow says when."""

from datetime import timedelta
from pathlib import Path

import yaml
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

from dags.house import START, OnlyWhileAServiceIsAway

REPORTS = Path(__file__).resolve().parent.parent / "dashboards" / "_reports.yaml"
EXPLANATION = """
**{zh} {en}**: mails the page `{page}` as PDF to the people of the role `{owner}`{when}.

- Owner 责任单位: 数据平台
- Tier 3: whoever does not get the mail opens the page
- Timetable 约定: {schedule}, Beijing time. New DAGs of this kind are paused: switch it on once GUIHU_HOME/mail.yaml names the mail server and the people
- On failure 失败时: exit code 1: the policy does not let the owner have this page. Exit code 2: the mail server or the people are not set, the log
  says what to write. Exit code 3: Superset, Chromium or the mail server was away. Clearing a run sends a page again; an alert only while it still holds.
"""


def report(name: str, entry: dict) -> DAG:
    with DAG(
        dag_id=f"report__{name}",
        description=f"{entry['title']['zh']}：邮件 (mails {entry['title']['en']})",
        doc_md=EXPLANATION.format(zh=entry["title"]["zh"], en=entry["title"]["en"], when=" when what it watches has changed" if "watch" in entry else "", **{key: entry[key] for key in ("page", "owner", "schedule")}),
        schedule=entry["schedule"],
        start_date=START,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=True,
        default_args={"owner": "数据平台"},
        tags=["report"],
    ) as dag:
        BashOperator(
            task_id="send",
            bash_command=f'exec "$GUIHU_ROOT/infra/superset/report.sh" {name}',
            retries=3,
            retry_policy=OnlyWhileAServiceIsAway(),
            execution_timeout=timedelta(minutes=10),
            pool="default_pool",
        )
    return dag


text = yaml.load(REPORTS.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
for name, entry in (text["reports"] | text["alerts"]).items():
    globals()[f"report__{name}"] = report(name, entry)
