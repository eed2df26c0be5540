"""A pool that takes connections and answers nothing, or does so from some moment on."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

__all__ = ["SilentPool", "silent_pool"]

_CHUNK_BYTES = 64 * 1024


class SilentPool:
    """Stands before a pool, and says nothing while it is silent.

    Args:
        behind: The address of the pool behind it; empty for none.

    Attributes:
        endpoint: Its own address.
        is_silent: Whether it passes nothing on.
        has_swallowed: Set when it has taken bytes and kept them.
    """

    def __init__(self, behind: str) -> None:
        self._behind = urlsplit(behind)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self._sockets = [self._listener]
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.is_silent = not behind
        self.has_swallowed = threading.Event()

    def serve(self) -> None:
        """Take connections until the pool is closed."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            threading.Thread(target=self._pass_on, args=[client], daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        """Copy bytes in both directions, those of a silent time to nobody."""
        server: socket.socket | None = None
        if self._behind.hostname and self._behind.port:
            server = socket.create_connection((self._behind.hostname, self._behind.port))
            self._sockets.append(server)
        others = {client: server} if server is None else {client: server, server: client}
        with selectors.DefaultSelector() as selector:
            for each in others:
                selector.register(each, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    one = key.fileobj
                    assert isinstance(one, socket.socket)
                    try:
                        data = one.recv(_CHUNK_BYTES)
                        if not data:
                            return
                        other = others[one]
                        if self.is_silent or other is None:
                            self.has_swallowed.set()
                        else:
                            other.sendall(data)
                    except OSError:
                        return

    def close(self) -> None:
        """Close every connection."""
        for each in self._sockets:
            each.close()


@contextmanager
def silent_pool(behind: str = "") -> Iterator[SilentPool]:
    """Serve one.

    Args:
        behind: The address of a real pool, which answers until the test says otherwise.
    """
    pool = SilentPool(behind)
    threading.Thread(target=pool.serve, daemon=True).start()
    try:
        yield pool
    finally:
        pool.close()
