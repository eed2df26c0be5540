"""How long a command waits for a pool that says nothing.

A pool that takes connections and answers nothing looks like one that is slow. Whoever waits at a
terminal is told so after a few seconds, and given an error before the minute is over; a kernel,
which is interrupted instead, waits longer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

__all__ = ["Silence", "SilentError"]

_Result = TypeVar("_Result")

_AGAIN_SECONDS = 2.0


class SilentError(Exception):
    """Nothing was heard within the bound.

    Args:
        seconds: How long nothing was heard, in seconds.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class Silence:
    """Watches over the calls of one command.

    What counts is the time since anything was heard: an answer, or bytes of a file on their way.

    Args:
        on_notice: Told once for each call that is waited for, and for what.
        notice_seconds: After how many seconds of silence that is told.
        bound_seconds: After how many seconds of silence a call is given up. A call that begins
            after another was given up has two seconds.
        clock: Monotonic time in seconds; tests replace it.
        sleep: Pauses for so many seconds; tests replace it.
    """

    def __init__(
        self,
        on_notice: Callable[[str], None],
        *,
        notice_seconds: float = 4.0,
        bound_seconds: float = 45.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._on_notice = on_notice
        self._notice_seconds = notice_seconds
        self._bound_seconds = bound_seconds
        self._clock = clock
        self._sleep = sleep
        self._heard_at = clock()
        self._has_given_up = False

    def heard(self) -> None:
        """Take note that the other side is there."""
        self._heard_at = self._clock()
        self._has_given_up = False

    async def bound(self, call: Awaitable[_Result], *, operation: str, whom: str) -> _Result:
        """Await a call, for as long as it is not silent.

        Args:
            call: The call, further attempts included.
            operation: What is done, for people: a noun phrase that begins a sentence.
            whom: Who is asked, for people.

        Raises:
            SilentError: It was given up; what it raised is not lost otherwise.
        """
        begun = self._clock()
        bound = _AGAIN_SECONDS if self._has_given_up else self._bound_seconds
        notice = min(self._notice_seconds, bound)
        is_told = False
        task = asyncio.ensure_future(call)
        try:
            while True:
                silent = self._clock() - max(begun, self._heard_at)
                if silent >= bound:
                    self._has_given_up = True
                    raise SilentError(silent)
                if not is_told and silent >= notice:
                    is_told = True
                    self._on_notice(
                        f"{operation}: waiting for {whom}, which has not answered for "
                        f"{silent:.0f} s."
                    )
                await self._pause(task, (bound if is_told else notice) - silent)
                if task.done():
                    return task.result()
        finally:
            if not task.done():
                task.cancel()
                # What it leaves behind, such as a connection, is closed before anybody goes on.
                await asyncio.wait({task})

    async def _pause(self, task: asyncio.Future[_Result], seconds: float) -> None:
        """Wait for the call's end, but no longer than so many seconds."""
        pause = asyncio.ensure_future(self._sleep(seconds))
        try:
            either: set[asyncio.Future[object]] = {task, pause}  # type: ignore[arg-type] # invariant
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pause.cancel()
