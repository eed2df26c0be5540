"""Comms over the agent's protocol: messages in order, each exactly once.

What the frontend sends waits here until the agent has it. Whatever has come meanwhile goes
with the next request, so that a slider that is dragged on a far pool costs one request a
round trip. The agent knows a message that it has had by its number.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from acajs_kernel.errors import AcaJsError, SessionLostError
from acajs_kernel.session.events import CommEvent, CommHandled, CommMessage, CommsClosed

__all__ = ["CommChannel"]

_log = logging.getLogger("acajs_kernel")

_BATCH_CHARACTERS = 1_000_000
_BATCH_MESSAGES = 1000


class CommChannel:
    """Hands on the messages of comms to one session's agent, and those of the agent.

    Args:
        ask: Sends a request to the agent, and returns its answer.
        on_comm: Told of what the session's code sends, of each message that was handled,
            with its key, and of the end of all comms.
    """

    def __init__(
        self,
        ask: Callable[..., Awaitable[dict[str, Any]]],
        on_comm: Callable[[str, CommEvent], None],
    ) -> None:
        self._ask = ask
        self._on_comm = on_comm
        self._number = 0
        self._queue: deque[dict[str, Any]] = deque()
        self._unhandled: dict[str, None] = {}  # in the order in which they were posted
        self._open: set[str] = set()
        self._sending: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a comm over which something may come."""
        return bool(self._open)

    @property
    def is_waiting(self) -> bool:
        """Whether the session has messages that it has not handled yet."""
        return bool(self._unhandled)

    def post(self, key: str, message: CommMessage) -> None:
        """Send a message as soon as may be, after those before it.

        Args:
            key: Names the message: what its callbacks show carries it.
            message: The frontend's message.
        """
        self._note(message)
        self._number += 1
        self._unhandled[key] = None
        self._queue.append(_request(self._number, key, message))
        self._begin()

    @property
    def is_sending(self) -> bool:
        """Whether there are messages that the session does not have yet."""
        return bool(self._queue)

    async def flush(self) -> None:
        """Wait until everything posted was sent, or could not be; never raises."""
        self._begin()
        if self._sending is not None:
            await asyncio.wait({self._sending})

    def receive(self, event: Mapping[str, Any]) -> None:
        """Take an event of the agent, of kind ``comm`` or ``handled``."""
        key = event.get("cell", "")
        if event["kind"] == "handled":
            self._finish(key)
            return
        message = CommMessage(
            event["message"],
            event["comm"],
            target=event.get("target") or "",
            data=event.get("data"),
            metadata=event.get("metadata") or {},
            buffers=tuple(base64.b64decode(text) for text in event.get("buffers") or ()),
        )
        self._note(message)
        self._on_comm(key, message)

    def close(self, key: str = "") -> None:
        """Give up everything: the code that the comms belonged to is gone.

        Args:
            key: The cell during which that has happened, if there was one.
        """
        sending, self._sending = self._sending, None
        if sending is not None and sending is not asyncio.current_task():
            sending.cancel()  # its answer, or that there is none, would end what is open by then
        self._queue.clear()
        self._finish_all()
        self._open.clear()
        self._on_comm(key, CommsClosed())

    def _note(self, message: CommMessage) -> None:
        if message.type == "open":
            self._open.add(message.comm_id)
        elif message.type == "close":
            self._open.discard(message.comm_id)

    def _begin(self) -> None:
        if self._queue and (self._sending is None or self._sending.done()):
            self._sending = asyncio.ensure_future(self._send())

    async def _send(self) -> None:
        try:
            while self._queue:
                batch = self._batch()
                answer = await self._ask("comm", messages=batch)
                if "refused" in answer:
                    _log.warning("the session refused messages of comms: %s", answer["refused"])
                    self.close()
                    return
                while self._queue and self._queue[0]["number"] <= batch[-1]["number"]:
                    self._queue.popleft()
        except SessionLostError as error:
            _log.warning("messages of comms were dropped: %s", error.message)
            self.close()
        except AcaJsError as error:
            _log.warning("messages of comms were not sent, and go with the next: %s", error.message)
            self._finish_all()  # frontends must not take the kernel for busy until then
        except Exception:  # nobody awaits the result
            _log.exception("messages of comms were not sent")
            self._finish_all()

    def _batch(self) -> list[dict[str, Any]]:
        batch: list[dict[str, Any]] = []
        characters = 0
        for request in self._queue:
            characters += len(json.dumps(request))
            if batch and (characters > _BATCH_CHARACTERS or len(batch) == _BATCH_MESSAGES):
                break
            batch.append(request)
        return batch

    def _finish_all(self) -> None:
        for key in list(self._unhandled):
            self._finish(key)

    def _finish(self, key: str) -> None:
        if key in self._unhandled:
            del self._unhandled[key]
            self._on_comm(key, CommHandled())


def _request(number: int, key: str, message: CommMessage) -> dict[str, Any]:
    return {
        "number": number,
        "cell": key,
        "message": message.type,
        "comm": message.comm_id,
        "target": message.target,
        "data": message.data,
        "metadata": dict(message.metadata),
        "buffers": [base64.b64encode(buffer).decode("ascii") for buffer in message.buffers],
    }
