"""What stands between a notebook's session and its frontend: the cell that runs just now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acajs_kernel.session.events import ExecuteResult

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from acajs_kernel.pool import Wait
    from acajs_kernel.session.events import Cell, CommEvent, Event, InputRequest
    from acajs_kernel.session.frontend import Frontend

__all__ = ["Relay"]

_UNNOTICED_SECONDS = 1.0


class Relay:
    """A frontend that hands on to the notebook's own, and keeps notices until a cell runs.

    Args:
        frontend: The notebook's own.
        idle: Lets the session count as idle while the user is asked.
    """

    def __init__(
        self, frontend: Frontend, *, idle: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._frontend = frontend
        self._idle = idle
        self._notices: list[str] = []
        self._running: Cell | None = None

    @property
    def is_running(self) -> bool:
        """Whether a cell runs."""
        return self._running is not None

    def begin(self, cell: Cell) -> None:
        """Show what belongs to no cell below this one, from now on."""
        self._running = cell
        self._show_notices()

    def end(self) -> None:
        """Keep it for the next cell, from now on."""
        self._running = None

    def show(self, key: str, event: Event) -> None:
        """Pass on what a cell shows."""
        running = self._running
        hides = running is not None and running.key == key and not running.shows_result
        if not (hides and isinstance(event, ExecuteResult)):
            self._frontend.show(key, event)

    async def ask(self, key: str, request: InputRequest) -> str:
        """Ask the user for a line, who may think for longer than the session would live."""
        with self._idle():
            return await self._frontend.ask(key, request)

    async def pause(self) -> None:
        """Wait until what was shown has been taken up."""
        await self._frontend.pause()

    def comm(self, key: str, event: CommEvent) -> None:
        """Pass on what comms do."""
        self._frontend.comm(key, event)

    def notice(self, _key: str, text: str) -> None:
        """Tell the user something: below the running cell, else below the next one."""
        self._notices.append(text.rstrip("\n") + "\n")
        self._show_notices()

    def report_wait(self, wait: Wait) -> None:
        """Show that the pool is waited for; a blip that is over soon is not worth a word."""
        if wait.attempt > 1 or wait.seconds > _UNNOTICED_SECONDS:
            self.notice("", wait.sentence)

    def _show_notices(self) -> None:
        while self._running is not None and self._notices:
            self._frontend.notice(self._running.key, self._notices.pop(0))
