"""Each service on a line: state, process, port, memory, since when, where its log is."""

import time

from rich.table import Table

from infra.operate import processes
from infra.operate.progress import console
from infra.operate.services import Service, Supervisor, services
from infra.operate.up import answers
from spark_jobs.settings import Settings


def status(settings: Settings) -> bool:
    """Print the table; true when every service runs and answers on its ports."""
    supervisor = Supervisor(settings)
    states = supervisor.states() if supervisor.is_running() else {}
    table = Table(box=None, pad_edge=False)
    for column in ("service", "state", "pid", "port", "memory", "since", "log"):
        table.add_column(column, no_wrap=column != "log", overflow="fold", justify="right" if column == "memory" else "left")
    healthy = True
    for service in services(settings):
        state = state_of(service, states)
        healthy &= state == "running"
        table.add_row(*row(settings, service, states.get(service.name, {}), state))
    console.print(table)
    console.print(f"\nhome {settings.home}   supervisor {'running' if states else 'not running (make up starts everything)'}")
    total = processes.memory_bytes(processes.of_deployment(settings.home))
    console.print(f"memory of all together {total / 2**20:.0f} MB")
    return healthy


def state_of(service: Service, states: dict[str, dict]) -> str:
    """In words: running, starting, not answering, stopped …"""
    name = states.get(service.name, {}).get("statename", "STOPPED").lower()
    silent = [port for port in service.ports if not answers(port)]
    return f"not answering on {', '.join(map(str, silent))}" if name == "running" and silent else name


def row(settings: Settings, service: Service, program: dict, state: str) -> list[str]:
    members = processes.of_deployment(settings.home, service.name)
    color = {"running": "green", "stopped": "dim"}.get(state, "yellow")
    return [
        service.name,
        f"[{color}]{state}[/]",
        str(program.get("pid") or "-"),
        ", ".join(map(str, service.ports)) or "-",
        f"{processes.memory_bytes(members) / 2**20:.0f} MB",
        time.strftime("%m-%d %H:%M:%S", time.localtime(program["start"])) if state == "running" else "-",
        str(settings.log / f"{service.name}.log"),
    ]
