"""Fetching what comes while no cell runs."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from acajs_kernel.errors import AcaJsError

if TYPE_CHECKING:
    from acajs_kernel.session.comms import CommChannel

__all__ = ["Watch"]

_log = logging.getLogger("acajs_kernel")

_FIRST_SECONDS = 0.25
_LAST_SECONDS = 5.0
_SILENCE_SECONDS = 60.0
_COMMS_SILENCE_SECONDS = 600.0  # with a comm open, somebody looks at what comes


class Watch:
    """Asks for what callbacks print after their cell has ended, as long as any comes.

    It asks ever less often, and no more after a while of silence: an idle notebook costs the
    pool nothing. What comes later is shown with the next cell.

    Args:
        fetch: Awaited to fetch what there is; whether anything came.
        comms: The session's comms, whose callbacks come at any time.
        sleep: Pauses for so many seconds; tests replace it.

    Attributes:
        is_active: Whether what has ended last may still call back.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[bool]],
        comms: CommChannel,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._fetch = fetch
        self._sleep = sleep
        self._comms = comms
        self._watching: asyncio.Future[None] | None = None
        self._is_paused = False
        self.is_active = False

    def begin(self) -> None:
        """Watch, unless a cell runs or nothing can still call back."""
        is_watching = self._watching is not None and not self._watching.done()
        if self._expects_more and not is_watching and not self._is_paused:
            self._watching = asyncio.ensure_future(self._watch())

    def pause(self) -> None:
        """Stop: a cell runs, whose own requests fetch everything."""
        self._is_paused = True
        self.stop()

    def resume(self) -> None:
        """Go on: the cell has ended."""
        self._is_paused = False
        self.begin()

    def stop(self) -> None:
        """Ask no more."""
        if self._watching is not None:
            self._watching.cancel()

    @property
    def _expects_more(self) -> bool:
        return self.is_active or self._comms.is_waiting

    def _silence_seconds(self) -> float:
        """How long silence may last until nothing more is expected."""
        if self._comms.is_waiting:
            return math.inf
        return _COMMS_SILENCE_SECONDS if self._comms.is_open else _SILENCE_SECONDS

    async def _watch(self) -> None:
        pause, silence = _FIRST_SECONDS, 0.0
        while self._expects_more and silence < self._silence_seconds():
            await self._sleep(pause)
            try:
                has_come = await self._fetch()
            except AcaJsError as error:
                _log.info("late output was not fetched: %s", error.message)
                return  # the next cell meets the same, with a user to tell
            if has_come:
                pause, silence = _FIRST_SECONDS, 0.0
            else:
                silence += pause
                pause = min(pause * 1.5, _LAST_SECONDS)
