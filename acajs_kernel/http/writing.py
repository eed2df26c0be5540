"""Writing a request in one piece.

httpcore writes the head of a request and its body one after the other: two packets, for the
second of which the other side wakes up once more. What is written waits here until an answer
is read for, or until there is much of it.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

__all__ = ["write_in_one_piece"]

_MUCH_BYTES = 64 * 1024


def write_in_one_piece(backend: httpcore.AsyncNetworkBackend) -> httpcore.AsyncNetworkBackend:
    """Return a backend that writes in one piece what is short, on another one's connections."""
    return _Backend(backend)


class _Backend(httpcore.AsyncNetworkBackend):
    """Opens the connections of another backend."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        self._backend = backend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(
            await self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        )

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._backend.connect_unix_socket(path, timeout, socket_options))

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    """A connection whose short writes wait for the next read."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._waiting = bytearray()
        self._write_timeout: float | None = None

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,
    ) -> bytes:
        if self._waiting:
            # As httpcore does where a write fails: the answer may have come before.
            with contextlib.suppress(httpcore.WriteError):
                await self._write_waiting()
        return await self._stream.read(max_bytes, timeout)

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,
    ) -> None:
        self._waiting += buffer
        self._write_timeout = timeout
        if len(self._waiting) > _MUCH_BYTES:
            await self._write_waiting()

    async def _write_waiting(self) -> None:
        waiting, self._waiting = bytes(self._waiting), bytearray()
        await self._stream.write(waiting, self._write_timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 -- as httpcore has it
        return self._stream.get_extra_info(info)
