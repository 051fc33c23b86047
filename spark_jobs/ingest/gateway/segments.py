"""Segment files: messages are appended and synced in groups, and a finished segment becomes a delivery in landing.

GUIHU_HOME/gateway/open/<name>      being written; after a crash it is finished by the next start
GUIHU_HOME/gateway/closed/<name>    finished, on its way to landing
GUIHU_HOME/gateway/recent.json      the last deliveries: what must be known to recognise a message that is sent again

A message may be acknowledged once `synced` has returned. Ways out that a kill can take: an open segment is closed at the next
start, a closed one is received again, which changes nothing if landing has its bytes already.
"""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from expectations.feed import Feed
from spark_jobs.faultpoint import faultpoint
from spark_jobs.files import read_json, sync, write_json
from spark_jobs.ingest import landing
from spark_jobs.ingest.hj212.packets import END, cut
from spark_jobs.settings import Settings

REMEMBERED = 200_000  # messages whose deliveries are read at the start, so that a repetition is recognised
SUFFIX = ".hj212"


class Segments:
    """The segment that is being written, and the way of finished ones to landing."""

    def __init__(self, settings: Settings, feed: Feed, seconds: float, messages: int, tell: Callable[[str], None]):
        self.settings, self.feed, self.seconds, self.messages, self.tell = settings, feed, seconds, messages, tell
        self.opened, self.closed = settings.home / "gateway" / "open", settings.home / "gateway" / "closed"
        self.recent = settings.home / "gateway" / "recent.json"
        self.delivered = 0
        self._file = None
        self._count, self._began, self._serial = 0, 0.0, 0
        self._batch, self._writing = _Batch(), _Batch.finished()
        self._wake = asyncio.Event()
        self._stopping = False

    def recover(self) -> None:
        """Deliver what an earlier process left.

        The last line of a segment that a crash tore has no CRLF: it was never synced whole, so never acknowledged, and is cut off.
        """
        for folder in (self.opened, self.closed):
            folder.mkdir(parents=True, exist_ok=True)
        for path in self.opened.iterdir():
            _cut_torn_line(path)
        self.deliver_rest()

    def remembered(self) -> Iterator[bytes]:
        """The lines of the last deliveries, oldest first."""
        for delivery in read_json(self.recent) if self.recent.is_file() else []:
            yield from cut(landing.landed_file(self.settings, delivery["sha256"]).read_bytes())[0]

    def add(self, line: bytes) -> None:
        """Put a line, without CRLF, into the next group that is written."""
        self._batch.lines.append(line)
        self._wake.set()

    async def synced(self) -> None:
        """Return when every line added so far is on disk. Raises what the writing raised."""
        batch = self._batch if self._batch.lines else self._writing
        await asyncio.shield(batch.done)

    async def write(self) -> None:
        """Write group after group until `stop`. While one group is synced the next gathers: a thousand connections share one sync."""
        try:
            while not (self._stopping and not self._batch.lines):
                await self._wait_for_lines()
                self._writing, self._batch = self._batch, _Batch()
                try:
                    await asyncio.to_thread(self._append, self._writing.lines)
                except OSError as fault:  # the disk is full or gone: nobody is told that anything is safe
                    for batch in (self._writing, self._batch):
                        if batch.lines:
                            batch.done.set_exception(fault)
                    raise
                self._writing.done.set_result(None)
        finally:
            if self._file:
                self._file.close()

    def stop(self) -> None:
        """Let `write` end after what was added; the last segment is delivered."""
        self._stopping = True
        self._wake.set()

    def deliver_rest(self) -> None:
        """Finish and deliver every segment; none is being written."""
        for path in sorted(self.opened.iterdir()):
            self._close(path)
        for path in sorted(self.closed.glob(f"*{SUFFIX}")):
            self._deliver(path)

    async def _wait_for_lines(self) -> None:
        """Until there are lines, the segment is old enough to be closed, or the gateway stops."""
        self._wake.clear()
        if self._batch.lines or self._stopping:
            return
        left = self._began + self.seconds - time.monotonic() if self._count else None
        try:
            await asyncio.wait_for(self._wake.wait(), left if left is None else max(left, 0))
        except TimeoutError:
            return  # nothing came: the segment is due

    def _append(self, lines: list[bytes]) -> None:
        """One write and one sync for the group, then close the segment where it is full or old."""
        if lines:
            if self._file is None:
                self._open()
            faultpoint("before segment write")
            self._file.write(b"".join(line + END for line in lines))
            self._file.flush()
            faultpoint("before segment sync")
            os.fdatasync(self._file.fileno())
            faultpoint("after segment sync")
            self._count += len(lines)
        if self._count >= self.messages or (self._count and time.monotonic() - self._began >= self.seconds):
            path = Path(self._file.name)
            self._file.close()
            self._file, self._count = None, 0
            self._deliver(self._close(path))

    def _open(self) -> None:
        self._serial += 1
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        name = f"{self.feed.id.partition('.')[2]}_{stamp}_{self._serial}{SUFFIX}"
        self._file = (self.opened / name).open("xb")
        self._began = time.monotonic()
        sync(self.opened)

    def _close(self, path: Path) -> Path | None:
        """Move an open segment, with its manifest, to the closed ones. An empty one is removed."""
        if not path.stat().st_size:
            path.unlink()
            return None
        data = path.read_bytes()
        target = self.closed / path.name
        manifest = {"rows": len(cut(data)[0]), "sha256": hashlib.sha256(data).hexdigest(), "note": "HJ 212 gateway"}
        write_json(target.with_name(target.name + landing.MANIFEST_SUFFIX), manifest)
        faultpoint("before segment is closed")
        path.replace(target)
        sync(self.closed)
        return target

    def _deliver(self, path: Path) -> None:
        """Give a closed segment to landing, remember it, and remove it here."""
        faultpoint("before segment is received")
        delivery, is_new = landing.receive(self.settings, self.feed, path)
        faultpoint("after segment is received")
        self._remember(delivery.sha256, delivery.manifest["rows"])
        path.with_name(path.name + landing.MANIFEST_SUFFIX).unlink(missing_ok=True)
        path.unlink()
        self.delivered += is_new
        self.tell(f"{path.name}: delivery {delivery.delivery_id}, {delivery.manifest['rows']} messages{'' if is_new else ', received before'}")

    def _remember(self, sha256: str, messages: int) -> None:
        known = [entry for entry in (read_json(self.recent) if self.recent.is_file() else []) if entry["sha256"] != sha256]
        known.append({"sha256": sha256, "messages": messages})
        while len(known) > 1 and sum(entry["messages"] for entry in known) > REMEMBERED:
            known.pop(0)
        write_json(self.recent, known)


class _Batch:
    """Lines that are written and synced together."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.done: asyncio.Future = asyncio.get_running_loop().create_future()

    @classmethod
    def finished(cls) -> "_Batch":
        batch = cls()
        batch.done.set_result(None)
        return batch


def _cut_torn_line(path: Path) -> None:
    data = path.read_bytes()
    whole = data.rfind(END) + len(END) if END in data else 0
    if whole < len(data):
        with path.open("r+b") as file:
            file.truncate(whole)
            os.fsync(file.fileno())
