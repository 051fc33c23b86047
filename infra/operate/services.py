"""The services of a deployment: their names, ports, environment, and the supervisor that keeps them running."""

import os
import xmlrpc.client
from collections.abc import Iterable
from dataclasses import dataclass

from supervisor.xmlrpc import SupervisorTransport

from infra.operate import processes, secrets
from spark_jobs.settings import CHECKOUT, TIME_ZONE, Settings

SUPERVISOR = "supervisor"


@dataclass(frozen=True)
class Service:
    """One program of supervisord.conf: what it is for people, and the ports it opens."""

    name: str
    purpose: str
    ports: tuple[int, ...] = ()
    stop_seconds: int = 20


def services(settings: Settings) -> list[Service]:
    return [
        Service("engine", "Spark: Connect and Thrift", (settings.connect_port, settings.thrift_port), stop_seconds=60),
        Service("scheduler", "Airflow's scheduler and its tasks"),
        Service("dag-processor", "Airflow's reader of dags/"),
        Service("api-server", "Airflow's page and API", (settings.airflow_port,)),
        Service("superset", "the dashboards", (settings.superset_port,)),
        Service("sharing", "Delta Sharing for partners", (settings.sharing_port,)),
    ]


AIRFLOW_PROGRAMS = ("scheduler", "dag-processor", "api-server")


def environment(settings: Settings, service: str | None = None) -> dict[str, str]:
    """What a program of the lake is started with; `service` marks it as one that `down` ends.

    PYTHONDONTWRITEBYTECODE is taken out: it makes each start two to four times slower.
    """
    dropped = ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "VIRTUAL_ENV", processes.MARK)
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    mark = {processes.MARK: service} if service else {}
    return kept | mark | {
        "GUIHU_ROOT": str(CHECKOUT),
        "GUIHU_HOME": str(settings.home),
        "GUIHU_ENV": str(settings.environments),
        "GUIHU_PORT": str(settings.port),
        "GUIHU_AIRFLOW_USERS": ",".join(f"{login}:{role}" for login, role in secrets.airflow_users().items()),
        "PYTHONPATH": str(CHECKOUT),
        "TZ": TIME_ZONE,
        "LC_ALL": "C.UTF-8",
        "SPT_NOENV": "1",  # setproctitle must leave the environment readable: it carries the mark of our processes
    }


class Supervisor:
    """The running supervisord of a deployment, spoken to over its socket."""

    def __init__(self, settings: Settings):
        self.socket = settings.run / "supervisor.sock"

    @property
    def rpc(self):
        """A fresh connection each time: supervisor's own transport is of no more use once a call has failed."""
        transport = SupervisorTransport(None, None, serverurl=f"unix://{self.socket}")
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def is_running(self) -> bool:
        try:
            return self.rpc.getState()["statename"] == "RUNNING"
        except (OSError, xmlrpc.client.ProtocolError):
            return False

    def states(self) -> dict[str, dict]:
        """Of each program: statename, pid, start (seconds since 1970), spawnerr, logfile."""
        return {program["name"]: program for program in self.rpc.getAllProcessInfo()}

    def start_all(self, names: tuple[str, ...]) -> None:
        """Start those that do not run yet."""
        states = self.states()
        for name in names:
            if states[name]["statename"] not in ("RUNNING", "STARTING"):
                self.rpc.startProcess(name, False)

    def stop(self, names: Iterable[str]) -> None:
        """Ask these to stop, without waiting; shutdown alone would stop one after the other."""
        states = self.states()
        for name in names:
            if states[name]["statename"] in ("RUNNING", "STARTING"):
                self.rpc.stopProcess(name, False)

    def shut_down(self) -> None:
        self.rpc.shutdown()
