"""Running code in a pool's sessions, whichever way the request has come."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from .executions import execution_answer, parse_execution
from .rest import (
    FIRST_WITH_STREAM_LENGTH,
    RestError,
    api_family,
    checked_identifier,
    encode_json,
    error_content,
    error_headers,
    parse_json_object,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .sessions import SessionRegistry

__all__ = ["Executor"]

_logger = logging.getLogger("acajs_kernel")


class Executor:
    """Answers the requests that run code.

    Args:
        registry: The pool's sessions.
        maximum_timeout_seconds: The longest time limit that an execution may ask for.
    """

    def __init__(self, registry: SessionRegistry, maximum_timeout_seconds: int) -> None:
        self._registry = registry
        self._maximum_timeout_seconds = maximum_timeout_seconds

    async def execute(
        self,
        api_version: str,
        identifier: str,
        body: dict[str, object],
        *,
        note: Callable[[str, str], None],
    ) -> dict[str, object]:
        """Run a request's code and return the answer's content.

        Args:
            api_version: The request's version of the API, a known one.
            identifier: The session's identifier, checked.
            body: The request's content.
            note: Told the name and the value of each header that says something of the session.

        Raises:
            RestError: The request is answered with an error.
        """
        family = api_family(api_version)
        execution = parse_execution(
            body,
            family,
            self._maximum_timeout_seconds,
            has_stream_length=api_version >= FIRST_WITH_STREAM_LENGTH,
        )
        is_new = self._registry.find(identifier) is None
        async with self._registry.use(identifier) as session:
            note("x-ms-session-guid", session.guid)
            # In one version of the vendor's samples; the built-in pools may not send it.
            note("x-ms-new-allocation", "true" if is_new else "false")
            outcome = await session.interpreter.execute(execution.code, execution.timeout_seconds)
        return execution_answer(outcome, execution, family, identifier)

    async def answer(
        self, api_version: str, identifier: str | None, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer a request of this process as the application answers one over HTTP.

        Args:
            api_version: The parameter ``api-version``.
            identifier: The parameter ``identifier``.
            body: The request's body, JSON.

        Returns:
            The status, the headers that say something about the answer, and the body.
        """
        headers: dict[str, str] = {}

        try:
            content = await self.execute(
                api_version,
                checked_identifier(identifier),
                parse_json_object(body),
                note=headers.__setitem__,
            )
        except RestError as error:
            return error.status, headers | error_headers(error), encode_json(error_content(error))
        except Exception:
            _logger.exception("The embedded pool failed at running code")
            failed = RestError(500, "InternalServerError", "The embedded pool failed; see its log.")
            return (
                failed.status,
                headers | error_headers(failed),
                encode_json(error_content(failed)),
            )
        return HTTPStatus.OK, headers, encode_json(content)
