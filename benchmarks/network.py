"""A TCP relay before a pool that delays, and counts requests and bytes."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["Traffic", "relay"]

_START_SECONDS = 10.0
_STOP_SECONDS = 10.0
_CHUNK_BYTES = 256 * 1024
_REQUEST_LINES = (b"POST /", b"GET /", b"PUT /", b"DELETE /")


@dataclass
class Traffic:
    """What has passed so far.

    Attributes:
        endpoint: Where the pool is reached through the relay.
        requests: HTTP requests, counted by their first bytes (each is sent in one piece).
        sent_bytes: Bytes to the pool.
        received_bytes: Bytes from the pool.
    """

    endpoint: str = ""
    requests: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0


@contextmanager
def relay(endpoint: str, *, delay_seconds: float) -> Iterator[Traffic]:
    """Relay to a pool's endpoint, each piece later by a delay, until the block ends."""
    traffic = Traffic()
    started: Future[Callable[[], None]] = Future()
    thread = threading.Thread(
        target=lambda: asyncio.run(_serve(endpoint, delay_seconds, traffic, started)),
        name="relay",
        daemon=True,
    )
    thread.start()
    stop = started.result(_START_SECONDS)
    try:
        yield traffic
    finally:
        stop()
        thread.join(_STOP_SECONDS)


async def _serve(
    endpoint: str,
    delay_seconds: float,
    traffic: Traffic,
    started: Future[Callable[[], None]],
) -> None:
    target = urlsplit(endpoint)
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    relaying: set[asyncio.Task[None]] = set()

    def sent(piece: bytes) -> None:
        traffic.requests += piece.startswith(_REQUEST_LINES)
        traffic.sent_bytes += len(piece)

    def received(piece: bytes) -> None:
        traffic.received_bytes += len(piece)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own = asyncio.current_task()
        assert own is not None  # noqa: S101 -- this is a coroutine
        relaying.add(own)
        there, back = await asyncio.open_connection(target.hostname, target.port)
        try:
            await asyncio.gather(
                _pump(reader, back, delay_seconds, sent),
                _pump(there, writer, delay_seconds, received),
            )
        except (OSError, asyncio.CancelledError):
            pass  # the connection broke, or the relay ends
        finally:
            relaying.discard(own)
            for side in (back, writer):
                side.close()
                with contextlib.suppress(OSError):
                    await side.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    traffic.endpoint = f"{target.scheme}://127.0.0.1:{port}"

    def stop() -> None:
        loop.call_soon_threadsafe(stopping.set)

    started.set_result(stop)
    await stopping.wait()
    server.close()
    for task in relaying:
        task.cancel()
    if relaying:
        await asyncio.wait(set(relaying), timeout=_STOP_SECONDS)


async def _pump(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    delay_seconds: float,
    note: Callable[[bytes], None],
) -> None:
    """Copy until the end, in order, each piece after the delay."""
    loop = asyncio.get_running_loop()
    while piece := await reader.read(_CHUNK_BYTES):
        note(piece)
        if delay_seconds:
            loop.call_later(delay_seconds, writer.write, piece)
        else:
            writer.write(piece)
    await asyncio.sleep(delay_seconds)
    writer.close()
