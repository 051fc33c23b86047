"""A PostgreSQL cluster of a department's business system: Debian's server, its own folder, loopback, a free port."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
HOST, OWNER, DATABASE = "127.0.0.1", "office", "population"
START_SECONDS = 60


@dataclass(frozen=True)
class Database:
    """A running cluster. `password` is that of its owner."""

    port: int
    password: str

    def connect(self, name: str = DATABASE) -> psycopg.Connection:
        return psycopg.connect(host=HOST, port=self.port, dbname=name, user=OWNER, password=self.password)


@contextlib.contextmanager
def running(password: str, port: int = 0) -> Iterator[Database]:
    """Make and start a cluster with the database `population`, on a free port where none is given; stopped and removed at the end.

    PostgreSQL does not run as root: root hands it to the user `postgres`.
    """
    folder = Path(tempfile.mkdtemp(prefix="guihu-business-"))
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    port = port or _free_port()
    (folder / "password").write_text(password)
    for path in (folder, folder / "password"):
        os.chown(path, account.pw_uid, account.pw_gid)
    make = [PROGRAMS / "initdb", "-D", folder / "data", "-U", OWNER, "-A", "scram-sha-256", f"--pwfile={folder / 'password'}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(make, check=True, capture_output=True, cwd=folder, **identity)
    with (folder / "log").open("w") as log:
        command = [PROGRAMS / "postgres", "-D", folder / "data", "-h", HOST, "-p", str(port), "-k", folder]
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **identity)
    try:
        _wait(server, port, folder / "log")
        database = Database(port, password)
        with database.connect("postgres") as connection:
            connection.autocommit = True
            connection.execute(f"create database {DATABASE}")
        yield database
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)
        shutil.rmtree(folder)


def _wait(server: subprocess.Popen, port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    ready = [PROGRAMS / "pg_isready", "-q", "-h", HOST, "-p", str(port)]
    while subprocess.run(ready).returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text()[-2000:]}")
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
