"""A TCP relay before a pool that delays, and counts requests and bytes.

It is a process of its own, which takes no time from the frontend that measures.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

__all__ = ["Traffic", "relay"]

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_CHUNK_BYTES = 256 * 1024
_REQUEST_LINES = (b"POST /", b"GET /", b"PUT /", b"DELETE /")
_REQUESTS, _SENT, _RECEIVED, _PIECES = range(4)


@dataclass(frozen=True)
class Traffic:
    """What has passed so far.

    Attributes:
        endpoint: Where the pool is reached through the relay.
        counts: Shared with the relay's process, which alone writes it.
    """

    endpoint: str
    counts: ctypes.Array[ctypes.c_longlong]

    @property
    def requests(self) -> int:
        """HTTP requests, counted by their first bytes."""
        return int(self.counts[_REQUESTS])

    @property
    def sent_pieces(self) -> int:
        """In how many pieces they came; a short request that was written at once is one."""
        return int(self.counts[_PIECES])

    @property
    def sent_bytes(self) -> int:
        """Bytes to the pool."""
        return int(self.counts[_SENT])

    @property
    def received_bytes(self) -> int:
        """Bytes from the pool."""
        return int(self.counts[_RECEIVED])


@contextmanager
def relay(endpoint: str, *, delay_seconds: float) -> Iterator[Traffic]:
    """Relay to a pool's endpoint, each piece later by a delay, until the block ends.

    Raises:
        RuntimeError: The relay's process did not start in time.
    """
    context = multiprocessing.get_context("spawn")
    counts = context.RawArray(ctypes.c_longlong, 4)
    here, there = context.Pipe()
    process = context.Process(
        target=_run, args=(endpoint, delay_seconds, counts, there), name="relay", daemon=True
    )
    process.start()
    there.close()
    try:
        if not here.poll(_START_SECONDS):
            raise RuntimeError(f"the relay did not start within {_START_SECONDS:.0f} seconds")
        yield Traffic(str(here.recv()), counts)
    finally:
        here.close()  # which is what the relay ends by
        process.join(_STOP_SECONDS)
        process.kill()


def _run(
    endpoint: str,
    delay_seconds: float,
    counts: ctypes.Array[ctypes.c_longlong],
    parent: Connection,
) -> None:
    asyncio.run(_serve(endpoint, delay_seconds, counts, parent))


async def _serve(
    endpoint: str,
    delay_seconds: float,
    counts: ctypes.Array[ctypes.c_longlong],
    parent: Connection,
) -> None:
    target = urlsplit(endpoint)
    stopping = asyncio.Event()
    relaying: set[asyncio.Task[None]] = set()

    def sent(piece: bytes) -> None:
        counts[_REQUESTS] += piece.startswith(_REQUEST_LINES)
        counts[_SENT] += len(piece)
        counts[_PIECES] += 1

    def received(piece: bytes) -> None:
        counts[_RECEIVED] += len(piece)

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
    asyncio.get_running_loop().add_reader(parent.fileno(), stopping.set)
    parent.send(f"{target.scheme}://127.0.0.1:{port}")
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
