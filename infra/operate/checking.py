"""Static checks and the tests that need no service, one after the other, all of them even when one fails."""

import subprocess
import sys
import time
from pathlib import Path

from infra.operate.progress import console
from infra.operate.services import environment
from spark_jobs.settings import CHECKOUT, Settings

PROGRAMS = Path(sys.executable).parent


def check(settings: Settings) -> bool:
    commands = {
        "style (ruff)": [PROGRAMS / "ruff", "check", "--output-format", "concise", "."],
        "import law (import-linter)": [PROGRAMS / "lint-imports", "--no-logo"],
        "tests without services (pytest)": [sys.executable, "-m", "pytest", "-m", "not service", "--numprocesses", "auto", "--dist", "loadfile", "tests"],
    }
    results = {name: passes(name, command, settings) for name, command in commands.items()}
    return all(results.values())


def passes(name: str, command: list, settings: Settings) -> bool:
    """Run it, show what it says, tell seconds and outcome."""
    started = time.monotonic()
    code = subprocess.run(command, cwd=CHECKOUT, env=environment(settings)).returncode
    outcome = "[green]passed[/]" if code == 0 else f"[red]failed (exit code {code})[/]"
    console.print(f"  {time.monotonic() - started:6.1f} s  {name}: {outcome}\n")
    return code == 0
