"""Many monitors at once: PORT CONNECTIONS MESSAGES. Each sends a message, waits for its answer, and sends the next. Prints what it took."""

import asyncio
import resource
import sys
import time


async def main(port: int, connections: int, messages: int) -> None:
    waits: list[float] = []
    ready, begin = asyncio.Semaphore(0), asyncio.Event()

    async def monitor(station: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        ready.release()
        await begin.wait()
        for number in range(messages):
            started = time.monotonic()
            writer.write(packet(f"QN={20260801000000000 + number};ST=32;CN=2011;PW=123456;MN={station:024d};Flag=5;CP=&&DataTime=20260801000000;"
                                "w00000-Rtd=17.5,w00000-Flag=N;w01001-Rtd=7.5,w01001-Flag=N;w01018-Rtd=40.1,w01018-Flag=N;w21003-Rtd=1.02,w21003-Flag=N&&"))  # fmt: skip
            answer = await reader.readuntil(b"\r\n")
            assert b"CN=9014" in answer, answer
            waits.append(time.monotonic() - started)
        writer.close()

    tasks = [asyncio.create_task(monitor(station)) for station in range(connections)]
    for _ in range(connections):
        await ready.acquire()
    started = time.monotonic()
    begin.set()
    await asyncio.gather(*tasks)
    seconds = time.monotonic() - started
    waits.sort()
    print(f"{connections:,} connections × {messages} messages: {len(waits) / seconds:,.0f} acknowledged a second, "
          f"answer after p50 {waits[len(waits) // 2] * 1000:.0f} ms, p99 {waits[len(waits) * 99 // 100] * 1000:.0f} ms")  # fmt: skip


def packet(segment: str) -> bytes:
    register = 0xFFFF
    for byte in segment.encode():
        register = (register >> 8) ^ byte
        for _ in range(8):
            register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return f"##{len(segment):04d}{segment}{register:04X}\r\n".encode()


resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
asyncio.run(main(*(int(argument) for argument in sys.argv[1:])))
