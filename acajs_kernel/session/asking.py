"""What cells ask their user, and the answers on their way back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from acajs_kernel.errors import AcaJsError
from acajs_kernel.session.events import InputRequest

__all__ = ["Questions"]

_log = logging.getLogger("acajs_kernel")


class Questions:
    """The input requests of a session's cells, which one user answers one after another.

    Args:
        on_input: Asked for a line from the user, with the key of the cell.
        send: Hands an answer on: awaited with the request's token and either a value or an
            error.
    """

    def __init__(
        self,
        on_input: Callable[[str, InputRequest], Awaitable[str]],
        send: Callable[[str, dict[str, str]], Awaitable[object]],
    ) -> None:
        self._on_input = on_input
        self._send = send
        self._waiting: list[tuple[str, str, InputRequest]] = []
        self._replies: dict[str, dict[str, str]] = {}  # by token, until the agent has them
        self._answering: asyncio.Future[str] | None = None
        self._delivering: asyncio.Future[object] | None = None

    def add(self, cell: str, token: str, request: InputRequest) -> None:
        """Take a request, which the agent knows by its token."""
        self._waiting.append((cell, token, request))

    def forget(self) -> None:
        """Drop everything: the session that asked is gone."""
        self._waiting.clear()
        self._replies.clear()

    def cancel(self) -> None:
        """End the question that the user is looking at, or the way of its answer to the session.

        Its cell ends in another way.
        """
        for task in (self._answering, self._delivering):
            if task is not None:
                task.cancel()

    async def settle(self) -> None:
        """Ask what waits, and hand on what the user answers.

        Handing on may fail for good: the cell that asked waits on, and others behind it, so
        that an answer is kept until it is delivered.
        """
        while self._waiting:
            await self._ask(*self._waiting.pop(0))
        while self._replies:
            token, fields = next(iter(self._replies.items()))
            self._delivering = asyncio.ensure_future(self._send(token, fields))
            try:
                await asyncio.wait({self._delivering})
                if not self._delivering.cancelled():
                    self._delivering.result()
            finally:
                self._delivering.cancel()
                self._delivering = None
            self._replies.pop(token, None)

    async def _ask(self, cell: str, token: str, request: InputRequest) -> None:
        self._answering = asyncio.ensure_future(self._on_input(cell, request))
        try:
            await asyncio.wait({self._answering})
            if self._answering.cancelled():
                return  # interrupted: the cell's end comes with the next answer
            try:
                fields = {"value": self._answering.result()}
            except AcaJsError as error:
                fields = {"error": str(error)}
            except Exception as error:
                _log.warning("a line could not be asked for", exc_info=True)
                fields = {"error": str(error)}
            self._replies[token] = fields
        finally:
            self._answering.cancel()
            self._answering = None
