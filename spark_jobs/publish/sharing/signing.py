"""What the server gives away and wants back unchanged: addresses of files that end, and tokens of pages. Both carry an HMAC-SHA-256."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import Any

from spark_jobs.settings import Settings

LIFETIME = 900  # seconds that an address of a file lives


class Forged(ValueError):
    """It was not this server that wrote this, or not for this; or its time is over."""


def signature(settings: Settings, *parts: Any) -> str:
    text = json.dumps([str(part) for part in parts], ensure_ascii=True)
    return hmac.new(settings.secret("share_signing").encode(), text.encode(), hashlib.sha256).hexdigest()


def signed_query(settings: Settings, path: str, recipient: str) -> tuple[str, int]:
    """Query string of a file's address, and the second at which it ends."""
    expires = int(time.time()) + LIFETIME
    return f"recipient={recipient}&expires={expires}&signature={signature(settings, 'file', path, recipient, expires)}", expires


def check_file(settings: Settings, path: str, recipient: str, expires: str, given: str) -> None:
    """Raises Forged."""
    expected = signature(settings, "file", path, recipient, expires)
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape")):
        raise Forged("the signature does not belong to this address")
    if int(expires) < time.time():
        raise Forged("this address has ended: ask for the table again")


def page_token(settings: Settings, scope: str, offset: int) -> str:
    return base64.urlsafe_b64encode(f"{offset}.{signature(settings, 'page', scope, offset)}".encode()).decode()


def page_offset(settings: Settings, scope: str, token: str) -> int:
    """Where the next page starts. Raises Forged."""
    try:
        offset, _, given = base64.urlsafe_b64decode(token.encode("ascii")).decode("ascii").partition(".")
    except (UnicodeError, binascii.Error) as fault:
        raise Forged("this is no page token of this server") from fault
    if not hmac.compare_digest(signature(settings, "page", scope, offset), given):
        raise Forged("this page token was not given for this list")
    return int(offset)
