"""The session pool's REST API as typed calls."""

from __future__ import annotations

import asyncio
import functools
import json
import random as random_numbers
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from acajs_kernel.errors import (
    ConfigurationError,
    PoolTimeoutError,
)
from acajs_kernel.http.authentication import TokenSource
from acajs_kernel.http.call import Answer, Call, InProcessPool
from acajs_kernel.http.exchange import MAXIMUM_ANSWER_BYTES, Exchange
from acajs_kernel.http.failure import ShapeError, Wait
from acajs_kernel.http.redaction import Redactor
from acajs_kernel.http.retry import RetryPolicy, refusal_seconds
from acajs_kernel.http.silence import Silence, SilentError
from acajs_kernel.pool import answers, remedies
from acajs_kernel.pool.endpoint import Endpoint
from acajs_kernel.pool.failures import FailureReader
from acajs_kernel.pool.file_calls import FileCalls
from acajs_kernel.pool.identifier import check_identifier
from acajs_kernel.pool.lookalikes import is_web_page
from acajs_kernel.pool.paging import read_pages
from acajs_kernel.pool.results import (
    Execution,
    PoolMetadata,
    SessionInfo,
)
from acajs_kernel.pool.versions import ApiVersion
from acajs_kernel.pool.wire import MANAGEMENT_API_VERSION, SESSION_API_VERSION, Wire

if TYPE_CHECKING:
    from acajs_kernel.http.call import Transport

__all__ = ["MAXIMUM_TIMEOUT_SECONDS", "PoolClient"]

_Result = TypeVar("_Result")

MAXIMUM_TIMEOUT_SECONDS = 220
"""The longest execution, in seconds, that the service's documentation allows."""

_EXECUTION_GRACE_SECONDS = 15.0
# Beyond the silence that is allowed: connecting, sending, and a large answer on its way.
_EXECUTION_TRAVEL_SECONDS = 120.0


class PoolClient(FileCalls):
    """A session pool.

    One client serves any number of sessions and concurrent calls, within one event loop.
    Use it with ``async with``, or call `aclose`. Every call raises `PoolError` when the
    pool fails it and `ConfigurationError` when a setting makes it impossible.

    Args:
        endpoint: The pool's management endpoint.
        tokens: Gives bearer tokens; None for a pool without authentication.
        api_version: The API version of executions and files. One that the pool refuses is
            replaced by the newest known one. Calls about sessions and the pool always use
            2025-10-02-preview, the first description that has them all; those below
            ``/.management``, which pools of custom containers have, 2025-02-02-preview.
        transport: Replaces the network, as `asgi_transport` does.
        in_process: The pool, where it runs in this process.
        output_streams_max_length: Where the service cuts stdout and stderr, in characters;
            None for its default, 4096. Sent from 2025-10-02-preview on.
        maximum_answer_bytes: Larger answers are refused; downloads are not limited.
        busy_wait_seconds: How long to keep trying while the pool is busy or away, counted
            from the first failure.
        on_wait: Told before each pause between attempts.
        on_notice: Told what the user should know: that another API version is used.
        silence: Bounds the time for which the pool may say nothing; None for the bounds of
            each call alone. Code that must not run twice is not given up so.
        clock: Monotonic time in seconds; tests replace it.
        sleep: Pauses for so many seconds; tests replace it.
        random: A number from 0 up to 1, for pauses; tests replace it.

    Raises:
        ConfigurationError: `api_version` is not one.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        tokens: TokenSource | None = None,
        api_version: str = "2024-02-02-preview",
        transport: Transport | None = None,
        in_process: InProcessPool | None = None,
        output_streams_max_length: int | None = None,
        maximum_answer_bytes: int = MAXIMUM_ANSWER_BYTES,
        busy_wait_seconds: float = 60,
        on_wait: Callable[[Wait], None] | None = None,
        on_notice: Callable[[str], None] | None = None,
        silence: Silence | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Callable[[], float] = random_numbers.random,
    ) -> None:
        self.endpoint = endpoint
        self._version = ApiVersion(api_version, host=endpoint.host, on_notice=on_notice)
        self._silence = silence
        self._output_streams_max_length = output_streams_max_length
        self._exchange = Exchange(
            endpoint,
            explain=functools.partial(FailureReader, endpoint),
            tokens=tokens,
            policy=RetryPolicy(
                busy_wait_seconds, random, refusal_seconds(is_loopback=endpoint.is_loopback)
            ),
            transport=transport,
            in_process=in_process,
            maximum_answer_bytes=maximum_answer_bytes,
            on_wait=on_wait,
            on_answer=silence.heard if silence is not None else lambda: None,
            clock=clock,
            sleep=sleep,
        )

    def __repr__(self) -> str:
        return f"PoolClient({self.endpoint.url!r}, api_version={self._version.wire.api_version!r})"

    async def __aenter__(self) -> PoolClient:  # noqa: PYI034 - Self needs Python 3.11
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection. A call made after that fails."""
        await self._exchange.aclose()

    async def execute(
        self,
        identifier: str,
        code: str,
        *,
        timeout_seconds: int = MAXIMUM_TIMEOUT_SECONDS,
        repeatable: bool = False,
        operation: str = "Running the code",
    ) -> Execution:
        """Run code in a session, which is allocated if there is none.

        Code that may have started is never sent again, unless it is repeatable.

        Args:
            identifier: The session.
            code: The code, unchanged.
            timeout_seconds: How long the service lets it run, 1 to 220 seconds.
            repeatable: Running it twice does no harm.
            operation: What it does, for people: a noun phrase that begins a sentence.

        Raises:
            ExecutionFateUnknownError: No answer came, and the code may have run.
            ExecutionTimeoutError: It ran longer than allowed.
            PoolError: The pool failed the call; `may_have_run` says whether the code may
                have run all the same.
        """
        if not 1 <= timeout_seconds <= MAXIMUM_TIMEOUT_SECONDS:
            raise ConfigurationError(
                f"An execution's timeout of {timeout_seconds} s is not possible: the service "
                f"takes 1 to {MAXIMUM_TIMEOUT_SECONDS} s.",
                remedy=f"Set ACAJS_TIMEOUT to a number from 1 to {MAXIMUM_TIMEOUT_SECONDS}.",
            )
        answer_seconds = timeout_seconds + _EXECUTION_GRACE_SECONDS
        redact = Redactor(check_identifier(identifier))

        def read(answer: Answer) -> Execution:
            execution = answers.parse_execution(
                answers.parse_json(answer.body),
                operation_id=redact(answer.operation_id),
                redact=redact,
            )
            return execution._replace(
                is_new_session=answers.is_new_allocation(answer.headers),
                session_guid=answer.headers.get("x-ms-session-guid", "")[:100],
            )

        def send(wire: Wire) -> Awaitable[Execution]:
            body = wire.execute_body(code, timeout_seconds, self._output_streams_max_length)
            call = Call(
                operation=operation,
                method="POST",
                path=wire.execute_path,
                api_version=wire.api_version,
                identifier=identifier,
                # Escaped to ASCII, so that half of a surrogate pair can be sent too.
                body=json.dumps(body).encode("ascii"),
                is_execution=True,
                is_repeatable=repeatable,
                answer_seconds=answer_seconds,
                total_seconds=answer_seconds + _EXECUTION_TRAVEL_SECONDS,
            )
            return self._send(call, read)

        return await self._version.use(send)

    async def get_session(self, identifier: str) -> SessionInfo:
        """Describe a session.

        Raises:
            NotFoundError: There is no session of this identifier.
            PoolError: The pool failed the call.
        """
        call = self._session_call(
            "Reading the session", "GET", "/session", identifier, managed="getSession"
        )
        return await self._send(
            call, lambda answer: answers.parse_session(answers.parse_json(answer.body), identifier)
        )

    async def stop_session(self, identifier: str) -> None:
        """Destroy a session with its state and files, so that it no longer counts.

        Raises:
            NotFoundError: There is no session of this identifier.
            PoolError: The pool failed the call.
        """
        call = self._session_call(
            "Stopping the session", "DELETE", "/session", identifier, managed="stopSession"
        )
        await self._send(call, lambda _: None)

    async def list_sessions(self) -> list[SessionInfo]:
        """List the live sessions of the pool; their identifiers are secrets.

        Raises:
            NotFoundError: This pool does not list its sessions.
            PoolError: The pool failed the call.
        """
        call = self._session_call(
            "Listing the sessions", "GET", "/listSessions", None, managed="listSessions"
        )
        return await read_pages(
            self._send,
            self.endpoint,
            call,
            lambda body: answers.parse_sessions(answers.parse_json(body, is_secret=True)),
        )

    async def metadata(self) -> PoolMetadata:
        """Describe the pool: its runtimes, packages and Jupyter kernel.

        Raises:
            PoolError: The pool failed the call.
        """
        call = self._session_call("Reading the pool's metadata", "GET", "/metadata", None)
        return await self._send(
            call, lambda answer: answers.parse_pool(answers.parse_json(answer.body))
        )

    async def _send(self, call: Call, read: Callable[[Answer], _Result]) -> _Result:
        """Send a call, and give it up where the pool is silent for too long."""

        def check_and_read(answer: Answer) -> _Result:
            if call.destination is None and is_web_page(answer.headers, answer.body):
                raise ShapeError("it is a web page")
            return read(answer)

        sending = self._exchange.send(call, check_and_read)
        # Code that must not run twice may be silent for as long as it runs.
        if self._silence is None or (call.is_execution and not call.is_repeatable):
            return await sending
        try:
            return await self._silence.bound(
                sending,
                operation=call.operation,
                whom=f"the session pool at {self.endpoint.host}",
            )
        except SilentError as silent:
            raise PoolTimeoutError(
                f"{call.operation} failed: nothing came from the session pool at "
                f"{self.endpoint.host} for {silent.seconds:.0f} s.",
                remedy=remedies.SILENCE,
                endpoint=self.endpoint.url,
                seconds=silent.seconds,
                may_have_run=call.has_effect,
            ) from None

    def _session_call(
        self,
        operation: str,
        method: str,
        path: str,
        identifier: str | None,
        *,
        managed: str = "",
    ) -> Call:
        """Return a call about a session or the pool.

        Custom-container pools hand paths such as ``/session`` to the container; what lies
        below ``/.management`` is answered by the pool, and asked with POST.
        """
        is_managed = bool(managed) and self.endpoint.is_custom_container
        return Call(
            operation=operation,
            method="POST" if is_managed else method,
            path=f"/.management/{managed}" if is_managed else path,
            api_version=MANAGEMENT_API_VERSION if is_managed else SESSION_API_VERSION,
            identifier=check_identifier(identifier) if identifier is not None else None,
            is_repeatable=True,
        )
