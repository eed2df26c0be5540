"""Sending one call: authentication, bounds, another attempt where that is safe."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote, urlencode

import anyio
import httpx

from acajs_kernel.errors import PoolError
from acajs_kernel.pool.answers import ShapeError
from acajs_kernel.pool.authentication import TokenSource
from acajs_kernel.pool.call import Answer, Call
from acajs_kernel.pool.endpoint import Endpoint
from acajs_kernel.pool.failures import Failure, FailureReader
from acajs_kernel.pool.redaction import Redactor
from acajs_kernel.pool.results import Wait
from acajs_kernel.pool.retry import RetryPolicy, retry_after_seconds
from acajs_kernel.pool.transfer import Upload
from acajs_kernel.pool.transport import open_http_client

__all__ = ["MAXIMUM_ANSWER_BYTES", "Exchange"]

MAXIMUM_ANSWER_BYTES = 64 * 1024 * 1024
"""How much of an answer is kept in memory, unless configured otherwise."""

_MAXIMUM_ERROR_BYTES = 64 * 1024

_log = logging.getLogger("acajs_kernel")
_Result = TypeVar("_Result")


class _AnswerTooLongError(Exception):
    """An answer is larger than the bound; it carries the answer without its body."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class _FailedError(Exception):
    """An attempt failed; its cause is the transport's exception, if there was one."""

    def __init__(self, failure: Failure) -> None:
        super().__init__()
        self.failure = failure


def _was_refused(failure: Failure) -> bool:
    error = failure.error
    return isinstance(error, PoolError) and error.status == HTTPStatus.UNAUTHORIZED


class Exchange:
    """Sends calls to one pool.

    Args:
        endpoint: The pool's endpoint.
        tokens: Gives bearer tokens; None for a pool without authentication.
        policy: Decides about further attempts.
        transport: Replaces the network.
        maximum_answer_bytes: How much of an answer is kept in memory.
        on_wait: Told before each pause.
        clock: Monotonic time in seconds.
        sleep: Pauses for so many seconds.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        tokens: TokenSource | None,
        policy: RetryPolicy,
        transport: httpx.AsyncBaseTransport | None = None,
        maximum_answer_bytes: int = MAXIMUM_ANSWER_BYTES,
        on_wait: Callable[[Wait], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._endpoint = endpoint
        self._tokens = tokens
        self._policy = policy
        self._transport = transport
        self._maximum_answer_bytes = maximum_answer_bytes
        self._on_wait = on_wait
        self._clock = clock
        self._sleep = sleep
        self._http: httpx.AsyncClient | None = None
        self._is_closed = False
        self._has_reached_pool = False

    async def aclose(self) -> None:
        """Close every connection; calls that run then fail."""
        self._is_closed = True
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def send(self, call: Call, read: Callable[[Answer], _Result]) -> _Result:
        """Send a call until it succeeds or must not be sent again.

        Args:
            call: What to send.
            read: Reads a successful answer; its `ShapeError` makes the attempt a failure.

        Raises:
            PoolError: The call failed; the subclass says how.
            ConfigurationError: It cannot be sent at all.
        """
        token = await self._tokens.token() if self._tokens else ""
        has_refreshed = False
        may_have_been_done = False
        first_failure_at: float | None = None
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = await self._attempt(call, token, attempt)
                return self._read_answer(
                    call, answer, read, token, attempt, is_done_if_gone=may_have_been_done
                )
            except _FailedError as failed:
                failure, cause = failed.failure, failed.__cause__
            may_have_been_done = may_have_been_done or not failure.is_safe
            if _was_refused(failure) and self._tokens and not has_refreshed:
                has_refreshed = True
                refused, token = token, await self._tokens.token(refresh=True)
                if token != refused and call.rewind():
                    continue  # at once: a refused request was not carried out
                raise failure.error from cause
            now = self._clock()
            first_failure_at = now if first_failure_at is None else first_failure_at
            wait = self._policy.wait_before_next(
                failure,
                is_repeatable=call.is_repeatable,
                has_reached_pool=self._has_reached_pool,
                attempt=attempt,
                elapsed_seconds=now - first_failure_at,
            )
            if wait is None or not call.rewind():
                raise failure.error from cause
            await self._pause(wait)
            if self._tokens:
                token = await self._tokens.token()

    async def _pause(self, wait: Wait) -> None:
        _log.debug("waiting %.1f s: %s", wait.seconds, wait.reason)
        if self._on_wait is not None:
            self._on_wait(wait)
        await self._sleep(wait.seconds)

    def _read_answer(
        self,
        call: Call,
        answer: Answer,
        read: Callable[[Answer], _Result],
        token: str,
        attempt: int,
        *,
        is_done_if_gone: bool,
    ) -> _Result:
        """Read an answer, or raise `_FailedError`.

        With `is_done_if_gone`, an earlier attempt may have deleted what is to be deleted.
        """
        is_success = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
        is_gone = answer.status == HTTPStatus.NOT_FOUND and call.method == "DELETE"
        reader = self._reader(call, token)
        if not is_success and not (is_gone and is_done_if_gone):
            raise _FailedError(
                reader.of_status(
                    answer, attempt=attempt, retry_after_seconds=retry_after_seconds(answer.headers)
                )
            )
        try:
            return read(answer)
        except ShapeError as problem:
            failure = reader.of_shape(answer, str(problem), attempt=attempt)
        raise _FailedError(failure)

    def _reader(self, call: Call, token: str) -> FailureReader:
        return FailureReader(self._endpoint, call, Redactor(call.identifier, [token]))

    async def _attempt(self, call: Call, token: str, attempt: int) -> Answer:
        """Send a call once."""
        if self._is_closed:
            raise PoolError(
                f"{call.operation} failed: the client of the session pool is closed.",
                remedy="Restart the kernel.",
                endpoint=self._endpoint.url,
            )
        if self._http is None:
            # Late, because loading certificate authorities takes 40 ms.
            self._http = open_http_client(self._endpoint, self._transport)
        started = self._clock()
        try:
            with anyio.fail_after(call.total_seconds):
                async with self._open(self._http, call, token) as response:
                    body = await self._read(response, call, started)
        except (httpx.HTTPError, httpx.StreamError, ssl.SSLError, TimeoutError) as fault:
            seconds = self._clock() - started
            _log.debug(
                "%s %s: %s after %.3f s, attempt %d",
                call.method,
                call.path,
                type(fault).__name__,
                seconds,
                attempt,
            )
            failure = self._reader(call, token).of_fault(fault, seconds=seconds, attempt=attempt)
            # A library's text may quote what a server sent, and that may be a secret.
            text = str(fault)
            is_clean = Redactor(call.identifier, [token])(text) == text
            raise _FailedError(failure) from (fault if is_clean else None)
        except _AnswerTooLongError as problem:
            raise _FailedError(
                self._reader(call, token).of_size(
                    problem.answer, self._maximum_answer_bytes, attempt=attempt
                )
            ) from None
        self._has_reached_pool = True
        answer = self._answer(response, body, started)
        _log.debug(
            "%s %s: HTTP %d in %.3f s, %s bytes out, %d bytes in, attempt %d, operation id %s",
            call.method,
            call.path,
            answer.status,
            answer.seconds,
            call.body_size if call.body_size is not None else "some",
            response.num_bytes_downloaded,
            attempt,
            Redactor(call.identifier, [token])(answer.operation_id) or "none",
        )
        return answer

    @asynccontextmanager
    async def _open(
        self, http: httpx.AsyncClient, call: Call, token: str
    ) -> AsyncIterator[httpx.Response]:
        """Send the request and yield the response, its body unread."""
        headers = {"Accept": "application/json"}
        if call.destination is not None:
            # Compressed content would make the announced length useless for progress.
            headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        content: bytes | AsyncIterator[bytes] | None = None
        if isinstance(call.body, Upload):
            headers.update(call.body.headers)
            content = call.body.stream()
        elif call.body is not None:
            headers["Content-Type"] = "application/json"
            content = call.body
        if token:
            headers["Authorization"] = f"Bearer {token}"
        default = http.timeout
        timeout = httpx.Timeout(
            connect=default.connect,
            pool=default.pool,
            write=default.write,
            read=call.answer_seconds,
        )
        request = http.build_request(
            call.method, self._url(call), headers=headers, content=content, timeout=timeout
        )
        response = await http.send(request, stream=True)
        try:
            yield response
        finally:
            await response.aclose()

    def _url(self, call: Call) -> str:
        if call.url is not None:
            return call.url
        parameters = {"api-version": call.api_version, **call.parameters}
        if call.identifier is not None:
            parameters["identifier"] = call.identifier
        return f"{self._endpoint.url}{call.path}?{urlencode(parameters, quote_via=quote)}"

    async def _read(self, response: httpx.Response, call: Call, started: float) -> bytes:
        """Read a response's body, into the call's destination if it has one."""
        is_success = response.is_success
        length = response.headers.get("content-length", "")
        size = int(length) if length.isdecimal() and len(length) < 16 else None  # noqa: PLR2004
        if is_success and call.destination is not None:
            async for chunk in response.aiter_bytes():
                call.destination.write(chunk, size)
            return b""
        limit = self._maximum_answer_bytes if is_success else _MAXIMUM_ERROR_BYTES
        chunks: list[bytes] = []
        received = 0
        async for chunk in response.aiter_bytes():
            chunks.append(chunk)
            received += len(chunk)
            if received > limit:
                if is_success:
                    raise _AnswerTooLongError(self._answer(response, b"", started))
                break  # of an error's text the beginning suffices
        return b"".join(chunks)

    def _answer(self, response: httpx.Response, body: bytes, started: float) -> Answer:
        return Answer(
            status=response.status_code,
            reason=response.reason_phrase,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=body,
            seconds=self._clock() - started,
        )
