"""Pages of an HTTP interface that answers in JSON; the bodies, unchanged, become one file: a list of all pages.

Options of the contract's server: `records` and `total`, the members of a body that hold the rows and their whole number; `page`, the
parameter that asks for a page (from 1); `size` and `sizeOf`, the parameter and number of rows of a page; `since` and `watermark`, the
parameter that asks for what changed from then on, and the member of a row it is compared with (a time in ISO 8601, always in one form); `secret`, where a token is needed.

A page is asked for again, later and later, while the interface is busy, broken or cut off. What a page that fails for good leaves
behind is never landed: all pages or none.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from expectations.feed import Feed, Source
from spark_jobs.ingest.pull import Fetched, secret
from spark_jobs.ingest.refusal import Refused
from spark_jobs.lake import ServiceDown
from spark_jobs.settings import Settings

ATTEMPTS = 6  # for one page
LISTINGS = 3  # of all pages, where their total changes on the way
FIRST_WAIT, LONGEST_WAIT = 1.0, 120.0  # seconds
TIMEOUT = httpx.Timeout(30, connect=10)
LARGEST_PAGE = 64 << 20  # bytes
PASSING = {408, 429, 500, 502, 503, 504}  # RFC 9110: worth asking again


class Passing(Exception):
    """What may be gone the next time. `code` is the refusal it becomes if it stays, `after` the seconds the server asks to wait."""

    def __init__(self, code: str, detail: str, after: float = 0):
        super().__init__(detail)
        self.code, self.after = code, after


class Shifted(Exception):
    """The rows changed while their pages were read."""


def fetch(settings: Settings, feed: Feed, source: Source, begin: dict, folder: Path) -> Fetched | None:
    """All rows that changed from the watermark on; None where there are none. Raises Refused or ServiceDown."""
    headers = {"Accept": "application/json"}
    if "secret" in source.options:
        headers["Authorization"] = f"Bearer {secret(settings, source)}"
    said = Shifted()
    with httpx.Client(headers=headers, timeout=TIMEOUT) as client:
        for _ in range(LISTINGS):
            try:
                return Listing(client, feed, source, begin, folder).fetch()
            except Shifted as shifted:
                said = shifted
    raise Refused("TOTAL_CHANGED", f"{feed.id}: the rows changed in each of {LISTINGS} readings: {said} (owner: {feed.owner})")


class Listing:
    """One reading of all pages."""

    def __init__(self, client: httpx.Client, feed: Feed, source: Source, begin: dict, folder: Path):
        self.client, self.feed, self.source, self.begin, self.folder = client, feed, source, begin, folder
        self.seen: set[str] = set()
        self.etag: str | None = None
        self.newest: str | None = begin.get("to")

    def fetch(self) -> Fetched | None:
        """Write the pages to a file."""
        path, rows = self.folder / "pages", 0
        with path.open("wb") as file:
            for number, body in enumerate(self._pages()):
                file.write(b",\n" if number else b"[")
                file.write(body)
                rows += len(json.loads(body)[self.source.options["records"]])
            file.write(b"]\n")
        if not rows:
            return None
        stamp = "".join(sign if sign.isdigit() else "-" for sign in self.newest or datetime.now(UTC).isoformat(timespec="seconds"))
        path = path.rename(self.folder / f"{self.feed.id.partition('.')[2]}_until_{stamp}.json")
        return Fetched(path, rows, {"to": self.newest, "etag": self.etag, "url": str(self._url(1))})

    def _pages(self) -> Iterator[bytes]:
        """The bodies in order. Nothing where the first answer is 304, not modified. Raises Shifted where totals do not hold."""
        options, found, total, number = self.source.options, 0, None, 1
        while total is None or found < total:
            body = self._page(number)
            if body is None:
                return
            document = json.loads(body)
            rows, told = document[options["records"]], document[options["total"]]
            if total not in (None, told):
                raise Shifted(f"total {total} on page {number - 1}, {told} on page {number}")
            found, total = found + len(rows), told
            if found > total or (not rows and found < total):
                raise Shifted(f"{found} rows up to page {number}, the total is {total}")
            self.newest = max([self.newest or "", *(str(row.get(options["watermark"]) or "") for row in rows)]) or None
            yield body
            number += 1

    def _page(self, number: int) -> bytes | None:
        """A page that is whole and the one asked for. Raises ServiceDown where not even the first comes, Refused for a later one."""
        retrying = Retrying(stop=stop_after_attempt(ATTEMPTS), wait=_wait, retry=retry_if_exception_type(Passing), reraise=True)
        try:
            return retrying(self._ask, number)
        except Passing as fault:
            text = f"{self.feed.id}: page {number} of {self._url(number)} failed {ATTEMPTS} times, last: {fault}"
            if number == 1 and fault.code == "PAGE_FAILED":
                raise ServiceDown(text) from fault
            raise Refused(fault.code, f"{text}; nothing of {number - 1} good pages is taken (owner: {self.feed.owner})") from fault

    def _ask(self, number: int) -> bytes | None:
        url = self._url(number)
        conditions = {"If-None-Match": self.begin["etag"]} if number == 1 and self.begin.get("etag") and self.begin.get("url") == str(url) else {}
        try:
            with self.client.stream("GET", url, headers=conditions) as answer:
                if answer.status_code == 304 and conditions:
                    return None
                self._check_status(answer, url)
                body = self._read(answer, number)
        except httpx.TransportError as fault:
            raise Passing("PAGE_FAILED", f"{type(fault).__name__}: {fault}") from fault
        self._check_body(body, number)
        if number == 1:
            self.etag = answer.headers.get("ETag")
        return body

    def _url(self, number: int) -> httpx.URL:
        options = self.source.options
        asked = {options["page"]: str(number), options["size"]: str(options["sizeOf"])}
        if "since" in options and self.begin.get("to"):
            asked[options["since"]] = self.begin["to"]
        return httpx.URL(self.source.address["location"]).copy_merge_params(asked)

    def _check_status(self, answer: httpx.Response, url: httpx.URL) -> None:
        if answer.status_code in PASSING:
            raise Passing("PAGE_FAILED", f"{answer.status_code} {answer.reason_phrase}", _seconds(answer.headers.get("Retry-After")))
        if answer.status_code != 200:
            raise Refused("SOURCE_CHANGED", f"{self.feed.id}: {url} answers {answer.status_code} {answer.reason_phrase}, a page is expected (owner: {self.feed.owner})")

    def _read(self, answer: httpx.Response, number: int) -> bytes:
        """The body, unpacked, up to a limit: a small answer may unpack to a large one."""
        body = bytearray()
        for piece in answer.iter_bytes():
            body += piece
            if len(body) > LARGEST_PAGE:
                raise Refused("PAGE_TOO_LARGE", f"{self.feed.id}: page {number} is larger than {LARGEST_PAGE >> 20} MB (owner: {self.feed.owner})")
        return bytes(body).removeprefix(b"\xef\xbb\xbf")

    def _check_body(self, body: bytes, number: int) -> None:
        """Whole JSON with rows and total, and not a page that was read before."""
        options = self.source.options
        try:
            document: Any = json.loads(body)
        except (ValueError, RecursionError) as fault:
            raise Passing("PAGE_FAILED", f"the body is no JSON ({len(body)} bytes): {fault}") from fault
        rows = document.get(options["records"]) if isinstance(document, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or type(document.get(options["total"])) is not int:
            raise Refused("SOURCE_CHANGED", f"{self.feed.id}: page {number} has no list {options['records']!r} of objects or no number {options['total']!r} (owner: {self.feed.owner})")
        name = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
        if document.get(options["page"], number) != number or (rows and name in self.seen):
            raise Passing("PAGE_REPEATED", f"page {number} was asked for, another page came")
        self.seen.add(name)


def _wait(state: RetryCallState) -> float:
    """Seconds before the next attempt: doubled each time with jitter, and not less than the server asks."""
    asked = state.outcome.exception().after
    if asked > LONGEST_WAIT:
        raise ServiceDown(f"the interface asks to come back in {asked:.0f} s")
    return max(wait_exponential_jitter(multiplier=FIRST_WAIT, max=LONGEST_WAIT, jitter=FIRST_WAIT)(state), asked)


def _seconds(retry_after: str | None) -> float:
    """Retry-After (RFC 9110, 10.2.3) in seconds from now: a number or a date. 0 where it is missing or unreadable."""
    if retry_after is None:
        return 0
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max((parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds(), 0)
    except (ValueError, TypeError):
        return 0
