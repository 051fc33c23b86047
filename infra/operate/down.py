"""Stop everything, and prove by process ids and ports that nothing is left."""

import time

from infra.operate import processes
from infra.operate.progress import Steps, console
from infra.operate.services import SUPERVISOR, Supervisor, services
from infra.operate.up import answers
from spark_jobs.settings import Settings

STOP_SECONDS = 90


def down(settings: Settings) -> None:
    """Everything stopped. Ends what a killed supervisor left too, and fails unless no process and no port is left."""
    started = time.monotonic()
    supervisor = Supervisor(settings)
    if supervisor.is_running():
        with Steps(*(service.name for service in services(settings))) as steps:
            stop_all(settings, supervisor, steps)
    left = processes.of_deployment(settings.home)
    if left:
        console.print(f"  {len(left)} process(es) without a supervisor: ending them")
        processes.end_or_fail(left)
    taken = [port for service in services(settings) for port in service.ports if answers(port)]
    if taken:
        console.print(f"  [yellow]note[/] port(s) {', '.join(map(str, taken))} are held by something that is not ours (make doctor tells what)")
    console.print(f"  nothing is left running ({time.monotonic() - started:.1f} s)")


def stop_all(settings: Settings, supervisor: Supervisor, steps: Steps) -> None:
    """First what gives work, then what works for it, then supervisord itself."""
    guard = processes.of_deployment(settings.home, SUPERVISOR)
    first = ["scheduler", "dag-processor", "superset"]
    stop_some(settings, supervisor, first, steps)
    stop_some(settings, supervisor, [service.name for service in services(settings) if service.name not in first], steps)
    supervisor.shut_down()
    processes.wait_for_end(guard, seconds=20)


def stop_some(settings: Settings, supervisor: Supervisor, names: list[str], steps: Steps) -> None:
    """Ask them all at once, and watch each one go."""
    waiting = {name: processes.of_deployment(settings.home, name) for name in names}
    for name in names:
        steps.begin(name)
    supervisor.stop(names)
    started = time.monotonic()
    while waiting and time.monotonic() < started + STOP_SECONDS:
        for name in [name for name, members in waiting.items() if not any(map(processes.is_alive, members))]:
            steps.finish(name)
            del waiting[name]
        if list(waiting) == ["engine"] and time.monotonic() > started + 5:
            steps.detail("engine", "writing its class archive, once: the next start takes 3 s instead of 11")
        time.sleep(0.1)
