"""The embedded pool as its client in the same process sees it."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from acajs_kernel.pool import Answer, Call, asgi_transport

if TYPE_CHECKING:
    from acajs_kernel.local import LocalPool

__all__ = ["EmbeddedPool"]


class EmbeddedPool:
    """Answers executions directly; everything else goes through the pool's application.

    Loading what speaks HTTP takes longer than all else of a launch, and sending through it
    takes longer than running a short cell.

    Args:
        pool: The pool.
    """

    def __init__(self, pool: LocalPool) -> None:
        self._pool = pool

    async def answer(self, call: Call) -> Answer | None:
        """Answer a call that runs code; None for any other."""
        if not call.is_execution or not isinstance(call.body, bytes):
            return None
        began = time.monotonic()
        status, headers, body = await self._pool.executor.answer(
            call.api_version, call.identifier, call.body
        )
        return Answer(
            status=status,
            reason=HTTPStatus(status).phrase,
            headers=headers,
            body=body,
            seconds=time.monotonic() - began,
            received_bytes=len(body),
        )

    def transport(self) -> Any:  # noqa: ANN401 -- httpx, whose name is the client's affair
        """Return what carries the other calls."""
        return asgi_transport(self._pool.application)
