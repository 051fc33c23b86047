"""Start everything, side by side, and wait until it answers."""

import shutil
import socket
import subprocess
import time

import httpx

from infra.operate import processes, secrets
from infra.operate.airflow_api import Airflow
from infra.operate.faults import NotStarted
from infra.operate.progress import Steps, console
from infra.operate.services import AIRFLOW_PROGRAMS, SUPERVISOR, Supervisor, environment, services
from spark_jobs.settings import CHECKOUT, HOST, Settings

START_SECONDS = 240
POOLS = {
    "engine": (2, "Commands that work in the Spark engine: two at once on two cores"),
    "reference": (1, "Code lists: other feeds wait for them, so they have a lane of their own"),
}
PARTS = ("Airflow database", "dashboards", "engine", "Airflow", "Superset", "Delta Sharing", "DAGs")


def up(settings: Settings) -> None:
    """All services healthy. Running ones are left alone, so a second `up` costs a second."""
    supervisor = Supervisor(settings)
    if not supervisor.is_running():
        prepare(settings)
    with Steps(*PARTS) as steps:
        started = time.monotonic()
        if not supervisor.is_running():
            start_supervisor(settings, supervisor)
        wait_until_healthy(settings, supervisor, steps)
        wait_for_dags(settings, steps)
    console.print(f"  everything answers after {time.monotonic() - started:.1f} s")


def prepare(settings: Settings) -> None:
    """Folders, keys, free ports; what a killed run left behind is ended first."""
    for folder in (settings.inbox, settings.landing, settings.lake, settings.releases, settings.log, settings.home / "airflow", settings.home / "superset"):
        folder.mkdir(parents=True, exist_ok=True)
    settings.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    secrets.make_all(settings)
    left = processes.of_deployment(settings.home)
    if left:
        console.print(f"  ending {len(left)} process(es) that a killed run left behind")
        processes.end_or_fail(left)
    for service in services(settings):
        for port in service.ports:
            owner = processes.listening_on(port)
            if owner is not None:
                said = owner if isinstance(owner, str) else processes.describe(owner)
                raise NotStarted(f"port {port} ({service.name}) is taken by {said}. Stop that, or choose other ports: GUIHU_PORT=19080 make up")
    if len(str(settings.run / "supervisor.sock")) > 100:
        raise NotStarted(f"the path {settings.home} is too long for a socket: choose a shorter GUIHU_HOME")
    remove_old_logs(settings)


def remove_old_logs(settings: Settings, days: int = 14) -> None:
    """Airflow keeps a log of every task run for ever; two weeks are enough here."""
    oldest = time.time() - days * 86400
    for folder in (settings.log / "airflow").glob("dag_id=*/run_id=*"):
        if folder.stat().st_mtime < oldest:
            shutil.rmtree(folder)


def start_supervisor(settings: Settings, supervisor: Supervisor) -> None:
    command = [settings.environments / "lake" / "bin" / "supervisord", "-c", CHECKOUT / "infra" / "supervisor" / "supervisord.conf"]
    done = subprocess.run(command, env=environment(settings, SUPERVISOR), cwd=CHECKOUT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise NotStarted(f"supervisord did not start: {done.stderr.strip() or done.stdout.strip()}")
    deadline = time.monotonic() + 20
    while not supervisor.is_running():
        if time.monotonic() > deadline:
            raise NotStarted(f"supervisord does not answer; see {settings.log / 'supervisord.log'}")
        time.sleep(0.1)


def wait_until_healthy(settings: Settings, supervisor: Supervisor, steps: Steps) -> None:
    """Engine, Airflow, Superset and Delta Sharing start side by side; each gets its own seconds."""
    airflow = Airflow(settings)
    checks = {
        "engine": lambda: answers(settings.connect_port) and answers(settings.thrift_port),
        "Airflow": lambda: not airflow.unhealthy(),
        "Superset": lambda: says(settings.superset_port, "/health", 200),
        "Delta Sharing": lambda: says(settings.sharing_port, "/delta-sharing/shares", 401),  # whoever shows no token is refused
    }
    preparations = [Preparation(settings, *work) for work in preparatory_work(settings)]
    for part in (*(preparation.name for preparation in preparations), *checks):
        steps.begin(part)
    deadline = time.monotonic() + START_SECONDS
    while checks or preparations:
        for preparation in [preparation for preparation in preparations if preparation.is_finished()]:
            steps.finish(preparation.name)
            supervisor.start_all(preparation.opens)
            preparations.remove(preparation)
        for part in [part for part, is_healthy in checks.items() if is_healthy()]:
            steps.finish(part)
            del checks[part]
        refuse_dead(settings, supervisor)
        if time.monotonic() > deadline:
            raise NotStarted(f"{' and '.join(checks)} did not answer within {START_SECONDS} s; see the logs in {settings.log}")
        time.sleep(0.2)


def preparatory_work(settings: Settings):
    """What must be done before which programs may start; each costs nothing when it was done before."""
    migrate = [CHECKOUT / "infra" / "airflow" / "migrate.sh"]
    load = [settings.environments / "superset" / "bin" / "python", "-m", "dashboards.load"]
    return [("Airflow database", migrate, AIRFLOW_PROGRAMS), ("dashboards", load, ("superset",))]


class Preparation:
    """One program that runs to its end while the engine starts, and the services that wait for it."""

    def __init__(self, settings: Settings, name: str, command: list, opens: tuple[str, ...]):
        self.name, self.opens = name, opens
        self.log = settings.log / f"{'-'.join(name.lower().split())}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, env=environment(settings, SUPERVISOR), cwd=CHECKOUT, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def is_finished(self) -> bool:
        if self.process.poll() not in (None, 0):
            raise NotStarted(f"{self.name} failed with exit code {self.process.returncode}. The end of {self.log}:\n{tail(self.log)}")
        return self.process.returncode == 0


def refuse_dead(settings: Settings, supervisor: Supervisor) -> None:
    for name, program in supervisor.states().items():
        if program["statename"] == "FATAL":
            log = settings.log / f"{name}.log"
            raise NotStarted(f"{name} does not stay up ({program['spawnerr']}). The end of {log}:\n{tail(log)}")


def tail(path, lines: int = 20) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.is_file() else "(no log)"


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def says(port: int, path: str, status: int) -> bool:
    try:
        return httpx.get(f"http://{HOST}:{port}{path}", timeout=5, trust_env=False).status_code == status
    except httpx.HTTPError:
        return False


def wait_for_dags(settings: Settings, steps: Steps) -> None:
    """Airflow has read dags/: one DAG a contract and the two that tie them together."""
    airflow = Airflow(settings)
    with steps.step("DAGs"):
        deadline = time.monotonic() + 90
        while "marts" not in (known := airflow.dag_ids()) or "landing" not in known:
            if time.monotonic() > deadline:
                raise NotStarted("Airflow has not read dags/:\n" + "\n".join(airflow.import_errors()))
            time.sleep(0.5)
        for name, (slots, purpose) in POOLS.items():
            airflow.make_pool(name, slots, purpose)
        steps.detail("DAGs", f"{len(known)} DAGs")
