"""Time that passes when a test says so, for a notebook's session and for its pool."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

__all__ = ["CoolingPool", "HeldClock"]

_SECONDS = 30

_Application = Callable[..., Awaitable[None]]


class HeldClock:
    """A clock that stands, and on which one task sleeps at a time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._due = 0.0
        self._sleeping: asyncio.Future[None] | None = None
        self._sleeps = asyncio.Event()

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Wait until so much time was let pass."""
        self._due = self.now + seconds
        self._sleeping = asyncio.get_running_loop().create_future()
        self._sleeps.set()
        try:
            await self._sleeping
        finally:
            self._sleeps.clear()

    async def advance(self, seconds: float) -> None:
        """Let time pass: who sleeps wakes when it is due, and sleeps again before it goes on."""
        end = self.now + seconds
        while True:
            await asyncio.wait_for(self._sleeps.wait(), _SECONDS)
            if self._due > end:
                self.now = end
                return
            self.now = max(self._due, self.now)
            assert self._sleeping is not None
            self._sleeps.clear()
            if not self._sleeping.done():
                self._sleeping.set_result(None)


class CoolingPool:
    """A pool in front of which a session that was not used for the cooldown is gone.

    Args:
        application: The pool.
        clock: The time.
        cooldown_seconds: How long a session lives after its last request.
        stop: Ends the session.
    """

    def __init__(
        self,
        application: _Application,
        clock: HeldClock,
        cooldown_seconds: float,
        stop: Callable[[], Awaitable[None]],
    ) -> None:
        self._application = application
        self._clock = clock
        self._cooldown_seconds = cooldown_seconds
        self._stop = stop
        self._last_use = clock.now
        self._has_served = asyncio.Event()

    async def has_served(self) -> None:
        """Wait until one more request was served."""
        self._has_served.clear()
        await asyncio.wait_for(self._has_served.wait(), _SECONDS)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request as ASGI has it."""
        if self._clock.now - self._last_use > self._cooldown_seconds:
            await self._stop()
        self._last_use = self._clock.now
        await self._application(scope, receive, send)
        self._last_use = self._clock.now
        self._has_served.set()
