"""The systems of the demonstration, as its reader starts them: `guihu pull` finds them where the contracts say, with the password they made."""

import json
import os
import signal
import subprocess
import sys

import pytest

from spark_jobs.settings import CHECKOUT


@pytest.mark.service
@pytest.mark.timeout(180)
def test_both_systems_are_pulled_from_by_the_command_alone(tmp_path):
    environment = os.environ | {"GUIHU_HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join([str(CHECKOUT), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "infra.demo.systems", "--home", str(tmp_path), "--movements", "3000", "--readings", "3000", "--residents", "20000"]
    systems = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert "environment.surface_water" in systems.stdout.readline()
        for feed in ("population.movement", "environment.surface_water"):
            done = subprocess.run([sys.executable, "-m", "spark_jobs.cli", "pull", feed, "--format", "json"], cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=100)
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout.splitlines()[-1])["rows"] == 3000
    finally:
        systems.send_signal(signal.SIGTERM)
        assert systems.wait(timeout=60) == 0
