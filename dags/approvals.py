"""Each open request for data becomes a question to the department that owns the table: one DAG a department, its people answer on Airflow's page Required Actions."""

from datetime import timedelta
from pathlib import Path

import yaml
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Param, literal

from dags.house import START, guihu

POLICY = Path(__file__).resolve().parent.parent / "infra" / "policy.yaml"
GRANT, REFUSE = "批准 · Grant", "拒绝 · Refuse"
QUESTION_EXPIRES = timedelta(days=14)
ASKING = """
Looks for requests for data (`guihu request ask`) that nobody decided, and starts the DAG of the department that decides, once for each.

- Owner 责任单位: 数据平台
- Tier 3: a request waits, and can be decided by `guihu request grant` or `refuse` meanwhile
- Timetable 约定: every ten minutes
- On failure 失败时: read the log; nothing is lost, the next run looks again.
"""
DECIDING = """
Asks **{name}** about one request for its data: who asks, for which table, what for. The answer, its reason and who gave it are kept with the request.

- Owner 责任单位: {name}
- Tier 3: the request waits
- Timetable 约定: when somebody asks; a question that nobody answers within {days} days ends
- On failure 失败时: `ask` red: nobody answered in time: clear it to ask again. `decide` red: its log says why, mostly that no reason was given (clear
  `ask`, answer with one) or that the request was decided by the command `guihu request` meanwhile (nothing is to be done).
"""


def as_run(request: dict) -> dict:
    """The run that asks. Its name is the request's: it is asked once. What people wrote is no template."""
    return {"trigger_dag_id": f"approvals__{request['decider']}", "trigger_run_id": f"request_{request['request']}", "conf": literal(request)}


def decider(login: str, name: str) -> DAG:
    with DAG(
        dag_id=f"approvals__{login}",
        description=f"{name}：审批数据申请 (decides on requests for its data)",
        doc_md=DECIDING.format(name=name, days=QUESTION_EXPIRES.days),
        schedule=None,
        start_date=START,
        catchup=False,
        max_active_runs=100,
        default_args={"owner": name},
        tags=["approvals"],
    ) as dag:
        ask = HITLOperator(
            task_id="ask",
            subject="{{ dag_run.conf['consumer'] }} → {{ dag_run.conf['table'] }}",
            body="用途 · Purpose:\n\n```\n{{ dag_run.conf['purpose'] }}\n```\n\n期限 · Days: {{ dag_run.conf['days'] }}. 批准后仍经披露控制 · What is granted still passes disclosure control.",
            options=[GRANT, REFUSE],
            params={"because": Param("", type="string", title="理由（必填）· Because (required)")},
            assigned_users=[{"id": login, "name": login}],
            response_timeout=QUESTION_EXPIRES,
        )
        answer = "ti.xcom_pull(task_ids='ask')"
        ask >> guihu(
            "decide",
            f'request "$VERDICT" "$REQUEST" --as {login} --by="$ANSWERED_BY" --because="$BECAUSE"',
            # as variables: what people write never becomes part of a command line
            env={
                "VERDICT": f"{{{{ 'grant' if {answer}['chosen_options'] == ['{GRANT}'] else 'refuse' }}}}",
                "REQUEST": "{{ dag_run.conf['request'] }}",
                "ANSWERED_BY": f"{{{{ {answer}['responded_by_user']['name'] }}}}",
                "BECAUSE": f"{{{{ {answer}['params_input'].get('because', '') }}}}",
            },
            append_env=True,
            pool="default_pool",
            execution_timeout=timedelta(minutes=5),
        )
    return dag


with DAG(
    dag_id="approvals",
    description="数据申请：请责任部门审批 (asks departments to decide on requests for data)",
    doc_md=ASKING,
    schedule="*/10 * * * *",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "数据平台"},
    tags=["platform", "approvals"],
):
    requests = guihu(
        "requests", "request list --state asked --format json", output_processor=yaml.safe_load, pool="default_pool", execution_timeout=timedelta(minutes=5)
    )
    TriggerDagRunOperator.partial(task_id="ask_the_owner", skip_when_already_exists=True, execution_timeout=timedelta(minutes=5)).expand_kwargs(requests.output.map(as_run))

for department, told in yaml.load(POLICY.read_text(), Loader=yaml.CSafeLoader)["roles"]["department"]["for_each"].items():
    dag = decider(f"department_{department}", told["name_zh"])
    globals()[dag.dag_id] = dag
