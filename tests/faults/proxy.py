"""A TCP proxy before a pool, which does to chosen requests what networks and gateways do.

It reads HTTP/1.1 messages whole (RFC 9112; bodies with a Content-Length, as the pool's
client and server send them), hands each request on over a connection of its own, and
counts those that execute code: a plan says which fault meets the one at which position.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

__all__ = ["Fault", "FaultProxy", "Injection", "Passage", "fault_proxy", "http_answer"]

_UPSTREAM_SECONDS = 60.0
_LARGEST_HEAD = 64 * 1024
_EXECUTE_PATHS = (b"/code/execute", b"/executions")


@dataclass(frozen=True)
class Fault:
    """Something that happens to one request.

    Attributes:
        name: What it is called in tables.
        act: Does it. What it leaves open, the connection, goes on with the next request.
    """

    name: str
    act: Callable[[Passage], Awaitable[None]]


@dataclass
class Injection:
    """A fault that has been injected.

    Attributes:
        position: Which request that executes code it has met, from 0.
        fault: The fault's name.
        was_forwarded: Whether the request has reached the pool.
    """

    position: int
    fault: str
    was_forwarded: bool = False


@dataclass
class Passage:
    """One request on its way through the proxy."""

    proxy: FaultProxy
    request: bytes
    writer: asyncio.StreamWriter
    injection: Injection | None = None

    async def forward(self) -> bytes:
        """Hand the request to the pool, and return the pool's whole answer."""
        if self.injection is not None:
            self.injection.was_forwarded = True
        return await self.proxy.ask_pool(self.request)

    async def answer(self, data: bytes) -> None:
        """Send this to the client."""
        self.writer.write(data)
        await self.writer.drain()

    def close(self) -> None:
        """End the client's connection in the orderly way, with a FIN."""
        self.writer.close()

    def reset(self) -> None:
        """End the client's connection at once, with an RST."""
        if self.writer.transport.is_closing():
            return  # the client was first, and there is no socket any more
        self.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.writer.transport.abort()


@dataclass
class FaultProxy:
    """A running proxy; see `fault_proxy`.

    Attributes:
        port: The port of 127.0.0.1 on which it listens.
        plan: Gives the fault for a position, or None.
        requests: How many requests that execute code have come.
        injections: The faults that were injected, in order.
        passing: Wakes who waits for another request to pass.
        on_held: Told when a request is held back until the client sends another one.
    """

    pool_host: str
    pool_port: int
    token: str = field(repr=False)
    port: int = 0
    plan: Callable[[int], Fault | None] = lambda _position: None
    requests: int = 0
    injections: list[Injection] = field(default_factory=list)
    passing: asyncio.Condition = field(default_factory=asyncio.Condition)
    on_held: Callable[[], None] = lambda: None
    errors: list[BaseException] = field(default_factory=list)
    _passed: int = 0
    _server: asyncio.Server | None = None
    _listening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _reservation: socket.socket | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def endpoint(self) -> str:
        """The URL that the pool's clients use."""
        return f"http://127.0.0.1:{self.port}"

    def begin(self, plan: Callable[[int], Fault | None]) -> None:
        """Count from 0 again, with another plan."""
        self.plan = plan
        self.requests = 0
        self.injections = []

    async def listen(self) -> None:
        """Listen, on the port of before if there was one."""
        async with self._listening:  # two may want it at once, and the port is there once
            if self._server is None:
                if self.port == 0:
                    self.port = self._reserve_port()
                self._server = await asyncio.start_server(
                    self._serve, "127.0.0.1", self.port, limit=_LARGEST_HEAD, reuse_address=True
                )

    def _reserve_port(self) -> int:
        """Bind a port and never listen: connections are refused, and nobody else gets it."""
        self._reservation = socket.socket()
        self._reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reservation.bind(("127.0.0.1", 0))
        return int(self._reservation.getsockname()[1])

    def refuse(self) -> None:
        """Refuse new connections until `listen` is called."""
        server, self._server = self._server, None
        if server is not None:
            server.close()

    async def aclose(self) -> None:
        """Close the port and every connection."""
        self.refuse()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._reservation is not None:
            self._reservation.close()

    def after(self, work: Awaitable[None]) -> None:
        """Do something beside the connections."""
        self._keep(asyncio.ensure_future(work))

    async def settle(self) -> None:
        """Wait until what goes on beside the connections has ended."""
        others = [task for task in self._tasks if task.get_name() != "connection"]
        await asyncio.gather(*others)

    async def others_passed(self, count: int, seconds: float) -> None:
        """Wait until so many other requests were answered by the pool, but only so long."""
        enough = self._passed + count

        async def wait() -> None:
            async with self.passing:
                await self.passing.wait_for(lambda: self._passed >= enough)

        try:
            await asyncio.wait_for(wait(), seconds)
        except asyncio.TimeoutError:
            return

    async def ask_pool(self, request: bytes) -> bytes:
        """Hand a request to the pool over a new connection; return the whole answer."""
        reader, writer = await asyncio.open_connection(self.pool_host, self.pool_port)
        try:
            writer.write(request)
            answer = await asyncio.wait_for(reader.read(), _UPSTREAM_SECONDS)
        finally:
            writer.close()
        return _without_header(answer, b"connection")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.set_name("connection")
        self._keep(task)
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                length = _header(head, b"content-length")
                assert _header(head, b"transfer-encoding") is None, "a body of unknown length"
                body = await reader.readexactly(int(length or 0))
                await self._pass(Passage(self, self._to_pool(head) + body, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # the client has gone
        finally:
            writer.close()

    async def _pass(self, passage: Passage) -> None:
        path = urlsplit(passage.request.split(b" ", 2)[1]).path
        fault = None
        if path.endswith(_EXECUTE_PATHS):
            fault = self.plan(self.requests)
            if fault is not None:
                passage.injection = Injection(self.requests, fault.name)
                self.injections.append(passage.injection)
            self.requests += 1
        if fault is not None:
            await fault.act(passage)
        else:
            await passage.answer(await passage.forward())
            async with self.passing:
                self._passed += 1
                self.passing.notify_all()

    def _to_pool(self, head: bytes) -> bytes:
        """Return a request's head with the pool's own token, for a connection of its own."""
        head = _without_header(_without_header(head, b"connection"), b"authorization")
        extra = f"Authorization: Bearer {self.token}\r\nConnection: close\r\n\r\n"
        return head[: -len(b"\r\n")] + extra.encode()

    def _keep(self, task: asyncio.Future[None]) -> None:
        assert isinstance(task, asyncio.Task)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.errors.append(error)


@asynccontextmanager
async def fault_proxy(endpoint: str, token: str) -> AsyncIterator[FaultProxy]:
    """Run a proxy before the pool at an endpoint; it brings the pool's token itself.

    An error of the proxy's own fails the test at the end of the block.
    """
    target = urlsplit(endpoint)
    assert target.hostname is not None
    assert target.port is not None
    proxy = FaultProxy(target.hostname, target.port, token)
    await proxy.listen()
    try:
        yield proxy
    finally:
        await proxy.aclose()
    faults = ["".join(traceback.format_exception(error)) for error in proxy.errors]
    assert not faults, "\n".join(faults)


def http_answer(status: int, body: bytes, *headers: tuple[str, str]) -> bytes:
    """Return a whole answer with this status, body and headers."""
    lines = [f"HTTP/1.1 {status} Injected", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _header(head: bytes, name: bytes) -> bytes | None:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip()
    return None


def _without_header(message: bytes, name: bytes) -> bytes:
    head, end, body = message.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if line.partition(b":")[0].lower() != name]
    return b"\r\n".join(lines) + end + body
