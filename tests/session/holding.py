"""A pool whose requests and answers wait until a test lets them pass."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

__all__ = ["Holding"]

_SECONDS = 30

_Application = Callable[..., Awaitable[None]]


class Holding:
    """Holds the requests of one operation before the pool sees them, or the answers to them.

    Args:
        application: The pool.
    """

    def __init__(self, application: _Application) -> None:
        self._application = application
        self._requests = ""
        self._answers = ""
        self._has_come = asyncio.Event()
        self._may_pass = asyncio.Event()

    def hold(self, operation: str) -> None:
        """Begin to hold requests of an operation, such as "run"."""
        self._requests = f'"op": "{operation}"'
        self._has_come.clear()
        self._may_pass = asyncio.Event()

    def hold_answers(self, operation: str) -> None:
        """Begin to hold answers to the requests of an operation."""
        self.hold(operation)
        self._requests, self._answers = "", self._requests

    async def has_come(self) -> None:
        """Wait until one is held."""
        await asyncio.wait_for(self._has_come.wait(), _SECONDS)

    def hold_no_more(self) -> Callable[[], None]:
        """Let pass what comes from now on; return what lets pass what is held."""
        self._requests = self._answers = ""
        return self._may_pass.set

    def let_pass(self) -> None:
        """Hold no more, and let pass what is held."""
        self.hold_no_more()()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request as ASGI has it."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if self._is_in(body, self._requests):
            await self._wait()

        async def replay() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        is_answer_held = self._is_in(body, self._answers)

        async def hold(message: Any) -> None:
            if is_answer_held and message["type"] == "http.response.start":
                await self._wait()
            await send(message)

        await self._application(scope, replay, hold)

    async def _wait(self) -> None:
        may_pass = self._may_pass
        self._has_come.set()
        await may_pass.wait()

    @staticmethod
    def _is_in(body: bytes, operation: str) -> bool:
        return bool(operation) and json.dumps(operation)[1:-1].encode() in body
