"""Running programs and telling people: what the parts of the installer share."""

import hashlib
import os
import subprocess
import time
from pathlib import Path
from typing import List, Optional

DROPPED_VARIABLES = ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")


class Missing(Exception):
    """Something that cannot be installed here: what it is, and the command or step that fixes it."""

    def __init__(self, what: str, fix: str):
        super().__init__(what)
        self.what, self.fix = what, fix


def report(done: str, started: float) -> None:
    print(f"  {time.monotonic() - started:6.1f} s  {done}", flush=True)


def run(command: List[str], doing: str, fix: str, cwd: Optional[Path] = None, **variables: str) -> str:
    """Standard output of the command; Missing with the end of what it said when it fails."""
    environment = {name: value for name, value in os.environ.items() if name not in DROPPED_VARIABLES}
    environment.update(variables)
    done = subprocess.run(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    if done.returncode != 0:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-12:])
        raise Missing(f"{doing} failed with exit code {done.returncode}:\n{said}", fix)
    return done.stdout


def is_root() -> bool:
    return os.geteuid() == 0


def apt_install(*packages: str) -> None:
    """Debian packages, by root alone."""
    names = " ".join(packages)
    fix = f"apt-get update && apt-get install {names}"
    if not is_root():
        raise Missing(f"Debian package(s) {names}, and this user is not root", f"ask the administrator for: {fix}")
    started = time.monotonic()
    run(["apt-get", "update", "-qq"], "apt-get update", fix)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    run(command, f"apt-get install {names}", fix, DEBIAN_FRONTEND="noninteractive")
    report(f"{names} (apt-get)", started)


def fingerprint(*parts: str) -> str:
    """One digest of what an installation was made from; kept beside it as its stamp."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
