"""The gateway: an asyncio TCP server that keeps what pollutant monitors send and answers as HJ 212 says.

A connection is read, its messages are on disk, its answers are sent, and only then it is read again: a sender that is
faster than the disk is held back by TCP. The same message again (MN, QN, CN, PNO and data area) is answered again and kept once.
"""

import asyncio
import hashlib
import resource
import signal
from collections import OrderedDict
from collections.abc import Callable
from datetime import date

from expectations.feed import Feed
from spark_jobs.files import exclusive
from spark_jobs.ingest.gateway.segments import REMEMBERED, Segments
from spark_jobs.ingest.hj212 import Fault
from spark_jobs.ingest.hj212.answers import answers
from spark_jobs.ingest.hj212.messages import Message, message_of
from spark_jobs.ingest.hj212.packets import HEAD, LONGEST, cut
from spark_jobs.settings import HOST, Settings

READ = 64 << 10  # bytes taken from a connection at once
IDLE_SECONDS = 3600  # a silent connection is closed: monitors report at least every hour (HJ 212-2017, 6.8)
FOREIGN_LINES = 3  # so many lines in a row that do not begin as a packet: the sender is no monitor
BACKLOG = 1024
IN_FORCE = {"2017": date(2017, 5, 1), "2025": date(2026, 1, 1)}


class GatewayBusy(RuntimeError):
    """Another gateway writes segments in this home."""


def serve(settings: Settings, feed: Feed, port: int, edition: str, seconds: float, messages: int, tell: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT. `edition` is 2017, 2025 or auto: every edition that has come into force.

    Raises GatewayBusy, and OSError where the port is taken or the disk does not keep what is written.
    """
    async def run() -> None:
        segments = Segments(settings, feed, seconds, messages, tell)
        await Gateway(segments, editions_spoken(edition, date.today()), tell).run(port)

    try:
        with exclusive(settings.run / "locks" / "gateway.lock", wait=False):
            asyncio.run(run())
    except BlockingIOError as fault:
        raise GatewayBusy(f"another gateway runs in {settings.home}; it must end first") from fault


def editions_spoken(edition: str, today: date) -> frozenset[str]:
    """The editions that are acknowledged. Monitors of the 2017 edition go on after 2025's has come into force."""
    if edition == "auto":
        return frozenset(name for name, day in IN_FORCE.items() if day <= today)
    return frozenset({edition})


class Gateway:
    """One running gateway."""

    def __init__(self, segments: Segments, editions: frozenset[str], tell: Callable[[str], None]):
        self.segments, self.editions, self.tell = segments, editions, tell
        self.known: OrderedDict[bytes, None] = OrderedDict()
        self.counts = dict.fromkeys(("messages", "repeated", "faulty", "connections"), 0)

    async def run(self, port: int) -> None:
        """Recover, serve, and on a signal keep what was received, deliver it and end."""
        self.segments.recover()
        for line in self.segments.remembered():
            self._know(line)
        _allow_many_connections()
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        writer, stopped = asyncio.create_task(self.segments.write()), asyncio.create_task(stop.wait())
        server = await asyncio.start_server(self._connection, HOST, port, limit=READ, backlog=BACKLOG)
        self.tell(f"HJ 212 gateway on {HOST}:{server.sockets[0].getsockname()[1]}, editions {', '.join(sorted(self.editions))}, {len(self.known):,} messages remembered")
        await asyncio.wait({writer, stopped}, return_when=asyncio.FIRST_COMPLETED)
        server.close()
        self.segments.stop()
        await writer  # raises what stopped it
        await asyncio.to_thread(self.segments.deliver_rest)
        self.tell("stopped: " + ", ".join(f"{count:,} {name}" for name, count in self.counts.items()) + f", {self.segments.delivered:,} deliveries")

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.counts["connections"] += 1
        peer = "{}:{}".format(*writer.get_extra_info("peername")[:2])
        try:
            await self._converse(reader, writer, peer)
        except TimeoutError:
            self.tell(f"{peer}: closed: silent for {IDLE_SECONDS} s")
        except OSError as fault:  # the connection broke, or the disk did: then the gateway ends, and nothing was answered
            self.tell(f"{peer}: ended: {fault}")
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str) -> None:
        """Read, keep, answer, until the sender ends or proves to be no monitor."""
        rest, foreign = b"", 0
        while received := await _read(reader):
            lines, rest = cut(rest + received)
            endless = len(rest) > LONGEST
            if endless:
                lines, rest = [*lines, rest], b""
            replies = [self._take(line, peer) for line in lines]
            if lines:
                await self.segments.synced()
                writer.write(b"".join(replies))
                async with asyncio.timeout(IDLE_SECONDS):  # a sender that takes no answers is not read either
                    await writer.drain()
            for line in lines:
                foreign = 0 if line.startswith(HEAD) else foreign + 1
            if endless or foreign >= FOREIGN_LINES:
                self.tell(f"{peer}: closed: what it sends are no HJ 212 packets")
                return
        if rest:
            self._take(rest, peer)  # a message that its sender never finished
            await self.segments.synced()

    def _take(self, line: bytes, peer: str) -> bytes:
        """Keep a line unless it is known; its answers, to be sent once it is on disk. A faulty one is kept and never answered."""
        try:
            message = message_of(line)
        except Fault as fault:
            self.counts["faulty"] += 1
            self.tell(f"{peer}: {fault}")
            self.segments.add(line)
            return b""
        self.counts["messages"] += 1
        if self._remember(message):
            self.segments.add(line)
        else:
            self.counts["repeated"] += 1
        return answers(message, self.editions)

    def _know(self, line: bytes) -> None:
        """Remember a line of an earlier delivery."""
        try:
            self._remember(message_of(line))
        except Fault:
            return  # a faulty line is kept each time it comes

    def _remember(self, message: Message) -> bool:
        """Whether the message is new."""
        name = _identity(message)
        if name in self.known:
            return False
        self.known[name] = None
        if len(self.known) > REMEMBERED:
            self.known.popitem(last=False)
        return True


async def _read(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(IDLE_SECONDS):
        return await reader.read(READ)


def _identity(message: Message) -> bytes:
    told = f"{message.mn};{message.qn};{message.cn};{message.packet};{message.area}"
    return hashlib.blake2b(told.encode(), digest_size=16).digest()


def _allow_many_connections() -> None:
    """A thousand monitors need more open files than the 1,024 that a process gets by default."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
