"""One request: whose it is, what it carries, and the names it asks for held against what this recipient has."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from spark_jobs.publish import policy
from spark_jobs.publish.sharing import recipients, signing, tables, versions
from spark_jobs.publish.sharing.answers import Refusal
from spark_jobs.publish.sharing.recipients import Recipient
from spark_jobs.publish.sharing.versions import Versions
from spark_jobs.settings import Settings

SCHEMA = "mart"
LARGEST_BODY = 1 << 20  # bytes
LARGEST_PAGE = 500


class Call:
    """One request of one recipient, with the names it asks for checked against what this recipient has."""

    def __init__(self, settings: Settings, port: int, request: Request, recipient: Recipient | None, body: dict) -> None:
        self.settings, self.port, self.request, self.body = settings, port, request, body
        self.recipient = recipient  # None only for files, whose address is the key

    def share(self) -> str:
        return self._named("share", [self.recipient.role])

    def schema(self) -> str:
        return self._named("schema", [SCHEMA])

    def table(self, choose: Callable[[Versions], tuple[int, dict]]) -> tuple[str, int, dict]:
        """Name, version and release of the table that is asked for."""
        role = self.share()
        self.schema()
        version, release = choose(versions.readable(self.settings, role))
        return self._named("table", tables.table_names(self.settings, role, release["release_id"])), version, release

    def _named(self, kind: str, known: list[str]) -> str:
        """Names are compared without case, as the protocol wants. What is not the recipient's does not exist."""
        asked = self.request.path_params[kind].lower()
        if asked not in known:
            raise Refusal(404, f"there is no such {kind} for you; there {'is' if len(known) == 1 else 'are'} {', '.join(known)}")
        return asked

    def page(self, items: list[dict]) -> Response:
        asked, scope = self.request.query_params, f"{self.recipient.name} {self.request.url.path.lower()}"
        size, start = LARGEST_PAGE, 0
        if "maxResults" in asked:
            if not asked["maxResults"].isascii() or not asked["maxResults"].isdigit() or len(asked["maxResults"]) > 9:
                raise Refusal(400, "maxResults is a whole number from 0")
            size = min(size, int(asked["maxResults"]))
        if asked.get("pageToken"):
            try:
                start = signing.page_offset(self.settings, scope, asked["pageToken"])
            except signing.Forged as fault:
                raise Refusal(400, str(fault)) from fault
        rest = {"nextPageToken": signing.page_token(self.settings, scope, start + size)} if start + size < len(items) else {}
        return JSONResponse({"items": items[start : start + size]} | rest)

    def check_capabilities(self) -> None:
        """A client that reads nothing but the delta format is told so: this server writes the parquet format."""
        asked = self.request.headers.get("delta-sharing-capabilities", "").lower()
        formats = [part.partition("=")[2].split(",") for part in asked.split(";") if part.strip().startswith("responseformat=")]
        if formats and "parquet" not in formats[0]:
            raise Refusal(400, "only responseformat=parquet is offered")


def recipient_of(settings: Settings, request: Request) -> Recipient:
    given = request.headers.getlist("authorization")
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refusal(401, "give the token of your profile: Authorization: Bearer …")
    found = recipients.of_token(settings, token.strip())
    if found is None or found.revoked_at:
        raise Refusal(401, "this token is not known, or was revoked")
    if not found.is_valid:
        raise Refusal(401, f"this token ended on {found.expires_at}: ask for a new profile")
    try:
        policy.require(found.role, "share")
    except (policy.DoorClosed, policy.UnknownRole) as fault:
        raise Refusal(403, "your role has no share any more") from fault
    return found


async def body_of(request: Request) -> dict[str, Any]:
    content = bytearray()
    with contextlib.suppress(ClientDisconnect):
        async for piece in request.stream():
            content += piece
            if len(content) > LARGEST_BODY:
                raise Refusal(413, f"a request has at most {LARGEST_BODY:,} bytes")
    try:
        told = json.loads(content or b"{}")
    except (ValueError, RecursionError) as fault:
        raise Refusal(400, "the body is no JSON object") from fault
    if not isinstance(told, dict):
        raise Refusal(400, "the body is no JSON object")
    return told
