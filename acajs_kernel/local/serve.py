"""The embedded pool on a TCP port of the loopback interface."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from acajs_kernel.errors import ConfigurationError, LocalPoolError

from .gate import is_loopback_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .pool import LocalPool

__all__ = ["serve"]

_GRACEFUL_SECONDS = 2


async def serve(
    pool: LocalPool, *, host: str = "127.0.0.1", port: int = 0, on_ready: Callable[[str], None]
) -> None:
    """Serve a pool until SIGINT or SIGTERM comes or the task is cancelled; then close it.

    Args:
        pool: The pool; it must ask for a token, as every user of this machine can reach
            the port.
        host: A loopback address, or ``localhost``.
        port: The port, or 0 for a free one.
        on_ready: Called once with the pool's URL, such as ``http://127.0.0.1:5000``, when
            requests are answered.

    Raises:
        ConfigurationError: The pool asks for no token, or ``host`` is not loopback.
        LocalPoolError: The port cannot be opened.
    """
    if not pool.has_token:
        raise ConfigurationError(
            "A pool without a token is not served on a TCP port: every user of this machine "
            "could run code there as you.",
            remedy="Give the pool a token.",
        )
    if not is_loopback_name(host):
        raise ConfigurationError(
            f"The embedded pool does not listen on {host!r}: it runs code as you, so it listens on "
            "loopback addresses only.",
            remedy="Use 127.0.0.1.",
        )
    try:
        listener = _listen(host, port)
    except (OSError, OverflowError) as error:
        raise LocalPoolError(
            f"The embedded pool tried to listen on {host} port {port}: {error}.",
            remedy="Choose another port, or 0 for a free one.",
        ) from error
    shown = f"[{host}]" if ":" in host else host
    with listener:
        url = f"http://{shown}:{listener.getsockname()[1]}"
        server = _Server(pool, lambda: on_ready(url))
        try:
            await server.serve(sockets=[listener])
        finally:
            # Cancelled, uvicorn leaves the event loop listening on a socket that is about
            # to be closed, and whose number the next one gets.
            for listening in getattr(server, "servers", ()):
                listening.close()
            await pool.aclose()


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # on Windows it would allow two servers
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    """Says when it is ready, and closes the pool before it waits for open requests."""

    def __init__(self, pool: LocalPool, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                pool.application,
                lifespan="off",
                ws="none",
                http="h11",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_GRACEFUL_SECONDS,
            )
        )
        self._pool = pool
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Running executions are answered now; else they would be waited for.
        await self._pool.aclose()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at a signal, and return: uvicorn's own would raise the signal again."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        former = {
            number: signal.signal(number, self.handle_exit)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)
