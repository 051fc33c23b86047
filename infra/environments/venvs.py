"""uv, Python 3.11 and the locked environments. An environment counts only when its stamp equals its lock."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Optional

from infra.environments.shell import Missing, apt_install, fingerprint, is_root, report, run

LOCKS = Path(__file__).resolve().parent
OLDEST_UV = (0, 8)
PYTHONS = ("python3.11", "python3.12")
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
NETWORK_FIX = "check the network or the package mirror (UV_DEFAULT_INDEX, PIP_INDEX_URL), then run it again: it goes on where it stopped"


def find_or_install_uv(target: Path) -> str:
    """A uv that is new enough: on PATH, or installed before, or installed now from its lock."""
    own = target / "tool" / "bin" / "uv"
    for candidate in (shutil.which("uv"), str(own)):
        if candidate and uv_version(candidate) >= OLDEST_UV:
            return candidate
    started = time.monotonic()
    make_tool_environment(target / "tool")
    command = [str(own.with_name("python")), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(LOCKS / "tool.txt")]
    run(command, "installing uv", NETWORK_FIX)
    report("uv", started)
    return str(own)


def uv_version(uv: str) -> tuple:
    """(major, minor) of a uv, (0, 0) when it does not run."""
    try:
        said = subprocess.run([uv, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=30).stdout
    except OSError:
        return (0, 0)
    found = re.search(r"uv (\d+)\.(\d+)", said)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


def make_tool_environment(folder: Path) -> None:
    """A plain virtual environment for uv alone. Debian keeps the module for it in python3-venv."""
    if subprocess.run([sys.executable, "-c", "import ensurepip, venv"], stderr=subprocess.DEVNULL).returncode != 0:
        apt_install("python3-venv")
    run([sys.executable, "-m", "venv", "--clear", str(folder)], "python3 -m venv", "apt-get install python3-venv")


def find_python(uv: str) -> str:
    """Path of a Python 3.11 or 3.12; Debian's own is installed when there is none and we are root."""
    for name in PYTHONS:
        found = subprocess.run(
            [uv, "python", "find", "--no-project", "--no-python-downloads", name[len("python") :]],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        if found.returncode == 0:
            return found.stdout.strip()
    if not is_root():
        raise Missing("Python 3.11 or 3.12", "ask the administrator for: apt-get install python3.11")
    apt_install("python3.11")
    return "/usr/bin/python3.11"


def install(target: Path, name: str, uv: str, python: str, extra: Optional[str] = None) -> None:
    """The environment `name` exactly as locked, and on top of it the lock `extra` when asked for."""
    folder = target / name
    settle(folder, name, lock_stamp(name), lambda: build(folder, name, uv, python))
    if extra:
        settle(folder, extra, lock_stamp(name, extra), lambda: add(folder, extra, uv))


def settle(folder: Path, lock: str, wanted: str, build_it) -> None:
    """Run the builder unless the stamp says it was finished with this very lock. The stamp is written last."""
    stamp = folder / f".{lock}.installed"
    python_is_there = (folder / "bin" / "python").exists()  # false when the Python it was made from is gone
    if python_is_there and stamp.is_file() and stamp.read_text() == wanted:
        return
    started = time.monotonic()
    build_it()
    stamp.write_text(wanted)
    report(f"environment {folder.name}" + (f" + {lock}" if lock != folder.name else ""), started)


def lock_stamp(*locks: str) -> str:
    return fingerprint(*((LOCKS / f"{lock}.txt").read_text() for lock in locks))


def build(folder: Path, name: str, uv: str, python: str) -> None:
    """From nothing, in place: what an interrupted run left behind is cleared."""
    for stamp in folder.glob(".*.installed"):
        stamp.unlink()
    run([uv, "venv", "--quiet", "--no-project", "--clear", "--python", python, str(folder)], f"making environment {name}", NETWORK_FIX)
    add(folder, name, uv)


def add(folder: Path, lock: str, uv: str) -> None:
    """Install a lock with its hashes, bytecode compiled: without it each program starts two to four times slower."""
    command = [uv, "pip", "install", "--quiet", "--require-hashes", "--python", str(folder), "-r", str(LOCKS / f"{lock}.txt")]
    variables = {"UV_COMPILE_BYTECODE": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_HTTP_TIMEOUT": "180"}
    if SYSTEM_CERTIFICATES.exists():  # offices have mirrors and proxies with certificates of their own
        variables.update(UV_SYSTEM_CERTS="true", UV_NATIVE_TLS="true")  # the new and the old name
    if "PIP_INDEX_URL" in os.environ and not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & set(os.environ):
        variables["UV_DEFAULT_INDEX"] = os.environ["PIP_INDEX_URL"]
    run(command, f"installing {lock}.txt", NETWORK_FIX, **variables)
