"""Brings Superset up to date in one process: its own database, roles, logins and the dashboards. Nothing is served, DuckDB is not opened.

    PYTHONPATH=<checkout> env/superset/bin/python -m dashboards.load [--home FOLDER] [--force]

Call it once before the web server starts. It does nothing (in well under a second) when neither the files nor the policy changed since the last time.
Passwords are read from <home>/secrets/password_<login>, made when absent (0600).
"""

import argparse
import hashlib
import os
import sys
import time
from pathlib import Path

import yaml

from spark_jobs.files import write_json
from spark_jobs.publish import policy
from spark_jobs.settings import CHECKOUT, from_environment

ADMIN = "admin"
WATCHED = ("dashboards", "infra/superset", "infra/policy.yaml", "infra/environments/superset.txt", "dbt_project")


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.home:
        os.environ["GUIHU_HOME"] = str(Path(options.home).resolve())
    os.environ.setdefault("SUPERSET_CONFIG_PATH", str(CHECKOUT / "infra" / "superset" / "superset_config.py"))
    mark = from_environment().home / "superset" / "loaded.sha256"
    wanted = fingerprint()
    if not options.force and mark.exists() and mark.read_text() == wanted:
        print("dashboards: nothing changed")
        return 0
    started = time.monotonic()
    load()
    mark.write_text(wanted)
    print(f"dashboards: loaded in {time.monotonic() - started:.1f} s")
    return 0


def load() -> None:
    """Database, permissions, roles, logins, assets, who may open which dashboard; then whatever is no longer described goes."""
    from flask import g
    from superset.app import create_app

    from dashboards.compile import compile_assets, data_date_queries
    from dashboards.spec import read_dashboards

    assets, dashboards = compile_assets(), read_dashboards()
    write_json(from_environment().home / "superset" / "data_dates.json", data_date_queries(dashboards))
    app = create_app()
    with app.app_context():
        from dashboards import people

        upgrade(app)
        g.user = people.make_admin(ADMIN, password_of(ADMIN))
        import_assets(assets)
        prune(assets)
        roles = people.make_roles(dashboards)
        people.open_dashboards(dashboards, roles)
        for login, role in roles.items():
            people.make_login(login, policy.role(login).label, role, password_of(login))
            people.set_first_page(login, policy.role(login).first_page)
            people.give_sample_queries(login)


def upgrade(app) -> None:
    """Superset's tables and its permission list; both are skipped by their own look at what exists."""
    import superset
    from flask_migrate import upgrade as migrate
    from superset.extensions import appbuilder, security_manager

    migrate(directory=str(Path(superset.__file__).parent / "migrations"))
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()


def import_assets(assets: dict[str, str]) -> None:
    from superset.commands.importers.v1.assets import ImportAssetsCommand

    ImportAssetsCommand(assets).run()


def prune(assets: dict[str, str]) -> None:
    """Removes dashboards, charts and datasets that no file describes any more: all of ours have a uuid that a file holds."""
    from superset import db
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    described = {yaml.safe_load(text).get("uuid") for text in assets.values()}
    for model in (Dashboard, Slice, SqlaTable):
        for thing in db.session.query(model):
            if str(thing.uuid) not in described and _is_ours(thing):
                db.session.delete(thing)
    db.session.commit()


def _is_ours(thing) -> bool:
    """What people built themselves in Superset has a random uuid (version 4) and stays; ours are named (version 5)."""
    return thing.uuid is not None and thing.uuid.version == 5


def password_of(login: str) -> str:
    return from_environment().secret(f"password_{login}")


def fingerprint() -> str:
    """Hash of every file and password that decides what Superset holds."""
    digest = hashlib.sha256()
    for login in (ADMIN, *policy.roles()):
        digest.update(f"{login}:{password_of(login)}\n".encode())
    for watched in WATCHED:
        start = CHECKOUT / watched
        paths = [start] if start.is_file() else sorted(path for path in start.rglob("*") if path.is_file() and path.suffix in (".yaml", ".yml", ".py", ".css", ".json"))
        for path in paths:
            digest.update(f"{path.relative_to(CHECKOUT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dashboards.load", description=__doc__.split("\n")[0])
    parser.add_argument("--home", help="the folder everything is kept in (default: GUIHU_HOME, else .guihu in the checkout)")
    parser.add_argument("--force", action="store_true", help="load even when nothing changed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
