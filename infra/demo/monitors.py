"""Synthetic pollutant monitors that talk to a gateway (environment.pollutant_discharge): hourly values in HJ 212-2017 or 2025.

    python -m infra.demo.monitors --port 9212 --monitors 100 --hours 24 --seed 1

Each monitor keeps a connection, sends an hour, waits for the answer and sends the next. Half stand at sewage outlets, half at
stacks; one in five emits twice the usual. One message in 200 is sent twice, one in 500 first with a wrong CRC, then right. Nothing here was measured.
"""

import argparse
import asyncio
import resource
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from infra.demo.draw import uniform
from spark_jobs.ingest.hj212.packets import END, packed

HOST = "127.0.0.1"
AGAIN, BROKEN = 1 / 200, 1 / 500
VERSION = {"2017": 4, "2025": 8}
POLLUTING = (4, 7)  # last figure of the stations that emit twice the usual: of sewage and of flue gas
# factor: usual value, spread as a factor (units by the code table of HJ 212-2017, annex B)
SEWAGE = {"w00000": (17.5, 1.5), "w01001": (7.5, 1.1), "w01018": (40, 2), "w21003": (2, 3), "w21011": (0.3, 3)}
STACK = {"a00000": (60_000, 1.5), "a19001": (6, 1.4), "a21026": (20, 3), "a21002": (40, 2), "a34013": (5, 3)}
NO_POLLUTANT = {"w00000", "w01001", "a00000", "a19001"}  # flows, pH, oxygen


@dataclass
class Tally:
    """What the monitors sent, and how long each waited for its answer (seconds)."""

    sent: int = 0
    again: int = 0
    broken: int = 0
    waits: list[float] = field(default_factory=list)


def main(arguments: list[str] | None = None) -> int:
    """Let them talk, and say what it took."""
    options = _options(arguments)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each monitor is an open connection
    started = time.monotonic()
    tally = asyncio.run(_all(options))
    waits, seconds = sorted(tally.waits), time.monotonic() - started
    print(
        f"{options.monitors:,} monitors × {options.hours} hours: {len(waits):,} messages acknowledged, {len(waits) / seconds:,.0f} a second, "
        f"answer after p50 {waits[len(waits) // 2] * 1000:.0f} ms, p99 {waits[len(waits) * 99 // 100] * 1000:.0f} ms; {tally.again} sent twice, {tally.broken} with a wrong CRC first"
    )
    return 0


def hour_of(station: int, hour: int, seed: int, start: datetime, edition: str) -> bytes:
    """The packet of a monitor's hour."""
    factors = STACK if station % 2 else SEWAGE
    draw = uniform(seed, f"monitor {station}", np.arange(hour * len(factors), (hour + 1) * len(factors)))
    begins = start + timedelta(hours=hour)
    fields = []
    for (factor, (usual, spread)), chance in zip(factors.items(), draw, strict=True):
        average = usual * spread ** (2 * chance - 1) * (2 if station % 10 in POLLUTING and factor not in NO_POLLUTANT else 1)
        fields.append(f"{factor}-Min={average / 1.2:.3f},{factor}-Avg={average:.3f},{factor}-Max={average * 1.3:.3f},{factor}-Flag=N")
    number = (begins + timedelta(hours=1)).strftime("%Y%m%d%H%M%S") + f"{station % 1000:03d}"
    head = f"QN={number};ST={31 if station % 2 else 32};CN=2061;PW=123456;MN=45{station:022X};Flag={VERSION[edition] | 1}"
    return packed(f"{head};CP=&&DataTime={begins:%Y%m%d%H%M%S};{';'.join(fields)}&&".encode())


async def _all(options: argparse.Namespace) -> Tally:
    """Every monitor connects before the first one speaks."""
    tally = Tally()
    connections = [await asyncio.open_connection(HOST, options.port) for _ in range(options.monitors)]
    await asyncio.gather(*(_talk(station, *connection, options, tally) for station, connection in enumerate(connections)))
    return tally


async def _talk(station: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, options: argparse.Namespace, tally: Tally) -> None:
    chances = uniform(options.seed, f"manners of monitor {station}", np.arange(options.hours))
    for hour, chance in enumerate(chances):
        packet = hour_of(station, hour, options.seed, options.start, options.edition)
        if chance < BROKEN:
            writer.write(packet[:-3] + bytes([packet[-3] ^ 1]) + END)  # the last figure of the CRC is another one
            tally.broken += 1
        twice = chance > 1 - AGAIN
        for _ in range(1 + twice):
            begun = time.monotonic()
            writer.write(packet)
            answer = await reader.readuntil(END)
            if b"CN=9014" not in answer:
                raise RuntimeError(f"monitor {station} was answered {answer!r}")
            tally.waits.append(time.monotonic() - begun)
        tally.sent += 1
        tally.again += twice
    writer.close()


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.demo.monitors", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=9212, help="of the gateway")
    parser.add_argument("--monitors", type=int, default=100)
    parser.add_argument("--hours", type=int, default=24, help="messages of each monitor")
    parser.add_argument("--start", type=datetime.fromisoformat, default=datetime(2026, 8, 1), help="the first hour")
    parser.add_argument("--edition", choices=sorted(VERSION), default="2025")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
