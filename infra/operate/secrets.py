"""Keys and passwords of a deployment: generated on first start, one a file, readable by their owner only."""

import base64
import json
import os
import secrets as random_secrets
from pathlib import Path

from spark_jobs.publish import policy
from spark_jobs.settings import Settings

GENERATED = (
    "connect_token",
    "thrift_password",
    "superset_secret_key",
    "airflow_secret_key",
    "airflow_jwt_secret",
    "password_airflow_admin",
)


def make_all(settings: Settings) -> None:
    """Every secret that a service reads at its start. What exists is kept."""
    for name in GENERATED:
        settings.secret(name)
    folder = settings.home / "secrets"
    write_once(folder / "airflow_fernet_key", base64.urlsafe_b64encode(random_secrets.token_bytes(32)).decode())
    write_once(folder / "airflow_passwords.json", "")
    passwords = {login: settings.secret("password_airflow_admin" if role == "admin" else f"password_{login}") for login, role in airflow_users().items()}
    (folder / "airflow_passwords.json").write_text(json.dumps(passwords))


def airflow_users() -> dict[str, str]:
    """Login → role of Airflow: the administrator, as operators those to whom the policy opens this door, as deciders those who decide on requests for their data."""
    opened = {"approvals": "decider", "airflow": "op"}  # infra/airflow/doors.py; whoever has both operates
    return {"admin": "admin"} | {role.name: may for door, may in opened.items() for role in policy.roles().values() if door in role.doors}


def write_once(path: Path, text: str) -> None:
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)


def too_open(settings: Settings) -> list[Path]:
    """Secret files or their folder that others than the owner may read."""
    folder = settings.home / "secrets"
    candidates = [folder, *folder.iterdir()] if folder.is_dir() else []
    return [path for path in candidates if path.stat().st_mode & 0o077]
