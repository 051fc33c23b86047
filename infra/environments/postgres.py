"""PostgreSQL 15 from Debian, for the business systems that tests and demonstration pull from: its programs, no cluster of its own."""

from pathlib import Path

from infra.environments.shell import apt_install, is_root

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
SETTINGS = Path("/etc/postgresql-common/createcluster.d/guihu.conf")  # read by pg_createcluster(1)


def install_postgres() -> None:
    """Debian would make and start a cluster on port 5432; nobody here asked for that."""
    if (PROGRAMS / "initdb").exists():
        return
    if is_root():
        SETTINGS.parent.mkdir(parents=True, exist_ok=True)
        SETTINGS.write_text("create_main_cluster = false\n")
    apt_install("postgresql-15")
