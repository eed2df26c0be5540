"""Publishing what cells show, at the pace at which frontends read it.

A ZeroMQ XPUB socket drops what a subscriber's queue has no room for (option ZMQ_SNDHWM,
https://libzmq.readthedocs.io/en/latest/zmq_setsockopt.html), and tells nobody. A burst of
some thousand displays would lose some of them, and perhaps the "idle" that ends the cell.
Here what has no room waits, and who produces it waits too. A frontend that reads nothing
at all is waited for only so long, since others may be connected; what it loses is counted.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import zmq

__all__ = ["NOTICE", "PATIENCE_SECONDS", "QUEUED_MESSAGES", "Pace", "PatientSocket"]

_log = logging.getLogger("acajs_kernel")

QUEUED_MESSAGES = 32
"""Messages in ZeroMQ's own queue of one subscriber; most have at most 100,000 bytes."""

PATIENCE_SECONDS = 10.0
"""How long a frontend that reads nothing is waited for."""

NOTICE = "notice"
"""The topic, after a dot, of the message that tells of a loss."""

_MUCH_BYTES = 8_000_000
# A frontend that reads nothing until it has the cell's reply begins to read then. The notice
# is published just before the reply, and waits for that, as does what follows it.
_NOTICE_END = f".{NOTICE}".encode()
_NOTICE_SECONDS = 3.0
# ZeroMQ says that a queue is full, but not when there is room again.
_FIRST_RETRY_SECONDS = 0.001
_LAST_RETRY_SECONDS = 0.05


class PatientSocket:
    """An XPUB socket that keeps what its subscribers have no room for.

    It is used in one thread only.

    Args:
        socket: The socket, with its option ``XPUB_NODROP`` set.
        call_later: Calls a function after so many seconds, in that thread.
        patience_seconds: How long a subscriber that makes no room is waited for.
        clock: Monotonic time in seconds.
    """

    def __init__(
        self,
        socket: Any,  # noqa: ANN401 -- any ZeroMQ socket
        call_later: Callable[[float, Callable[[], None]], Any],
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._socket = socket
        self._call_later = call_later
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._waiting: deque[tuple[Sequence[Any], dict[str, Any]]] = deque()
        self._waiting_bytes = 0
        self._since = 0.0  # when the first waiting message became the first
        self._is_dropping = False
        self._is_retrying = False
        self._retry_seconds = _FIRST_RETRY_SECONDS
        self._listeners: list[Callable[[], None]] = []
        self.lost = 0

    def send_multipart(self, frames: Sequence[Any], **options: Any) -> None:  # noqa: ANN401
        """Send a message now if there is room, else as soon as there is."""
        if not self._waiting:
            self._since = self._clock()
        self._waiting.append((frames, options))
        self._waiting_bytes += _size(frames)
        if not self._is_retrying:
            self._send_waiting()

    def when_room(self, listener: Callable[[], None]) -> None:
        """Call a function, once, when not much is waiting."""
        self._listeners.append(listener)
        self._tell_listeners()

    def close(self) -> None:
        """Close the socket; what still waits is lost."""
        if self._waiting:
            _log.warning("%d messages were not read by a frontend", len(self._waiting))
            self._waiting.clear()
        self._socket.close()

    def _send_waiting(self) -> None:
        self._is_retrying = False
        if self._socket.closed:
            return
        while self._waiting:
            frames, options = self._waiting[0]
            if not self._send_first(frames, options):
                self._retry_seconds = min(self._retry_seconds * 2, _LAST_RETRY_SECONDS)
                self._is_retrying = True
                self._call_later(self._retry_seconds, self._send_waiting)
                break
            self._waiting.popleft()
            self._waiting_bytes -= _size(frames)
            self._since = self._clock()
            self._retry_seconds = _FIRST_RETRY_SECONDS
        self._tell_listeners()

    def _send_first(self, frames: Sequence[Any], options: dict[str, Any]) -> bool:
        """Send the message that has waited longest, unless it is to wait on."""
        waited = self._clock() - self._since
        is_notice = bytes(frames[0]).endswith(_NOTICE_END)
        if self._is_dropping and is_notice and waited < _NOTICE_SECONDS:
            return False
        try:
            self._socket.send_multipart(frames, zmq.NOBLOCK, **options)
        except zmq.Again:  # raised at the first frame or not at all
            if waited < self._patience_seconds:
                return False
            self._begin_to_drop(frames, options)
        if self._is_dropping:
            self._is_dropping = not is_notice
            self.lost += 1 if self._is_dropping else 0
        return True

    def _begin_to_drop(self, frames: Sequence[Any], options: dict[str, Any]) -> None:
        """Send to those that have room. ZeroMQ then leaves out the others until they read."""
        _log.warning(
            "a frontend has read nothing for %g s; what it has no room for is dropped",
            self._patience_seconds,
        )
        self._is_dropping = True
        self._socket.setsockopt(zmq.XPUB_NODROP, 0)
        try:
            self._socket.send_multipart(frames, zmq.NOBLOCK, **options)
        finally:
            self._socket.setsockopt(zmq.XPUB_NODROP, 1)

    def _tell_listeners(self) -> None:
        if self._waiting_bytes <= _MUCH_BYTES:
            listeners, self._listeners = self._listeners, []
            for listener in listeners:
                listener()


class Pace:
    """Lets a producer keep to the pace of a `PatientSocket` of its own thread.

    Args:
        socket: The socket.
    """

    def __init__(self, socket: PatientSocket) -> None:
        self._socket = socket
        self._told = 0
        self._waiter: asyncio.Event | None = None
        self._is_hurrying = False

    def take_lost(self) -> int:
        """Return how many messages a frontend may have lost since this was asked last."""
        lost = self._socket.lost - self._told
        self._told += lost
        return lost

    async def room(self) -> None:
        """Wait until frontends have read most of what was published.

        Returns at once while `hurry` holds. A frontend that reads nothing is waited for
        `PATIENCE_SECONDS`.
        """
        if self._is_hurrying:
            return
        self._waiter = waiter = asyncio.Event()
        self._socket.when_room(waiter.set)
        await waiter.wait()

    def hurry(self) -> None:
        """Let nobody wait until `relax`: the cell is to end."""
        self._is_hurrying = True
        if self._waiter is not None:
            self._waiter.set()

    def relax(self) -> None:
        """Wait again where it is needed."""
        self._is_hurrying = False


def _size(frames: Sequence[Any]) -> int:
    return sum(len(frame) for frame in frames)
