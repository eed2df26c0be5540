"""Sending one call: authentication, bounds, another attempt where that is safe."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from acajs_kernel.http.address import Address
from acajs_kernel.http.authentication import TokenSource
from acajs_kernel.http.call import Answer, AnswerTooLongError, Call, CarryingError, InProcessPool
from acajs_kernel.http.failure import Explainer, Failure, ShapeError, Wait
from acajs_kernel.http.internals import without_command_line
from acajs_kernel.http.redaction import Redactor
from acajs_kernel.http.refusals import Refusals, Renewal
from acajs_kernel.http.retry import RetryPolicy, retry_after_seconds

if TYPE_CHECKING:
    import httpx

    from acajs_kernel.http.carrier import HttpCarrier

__all__ = ["MAXIMUM_ANSWER_BYTES", "Exchange"]

MAXIMUM_ANSWER_BYTES = 64 * 1024 * 1024
"""How much of an answer is kept in memory, unless configured otherwise."""

_log = logging.getLogger("acajs_kernel")
_Result = TypeVar("_Result")


class _FailedError(Exception):
    """An attempt failed; its cause is the transport's exception, if there was one."""

    def __init__(self, failure: Failure) -> None:
        super().__init__()
        self.failure = failure


class Exchange:
    """Sends calls to one server.

    Args:
        address: Where calls go.
        explain: Returns what explains the failures of a call, given what hides its secrets.
        tokens: Gives bearer tokens; None for a pool without authentication.
        policy: Decides about further attempts.
        transport: Replaces the network.
        in_process: The pool, where it runs in this process.
        maximum_answer_bytes: How much of an answer is kept in memory.
        on_wait: Told before each pause.
        on_answer: Told when an answer has come, whatever it says.
        clock: Monotonic time in seconds.
        sleep: Pauses for so many seconds.
    """

    def __init__(
        self,
        address: Address,
        *,
        explain: Callable[[Call, Redactor], Explainer],
        tokens: TokenSource | None,
        policy: RetryPolicy,
        transport: httpx.AsyncBaseTransport | None = None,
        in_process: InProcessPool | None = None,
        maximum_answer_bytes: int = MAXIMUM_ANSWER_BYTES,
        on_wait: Callable[[Wait], None] | None = None,
        on_answer: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._address = address
        self._explain = explain
        self._tokens = tokens
        self._policy = policy
        self._transport = transport
        self._in_process = in_process
        self._maximum_answer_bytes = maximum_answer_bytes
        self._on_wait = on_wait
        self._on_answer = on_answer
        self._clock = clock
        self._sleep = sleep
        self._carrier: HttpCarrier | None = None
        self._is_closed = False
        self._has_reached_pool = False
        self._renewal: Renewal | None = None if tokens is None else Renewal(tokens, clock)

    async def aclose(self) -> None:
        """Close every connection; calls that run then fail."""
        self._is_closed = True
        carrier, self._carrier = self._carrier, None
        if carrier is not None:
            await carrier.aclose()

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
        may_have_been_done = False
        first_failure_at: float | None = None
        refusals = Refusals(self._policy, self._renewal, self._clock)
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
            wait: Wait | None
            if failure.is_refusal:
                renewed = await refusals.renewed_token(token)
                if renewed and call.rewind():
                    token = renewed
                    continue  # at once: a refused request was not carried out
                wait = refusals.wait(failure)
            else:
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
        if not is_success and not (is_gone and is_done_if_gone):
            raise _FailedError(
                self._explainer(call, token).of_status(
                    answer, attempt=attempt, retry_after_seconds=retry_after_seconds(answer.headers)
                )
            )
        try:
            return read(answer)
        except ShapeError as error:
            problem = str(error)
        raise _FailedError(self._explainer(call, token).of_shape(answer, problem, attempt=attempt))

    def _explainer(self, call: Call, token: str) -> Explainer:
        return self._explain(call, Redactor(call.identifier, [token]))

    async def _attempt(self, call: Call, token: str, attempt: int) -> Answer:
        """Send a call once."""
        if self._is_closed:
            raise _FailedError(self._explainer(call, token).of_closed())
        answer = await self._in_process.answer(call) if self._in_process is not None else None
        if answer is None:
            answer = await self._carry(call, token, attempt)
        self._has_reached_pool = True
        self._on_answer()
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug(
                "%s %s: HTTP %d in %.3f s, %s bytes out, %d bytes in, attempt %d, operation id %s",
                call.method,
                call.path,
                answer.status,
                answer.seconds,
                call.body_size if call.body_size is not None else "some",
                answer.received_bytes,
                attempt,
                self._explainer(call, token).support_id(answer) or "none",
            )
        return answer

    async def _carry(self, call: Call, token: str, attempt: int) -> Answer:
        """Send a call once over HTTP."""
        carrier = self._carrier
        if carrier is None:
            # Late, because httpx and the certificate authorities take 150 ms to load.
            with without_command_line():
                from acajs_kernel.http.carrier import HttpCarrier  # noqa: PLC0415

            transport = self._transport
            if transport is None and self._in_process is not None:
                transport = self._in_process.transport()
            carrier = self._carrier = HttpCarrier(
                self._address,
                transport=transport,
                maximum_answer_bytes=self._maximum_answer_bytes,
                clock=self._clock,
            )
        started = self._clock()
        try:
            return await carrier.carry(call, token)
        except CarryingError as problem:
            fault = problem.fault
            seconds = self._clock() - started
            _log.debug(
                "%s %s: %s after %.3f s, attempt %d",
                call.method,
                call.path,
                fault.name,
                seconds,
                attempt,
            )
            failure = self._explainer(call, token).of_fault(fault, seconds=seconds, attempt=attempt)
            # A library's text may quote what a server sent, and that may be a secret.
            is_clean = Redactor(call.identifier, [token])(fault.text) == fault.text
            raise _FailedError(failure) from (problem.__cause__ if is_clean else None)
        except AnswerTooLongError as problem:
            raise _FailedError(
                self._explainer(call, token).of_size(
                    problem.answer, self._maximum_answer_bytes, attempt=attempt
                )
            ) from None
