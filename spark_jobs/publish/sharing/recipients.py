"""Who may read shares: a name, a role, a token that ends. Of the token only the SHA-256 is kept; the profile file is its only copy."""

import hashlib
import hmac
import json
import os
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from spark_jobs.files import exclusive, read_json, write_json
from spark_jobs.publish import audit, policy
from spark_jobs.settings import HOST, Settings

NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
LONGEST_DAYS = 366
PREFIX = "/delta-sharing"


class RecipientRefused(ValueError):
    """The name, the role or the time is not one that a recipient can have; the message says why."""


@dataclass(frozen=True)
class Recipient:
    name: str
    role: str
    token_sha256: str
    created_at: str
    expires_at: str
    revoked_at: str | None = None

    @property
    def is_valid(self) -> bool:
        return self.revoked_at is None and datetime.now(UTC) < datetime.fromisoformat(self.expires_at)


def add(settings: Settings, name: str, role: str, days: int, port: int, to: Path | None = None) -> Path:
    """Make a recipient and write its profile (mode 0600). Raises RecipientRefused, UnknownRole or DoorClosed."""
    policy.require(role, "share")
    if not NAME.fullmatch(name):
        raise RecipientRefused(f"{name!r} is no name: small letters, digits and . _ -, at most 63")
    if not 1 <= days <= LONGEST_DAYS:
        raise RecipientRefused(f"a token lives 1 to {LONGEST_DAYS} days, not {days}")
    token, now = secrets.token_urlsafe(32), datetime.now(UTC).replace(microsecond=0)
    with _locked(settings):
        known = every(settings)
        if name in known and known[name].is_valid:
            raise RecipientRefused(f"{name} has a token already: `guihu share recipient revoke {name}` ends it")
        expires = (now + timedelta(days=days)).isoformat()
        path = _write_profile(to or settings.home / "shares" / "profiles" / f"{name}.share", token, expires, port)
        _keep(settings, known | {name: Recipient(name, role, digest(token), now.isoformat(), expires)})
    audit.record(settings, "share", action="recipient added", recipient=name, role=role, expires_at=expires)
    return path


def revoke(settings: Settings, name: str) -> None:
    """End the token now; addresses that were already signed for it end with it. Raises RecipientRefused where there is none."""
    with _locked(settings):
        known = every(settings)
        if name not in known or not known[name].is_valid:
            raise RecipientRefused(f"there is no recipient {name!r} with a token; there are {', '.join(n for n, r in known.items() if r.is_valid) or 'none'}")
        _keep(settings, known | {name: Recipient(**asdict(known[name]) | {"revoked_at": datetime.now(UTC).isoformat(timespec="seconds")})})
    audit.record(settings, "share", action="recipient revoked", recipient=name)


def every(settings: Settings) -> dict[str, Recipient]:
    path = _file(settings)
    return {name: Recipient(**told) for name, told in read_json(path).items()} if path.is_file() else {}


def of_token(settings: Settings, token: str) -> Recipient | None:
    """The recipient with this token, valid or not. Every digest is compared in constant time."""
    asked = digest(token)
    found = [recipient for recipient in every(settings).values() if hmac.compare_digest(recipient.token_sha256, asked)]
    return found[0] if found else None


def digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _write_profile(path: Path, token: str, expires: str, port: int) -> Path:
    """The profile file of the protocol (shareCredentialsVersion 1)."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    profile = {"shareCredentialsVersion": 1, "endpoint": f"http://{HOST}:{port}{PREFIX}", "bearerToken": token, "expirationTime": expires.replace("+00:00", "Z")}
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(profile, file, indent=1)
    return path


def _keep(settings: Settings, known: dict[str, Recipient]) -> None:
    write_json(_file(settings), {name: asdict(recipient) for name, recipient in known.items()})


def _file(settings: Settings) -> Path:
    return settings.home / "shares" / "recipients.json"


def _locked(settings: Settings):
    return exclusive(settings.run / "locks" / "recipients.lock")
