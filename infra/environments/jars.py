"""The Delta jars, fetched by the Ivy inside Spark and checked by SHA-256, and our own class for the Thrift door."""

import hashlib
import os
import shutil
import time
from pathlib import Path
from typing import Dict

from infra.environments.shell import Missing, fingerprint, report, run
from infra.environments.venvs import LOCKS

PASSWORD_SOURCE = LOCKS.parent / "engine" / "ThriftPassword.scala"


def fetch_delta(target: Path, java_home: Path) -> None:
    """All jars of jars.sha256 into GUIHU_ENV/jars. A good one is never touched; a wrong one is never accepted."""
    folder, wanted = target / "jars", wanted_digests()
    bad = [name for name, digest in wanted.items() if digest_of(folder / name) != digest]
    if not bad:
        return
    started = time.monotonic()
    fix = f"check the network, or put these files into {folder} yourself (they are checked by SHA-256): " + " ".join(bad)
    draft = target / "jars.draft"
    shutil.rmtree(draft, ignore_errors=True)
    ivy = next(spark_jars(target).glob("ivy-*.jar"))
    command = [str(java_home / "bin" / "java"), "-cp", str(ivy), "org.apache.ivy.Main", "-warn", "-confs", "default"]
    command += ["-ivy", str(LOCKS / "jars.xml"), "-cache", str(draft / "cache"), "-retrieve", str(draft / "[artifact]-[revision].[ext]")]
    run(command, "fetching the Delta jars", fix)
    folder.mkdir(exist_ok=True)
    for name in bad:
        if digest_of(draft / name) != wanted[name]:
            raise Missing(f"{name} with the SHA-256 of jars.sha256 (another file was served: {digest_of(draft / name)})", fix)
        os.replace(draft / name, folder / name)
    shutil.rmtree(draft)
    report(f"{len(bad)} Delta jars", started)


def wanted_digests() -> Dict[str, str]:
    lines = (line.split() for line in (LOCKS / "jars.sha256").read_text().splitlines())
    return {name: digest for digest, name in lines}


def digest_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "none"


def spark_jars(target: Path) -> Path:
    return next((target / "lake" / "lib").glob("python3.*")) / "site-packages" / "pyspark" / "jars"


def compile_thrift_password(target: Path, java_home: Path) -> None:
    """Compile the class that asks Thrift clients for a password, with the Scala compiler inside Spark (3 s)."""
    stamp, jar = target / "engine" / ".installed", target / "engine" / "guihu-engine.jar"
    wanted = fingerprint(PASSWORD_SOURCE.read_text(), str(sorted(spark_jars(target).glob("scala-*.jar"))))
    if jar.is_file() and stamp.is_file() and stamp.read_text() == wanted:
        return
    started = time.monotonic()
    jar.parent.mkdir(exist_ok=True)
    command = [str(java_home / "bin" / "java"), "-cp", f"{spark_jars(target)}/*", "scala.tools.nsc.Main", "-usejavacp", "-nowarn"]
    run([*command, "-d", str(jar), str(PASSWORD_SOURCE)], "compiling ThriftPassword.scala", "remove the lake environment and try again")
    stamp.write_text(wanted)
    report("engine's own class", started)
