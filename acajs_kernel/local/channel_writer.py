"""Writing to a session's channel: one writer, in order, without ever blocking the caller."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ChannelWriter"]


class ChannelWriter:
    """Writes messages to a channel one after another, each whole before the next begins.

    User code may keep Node from reading for as long as it likes. What the channel has no room
    for waits in a queue, which one thread empties; it ends when there is nothing left.

    Args:
        write: Writes some bytes, waiting for room, and returns how many they were.
        write_now: Writes what there is room for at once and returns how much that was, which
            may be nothing; None where the channel cannot tell.

    Both raise `OSError` or `ValueError` when the channel has ended: what is queued is dropped.
    """

    def __init__(
        self,
        write: Callable[[memoryview], int],
        write_now: Callable[[memoryview], int] | None = None,
    ) -> None:
        self._write = write
        self._write_now = write_now
        self._lock = threading.Lock()
        self._queue: deque[memoryview] = deque()
        self._thread: threading.Thread | None = None
        self._has_ended = False

    def send(self, data: bytes) -> None:
        """Write a message behind all earlier ones; silent when the channel has ended."""
        rest = memoryview(data)
        with self._lock:
            if self._has_ended:
                return
            if self._thread is None and self._write_now is not None:
                try:
                    rest = rest[self._write_now(rest) :]
                except (OSError, ValueError):  # Node is gone, which whoever reads reports
                    self._has_ended = True
                    return
            if not rest:
                return
            self._queue.append(rest)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="acajs-send", daemon=True)
                self._thread.start()

    def end(self) -> None:
        """Drop what is queued and write nothing more; what is being written goes on."""
        with self._lock:
            self._has_ended = True
            self._queue.clear()

    def join(self, seconds: float) -> None:
        """Wait until nothing is being written, at most so long."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._thread = None
                    return
                rest = self._queue.popleft()
            try:
                while rest:
                    rest = rest[self._write(rest) :]
            except (OSError, ValueError):
                self.end()
