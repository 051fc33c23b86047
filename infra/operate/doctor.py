"""What is wrong with this machine or this setup, in words, each with its fix."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.environments import jars, java, venvs
from infra.operate import processes, secrets
from infra.operate.progress import console
from infra.operate.services import Supervisor, services
from spark_jobs.settings import CHECKOUT, Settings

DISK_NEEDED_GB, DISK_WANTED_GB = 2, 8
MEMORY_NEEDED_GB, MEMORY_WANTED_GB = 4, 6
ENVIRONMENTS = ("lake", "airflow", "superset")


@dataclass(frozen=True)
class Finding:
    """Something good (no fix), or something wrong and what to do about it. A warning does not stop the lake."""

    said: str
    fix: str = ""
    is_warning: bool = False


def doctor(settings: Settings) -> bool:
    """Print every finding; true when nothing stops the lake."""
    sick = False
    for check in CHECKS:
        for finding in check(settings):
            sick |= bool(finding.fix) and not finding.is_warning
            mark = "[green]✓[/]" if not finding.fix else "[yellow]![/]" if finding.is_warning else "[red]✗[/]"
            console.print(f"{mark} {finding.said}")
            if finding.fix:
                console.print(f"    → {finding.fix}")
    return not sick


def folders(settings: Settings) -> Iterator[Finding]:
    place = settings.home if settings.home.exists() else settings.home.parent
    if not os.access(place, os.W_OK):
        yield Finding(f"{place} cannot be written by this user", f"chown it to {os.environ.get('USER', 'you')}, or set GUIHU_HOME to a folder of your own")
    elif len(str(settings.run / "supervisor.sock")) > 100:
        yield Finding(f"the path {settings.home} is too long for a Unix socket", "choose a shorter GUIHU_HOME")
    else:
        yield Finding(f"everything is kept under {settings.home}")


def room(settings: Settings) -> Iterator[Finding]:
    place = settings.home if settings.home.exists() else CHECKOUT
    free = shutil.disk_usage(place).free / 2**30
    fix = f"free space on the disk of {place}, or set GUIHU_HOME to another disk"
    yield Finding(f"{free:.0f} GB of disk free", fix if free < DISK_WANTED_GB else "", is_warning=free >= DISK_NEEDED_GB)
    running = bool(processes.of_deployment(settings.home))
    memory = psutil.virtual_memory().available / 2**30
    short = memory < MEMORY_WANTED_GB and not running
    fix = "end other programs, or give Spark less: GUIHU_SPARK_MEMORY=1g make up"
    yield Finding(f"{memory:.1f} GB of memory available, {os.cpu_count()} cores", fix if short else "", is_warning=memory >= MEMORY_NEEDED_GB)


def environments(settings: Settings) -> Iterator[Finding]:
    for name in ENVIRONMENTS:
        stamp = settings.environments / name / f".{name}.installed"
        if not stamp.is_file():
            yield Finding(f"environment {name} is missing or was not finished", "infra/bootstrap")
        elif stamp.read_text() != venvs.lock_stamp(name):
            yield Finding(f"environment {name} is older than infra/environments/{name}.txt", "infra/bootstrap")
        else:
            yield Finding(f"environment {name} equals its lock")


def engine_parts(settings: Settings) -> Iterator[Finding]:
    remembered = settings.environments / "java_home"
    home = Path(remembered.read_text().strip()) if remembered.is_file() else None
    found = java.version(home / "bin" / "java") if home else None
    if found in java.GOOD_VERSIONS:
        yield Finding(f"Java {found} in {home}")
    else:
        yield Finding("no Java 17 or 21 where it was found before" if home else "no Java 17 or 21", "infra/bootstrap  (or apt-get install openjdk-17-jre-headless)")
    bad = [name for name, digest in jars.wanted_digests().items() if jars.digest_of(settings.environments / "jars" / name) != digest]
    strange = sorted({jar.name for jar in (settings.environments / "jars").glob("*.jar")} - set(jars.wanted_digests()))
    yield Finding(f"Delta jars missing or changed: {' '.join(bad)}" if bad else "Delta jars have their SHA-256", "infra/bootstrap" if bad else "")
    if strange:
        yield Finding(f"jars that nobody asked for: {' '.join(strange)}", f"remove them from {settings.environments / 'jars'}")


def running_services(settings: Settings) -> Iterator[Finding]:
    supervisor = Supervisor(settings)
    if supervisor.is_running():
        for name, program in supervisor.states().items():
            if program["statename"] not in ("RUNNING", "STARTING"):
                yield Finding(f"{name} is {program['statename'].lower()} ({program['spawnerr'] or 'no reason given'})", f"read {settings.log / name}.log, then make up")
        yield Finding("the supervisor is running")
    elif left := processes.of_deployment(settings.home):
        yield Finding(f"a killed run left {len(left)} process(es): {processes.describe(left[0])} …", "make down")
    else:
        yield Finding("nothing is running", "make up", is_warning=True)


def ports(settings: Settings) -> Iterator[Finding]:
    own = {process.pid for process in processes.of_deployment(settings.home)}
    taken = 0
    for service in services(settings):
        for port in service.ports:
            owner = processes.listening_on(port)
            if owner is not None and (isinstance(owner, str) or owner.pid not in own):
                taken += 1
                said = owner if isinstance(owner, str) else processes.describe(owner)
                yield Finding(f"port {port} ({service.name}) is taken by {said}", "stop it, or choose other ports: GUIHU_PORT=19080 make up")
    if not taken:
        known = sorted(port for service in services(settings) for port in service.ports)
        yield Finding(f"ports {', '.join(map(str, known))} are ours or free")
    for process_port in open_to_others(own):
        yield Finding(f"port {process_port} of ours listens on more than loopback", "stop it (make down) and tell whoever changed the settings")


def open_to_others(own: set[int]) -> list[int]:
    """Ports of our processes that other machines could reach."""
    listening = [c for c in psutil.net_connections(kind="tcp") if c.status == psutil.CONN_LISTEN and c.pid in own]
    return sorted({c.laddr.port for c in listening if c.laddr.ip.removeprefix("::ffff:") not in ("127.0.0.1", "::1")})


def keys(settings: Settings) -> Iterator[Finding]:
    if not (settings.home / "secrets").is_dir():
        return
    wrong = secrets.too_open(settings)
    if wrong:
        yield Finding(f"others may read {', '.join(path.name for path in wrong)}", f"chmod -R go-rwx {settings.home / 'secrets'}")
    else:
        yield Finding("keys and passwords are readable by their owner only")


def clock(settings: Settings) -> Iterator[Finding]:
    """A clock before the newest delivery would give knowledge dates in the past."""
    newest = max((path.stat().st_mtime for path in settings.landing.glob("*")), default=0.0)
    if newest > time.time() + 60:
        yield Finding(f"the clock ({time.strftime('%F %T')}) is behind what already lies in landing", "set the clock (timedatectl set-ntp true)")
    else:
        yield Finding(f"the clock says {time.strftime('%F %T %z')}")


def name_of_host(settings: Settings) -> Iterator[Finding]:
    """Java and Spark look up the machine's own name at start; when that hangs, the start hangs."""
    started = time.monotonic()
    try:
        socket.gethostbyname(socket.gethostname())
    except OSError:
        yield Finding(f"the machine's name {socket.gethostname()} has no address", f"add '127.0.1.1 {socket.gethostname()}' to /etc/hosts", is_warning=True)
    if time.monotonic() - started > 2:
        yield Finding("looking up the machine's own name takes seconds", f"add '127.0.1.1 {socket.gethostname()}' to /etc/hosts", is_warning=True)


def leftovers(settings: Settings) -> Iterator[Finding]:
    """Lock and socket without a supervisor, and unfinished installations."""
    if (settings.run / "supervisor.sock").exists() and not Supervisor(settings).is_running():
        yield Finding("a killed supervisor left its socket", "make down, or make up: both clear it", is_warning=True)
    if (settings.environments / "jars.draft").exists():
        yield Finding("an interrupted download of jars", "infra/bootstrap")


def tools(settings: Settings) -> Iterator[Finding]:
    absent = [name for name in ("bash", "flock", "make") if not shutil.which(name)]
    if absent:
        yield Finding(f"missing program(s): {' '.join(absent)}", "apt-get install bash util-linux make")
    limit = subprocess.run(["bash", "-c", "ulimit -n"], capture_output=True, text=True).stdout.strip()
    if re.fullmatch(r"\d+", limit) and int(limit) < 1024:
        yield Finding(f"only {limit} files may be open at once", "ulimit -n 4096 before make up")


CHECKS = (folders, room, tools, environments, engine_parts, running_services, ports, keys, clock, name_of_host, leftovers)
