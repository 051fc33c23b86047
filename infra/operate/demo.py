"""From nothing to dashboards: start, deliver the demonstration files, let Airflow bring them in, look at the result."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime

from infra.operate import headlines
from infra.operate.airflow_api import Airflow
from infra.operate.dashboards import Reader
from infra.operate.faults import Fault
from infra.operate.progress import Steps, console
from infra.operate.services import environment
from infra.operate.up import up
from spark_jobs.publish import policy
from spark_jobs.settings import CHECKOUT, HOST, Settings

WAIT_SECONDS = 900
OVER = ("success", "failed")
FEED_DAGS = "ingest__"
LOGINS = ("leader", "analyst", "data_engineer", "researcher", "public", "city_450300", "department_market")
LOOKING_AROUND_AS = "data_engineer"  # may open every dashboard


def demo(settings: Settings) -> None:
    started = time.monotonic()
    up(settings)
    before = current_release(settings)
    airflow = Airflow(settings)
    with Steps("deliver", "land", "feeds", "marts and release", "dashboards") as steps:
        since = datetime.now(UTC)
        with steps.step("deliver"):
            deliver(settings, airflow, steps)
        with steps.step("land"):
            land(settings, airflow, since, steps)
            again = clear_failed(airflow)
        with steps.step("feeds"):
            loaded = wait_for_feeds(airflow, since, again, steps)
        with steps.step("marts and release"):
            build(settings, airflow, since, loaded, steps)
        with steps.step("dashboards"):
            addresses = open_dashboards(settings, steps)
    tell(settings, addresses, new_deliveries=loaded, before=before)
    console.print(f"\ndone in {time.monotonic() - started:.0f} s, without installing; the seconds of each step stand above")


def deliver(settings: Settings, airflow: Airflow, steps: Steps) -> None:
    """The files into the inbox while nobody looks into it, so that they arrive as one burst."""
    airflow.pause("landing", True)
    files = run_module(settings, "infra.demo.deliver")
    steps.detail("deliver", f"{len(files)} files; now a database, an interface and monitors")
    online = run_module(settings, "infra.demo.online")
    left_out = next((line for line in online if line.startswith("left out")), "a database, an interface and monitors were asked")
    steps.detail("deliver", f"{len(files)} files; {left_out}")


def run_module(settings: Settings, module: str) -> list[str]:
    """The lines that a part of infra.demo prints."""
    done = subprocess.run([sys.executable, "-m", module, "--home", settings.home], cwd=CHECKOUT, env=environment(settings), capture_output=True, text=True)
    if done.returncode != 0:
        raise Fault(f"{module} failed: {done.stderr.strip()}")
    return done.stdout.splitlines()


def land(settings: Settings, airflow: Airflow, since: datetime, steps: Steps) -> None:
    """The DAG `landing`, now instead of at the next minute, until the inbox is empty and its runs are over."""
    airflow.pause("landing", False)
    airflow.trigger("landing")
    for _ in patiently("the DAG landing"):
        runs = airflow.runs("landing", run_after_gte=since.isoformat())
        waiting = [path for path in settings.inbox.rglob("*") if path.is_file()]
        steps.detail("land", f"{len(waiting)} files in the inbox")
        if failed := [run for run in runs if run["state"] == "failed"]:
            raise Fault(explain(airflow, failed[0]))
        if not waiting and all(run["state"] in OVER for run in runs):
            return


def clear_failed(airflow: Airflow) -> list[dict]:
    """Runs of feeds that failed before (an engine that was away, a demonstration that was broken off) are tried again."""
    failed = [run for run in airflow.runs(state="failed") if run["dag_id"].startswith(FEED_DAGS)]
    for run in failed:
        airflow.clear(run["dag_id"], run["dag_run_id"])
    return failed


def wait_for_feeds(airflow: Airflow, since: datetime, again: list[dict], steps: Steps) -> int:
    """Every run of a feed's DAG over. Returns how many brought new rows; a failed one ends the demonstration."""
    for _ in patiently("the feeds"):
        runs = [run for run in airflow.runs(run_after_gte=since.isoformat()) if run["dag_id"].startswith(FEED_DAGS)]
        runs += [airflow.run(run["dag_id"], run["dag_run_id"]) for run in again]
        over = [run for run in runs if run["state"] in OVER]
        under_way = [run["dag_id"].removeprefix(FEED_DAGS) for run in runs if run["state"] == "running"]
        steps.detail("feeds", f"{len(over)} of {len(runs)} deliveries, now {', '.join(under_way) or 'none'}")
        if len(over) == len(runs):
            break
    if failed := [run for run in over if run["state"] == "failed"]:
        raise Fault("\n".join(explain(airflow, run) for run in failed))
    loaded = [run for run in over if any(task["state"] == "success" for task in airflow.tasks(run["dag_id"], run["dag_run_id"]))]
    steps.detail("feeds", f"{len(over)} deliveries, {len(loaded)} with new rows")
    return len(loaded)


def build(settings: Settings, airflow: Airflow, since: datetime, loaded: int, steps: Steps) -> None:
    """The DAG `marts`, which follows the feeds by itself; started by hand only when an earlier one did not get to a release."""
    if not loaded and (current_release(settings) is None or last_failed(airflow)):
        airflow.trigger("marts")
    elif not loaded:
        steps.detail("marts and release", "nothing new: nothing to build")
        return
    for _ in patiently("the DAG marts"):
        runs = airflow.runs("marts", run_after_gte=since.isoformat())
        tasks = airflow.tasks("marts", runs[0]["dag_run_id"]) if runs else []
        steps.detail("marts and release", next((task["task_id"] for task in tasks if task["state"] == "running"), "waiting"))
        if failed := [run for run in runs if run["state"] == "failed"]:
            raise Fault(explain(airflow, failed[0]))
        if runs and all(run["state"] in OVER for run in runs):
            break
    steps.detail("marts and release", f"release {current_release(settings)}")


def last_failed(airflow: Airflow) -> bool:
    return any(run["state"] == "failed" for run in airflow.runs("marts")[:1])


def open_dashboards(settings: Settings, steps: Steps) -> list[tuple[str, str]]:
    """(title, address) of every dashboard, each of which answered with its page and data."""
    reader = Reader(settings, LOOKING_AROUND_AS)
    found = [(dashboard["dashboard_title"], reader.open(dashboard)) for dashboard in reader.dashboards()]
    if not found:
        raise Fault("Superset shows no dashboard")
    steps.detail("dashboards", f"{len(found)} answered with page and data")
    return found


def patiently(what: str):
    """Once a second until the caller is content, at most WAIT_SECONDS."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        yield
        time.sleep(1)
    raise Fault(f"{what} took longer than {WAIT_SECONDS} s; make status shows the services, the page of Airflow the runs")


def explain(airflow: Airflow, run: dict) -> str:
    """Which task of a failed run failed, and the end of its log."""
    said = [f"{run['dag_id']} failed (run {run['dag_run_id']})"]
    for task in airflow.tasks(run["dag_id"], run["dag_run_id"]):
        if task["state"] == "failed":
            said.append(f"task {task['task_id']}:\n{airflow.log_tail(run['dag_id'], run['dag_run_id'], task)}")
    return "\n".join(said)


def current_release(settings: Settings) -> str | None:
    pointer = settings.releases / "current"
    return os.path.basename(os.readlink(pointer)) if pointer.is_symlink() else None


def tell(settings: Settings, addresses: list[tuple[str, str]], new_deliveries: int, before: str | None) -> None:
    """What a newcomer wants to know now."""
    console.print("\n[bold]看板 Dashboards[/]")
    for title, address in addresses:
        console.print(f"  {address}   {title}")
    console.print(f"[bold]调度 Airflow[/]\n  http://{HOST}:{settings.airflow_port}")
    console.print(f"[bold]登录 Logins[/]  (kept in {settings.home / 'secrets'})")
    for login in LOGINS:
        console.print(f"  Superset  {login:<14} {settings.secret(f'password_{login}')}")
    console.print(f"  and {len(policy.roles()) - len(LOGINS)} more, of cities and departments: password_… in the same folder")
    console.print(f"  Airflow   {'admin':<14} {settings.secret('password_airflow_admin')}")
    console.print("[bold]五个数字 Five numbers from the release[/]")
    for sentence in headlines.tell(settings):
        console.print(f"  {sentence}")
    release = current_release(settings)
    console.print("[bold]接下来 What to try next[/]")
    for line in ("./guihu feeds", "./guihu quarantine population.resident", "./guihu sql \"select * from mart.mart_operations__feed\"", "make status", "make down"):
        console.print(f"  {line}")
    if new_deliveries:
        console.print(f"\n{new_deliveries} deliveries brought new rows; release {release}")
    else:
        same = "the same release" if release == before else "release"
        console.print(f"\nnothing new: every file was known already, no new rows, {same} {release}")
