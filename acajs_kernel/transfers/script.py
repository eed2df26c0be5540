"""Questions about a session's files that the files API does not answer.

Each is one execution of the session's interpreter, beside whatever cell is running: it
needs no agent, and works in plain mode as well. Its answer states its own length and
checksum, because the service may cut it.
"""

from __future__ import annotations

import functools
import json
import logging
from typing import TYPE_CHECKING, Any

from acajs_kernel.errors import NoJavaScriptError, TransferError
from acajs_kernel.session.answers import Damaged, decode_payload, parse_part

if TYPE_CHECKING:
    from acajs_kernel.pool import Execution, PoolClient

__all__ = ["FileScript"]

_log = logging.getLogger("acajs_kernel")

_TIMEOUT_SECONDS = 100
_WAYS = ("result", "stdout")


class FileScript:
    """Runs ``runtime/files.js`` in one session.

    Args:
        pool: The client of the pool.
        identifier: The session's identifier, a secret.
    """

    def __init__(self, pool: PoolClient, identifier: str) -> None:
        self._pool = pool
        self._identifier = identifier
        self._way = 0
        self._description: dict[str, Any] | None = None
        self._failure: NoJavaScriptError | None = None

    async def is_available(self) -> bool:
        """Tell whether the session's interpreter runs JavaScript; asked once."""
        if self._failure is None and self._description is None:
            try:
                self._description = await self.ask("describe")
            except NoJavaScriptError as error:
                _log.info("the files API must do alone: %s", error.message)
                self._failure = error
        return self._failure is None

    async def describe(self) -> dict[str, Any]:
        """Return the session's ``folder``, ``platform``, ``arch`` and ``node`` version.

        Raises:
            NoJavaScriptError: The session does not run JavaScript.
            PoolError: The pool cannot be used.
        """
        if not await self.is_available() or self._description is None:
            raise self._failure or NoJavaScriptError("The session does not run JavaScript.")
        return self._description

    async def ask(self, operation: str, **fields: Any) -> Any:  # noqa: ANN401 -- any JSON
        """Perform an operation of ``runtime/files.js``, which may be done twice.

        Raises:
            NoJavaScriptError: No whole answer came.
            TransferError: The operation failed in the session.
            PoolError: The pool cannot be used.
        """
        for _ in _WAYS:
            request = {"operation": operation, "via": _WAYS[self._way], **fields}
            execution = await self._pool.execute(
                self._identifier,
                f"{_program()}(this.$$,{json.dumps(request)})",
                timeout_seconds=_TIMEOUT_SECONDS,
                repeatable=True,
                operation="Asking the session about its files",
            )
            answer = _answer(execution)
            if answer is None:
                self._way = (self._way + 1) % len(_WAYS)
                continue
            if "error" in answer:
                raise TransferError(f"The session failed: {answer['error']['message']}.")
            return answer["value"]
        raise NoJavaScriptError(
            "The session's interpreter gave no whole answer to a question about its files.",
            remedy="The pool's container type must be NodeLTS.",
        )


@functools.cache
def _program() -> str:
    # Imported here because the parser takes a while to load.
    from acajs_kernel.runtime.source import files_program  # noqa: PLC0415

    return files_program()


def _answer(execution: Execution) -> dict[str, Any] | None:
    """Return the answer that an execution brought, or None."""
    if execution.status == "Failed":
        return None
    for text in (execution.result, execution.stdout):
        if isinstance(text, str) and text.startswith("acajs1 "):
            part = parse_part(text)
            if not isinstance(part, Damaged):
                return decode_payload(part.text)
    return None
