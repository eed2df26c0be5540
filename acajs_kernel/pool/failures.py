"""What went wrong, as one exception of our own with a remedy, for every kind of failure.

An HTTP status or a fault of the connection becomes a `Failure`: the exception to raise, and
what a decision about sending the request again needs to know.
"""

from __future__ import annotations

from http import HTTPStatus

from acajs_kernel.errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    ExecutionFateUnknownError,
    ExecutionTimeoutError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    PoolBusyError,
    PoolError,
    PoolTimeoutError,
    PoolUnreachableError,
    ServiceError,
    TooLargeError,
    UnexpectedAnswerError,
)
from acajs_kernel.http.call import Answer, Call
from acajs_kernel.http.failure import Failure
from acajs_kernel.http.faults import Fault
from acajs_kernel.http.redaction import Redactor, shorten
from acajs_kernel.http.urls import host_of
from acajs_kernel.pool import remedies
from acajs_kernel.pool.answers import parse_error
from acajs_kernel.pool.endpoint import Endpoint
from acajs_kernel.pool.lookalikes import is_web_page, look_at, web_page_title
from acajs_kernel.pool.results import ServiceErrorDetail

__all__ = ["FailureReader"]

_FATE_UNKNOWN = "The cell may have run. It was not sent again."

# What Envoy, the gateway before the sessions, writes after "reset reason:" when it could
# not hand the request on at all; after any other reason the session may have got it.
_ENVOY_RESET = "disconnect/reset before headers"
_ENVOY_NOT_SENT = ("connection failure", "connection timeout", "overflow", "connect error: ")

_STATUS_ERRORS: dict[int, type[PoolError]] = {
    400: InvalidRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    405: InvalidRequestError,
    408: ExecutionTimeoutError,
    409: ConflictError,
    412: ConflictError,
    413: TooLargeError,
    415: InvalidRequestError,
    422: InvalidRequestError,
    429: PoolBusyError,
}
_TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504})


class FailureReader:
    """Turns what went wrong with one call into failures.

    Args:
        endpoint: The pool's endpoint.
        call: The call.
        redact: Hides the call's secrets in texts that others wrote.
    """

    def __init__(self, endpoint: Endpoint, call: Call, redact: Redactor) -> None:
        self._endpoint = endpoint
        self._call = call
        self._redact = redact

    def of_status(
        self, answer: Answer, *, attempt: int, retry_after_seconds: float | None
    ) -> Failure:
        """Explain an answer that is not a success."""
        detail = parse_error(answer.body, self._redact)
        code = detail.code or shorten(self._redact(answer.headers.get("x-ms-error-code", "")), 100)
        status = answer.status
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            return self._of_redirect(answer, attempt)
        kind = _STATUS_ERRORS.get(status)
        if status == HTTPStatus.REQUEST_TIMEOUT and not self._call.is_execution:
            kind = PoolTimeoutError
        if kind is None:
            is_server_side = status >= HTTPStatus.INTERNAL_SERVER_ERROR
            kind = ServiceError if is_server_side else UnexpectedAnswerError
        is_refusal = (
            status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.REQUEST_TIMEOUT
        )
        is_safe = is_refusal or (
            status == HTTPStatus.SERVICE_UNAVAILABLE and not _may_have_passed(detail)
        )
        reason = f"{self._pool} answered HTTP {status} {self._redact(answer.reason)}".rstrip()
        if code:
            reason += f", {code}"
        is_page = is_web_page(answer.headers, answer.body)
        if is_page:
            reason += f" with a web page{web_page_title(answer.body, self._redact)}"
        said = f": {_sentence(detail.message)}" if detail.message else "."
        message = f"{self._call.operation} failed: {reason}{said}{_after(attempt)}"
        return Failure(
            self._error(
                kind,
                message + self._fate(is_safe=is_safe),
                remedy=remedies.of_status(
                    self._endpoint, self._call, status, code, is_page=is_page
                ),
                status=status,
                code=code,
                service_message=_with_details(detail),
                operation_id=self.support_id(answer),
                seconds=answer.seconds,
                may_have_run=self._call.has_effect and not is_safe,
            ),
            reason=reason,
            is_safe=is_safe,
            is_transient=status in _TRANSIENT_STATUSES,
            is_busy=status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE},
            # A page is a proxy's or a network's, which no other token and no patience changes.
            is_refusal=status == HTTPStatus.UNAUTHORIZED and not is_page,
            retry_after_seconds=retry_after_seconds,
        )

    def of_shape(self, answer: Answer, problem: str, *, attempt: int) -> Failure:
        """Explain a successful answer that is not what the service documents."""
        seems = look_at(
            answer.status, answer.headers, answer.body, self._redact(problem), self._redact
        )
        return self._unexpected(
            answer,
            f"{self._pool} answered HTTP {answer.status}, {seems.what}",
            attempt,
            remedy=seems.remedy,
            most_attempts=seems.most_attempts,
        )

    def of_size(self, answer: Answer, maximum_bytes: int, *, attempt: int) -> Failure:
        """Explain an answer of which no more was read."""
        reason = f"the answer of {self._pool} is larger than {maximum_bytes:,} bytes"
        # The same request would get the same answer.
        return self._unexpected(
            answer, reason, attempt, remedy=remedies.UNEXPECTED_ANSWER, most_attempts=1
        )

    def of_fault(self, fault: Fault, *, seconds: float, attempt: int) -> Failure:
        """Explain why no whole answer came."""
        if fault.kind in {"connection", "unsendable"}:
            return self._of_connection(fault, seconds, attempt)
        is_timeout = fault.kind == "timeout"
        what = (
            f"no answer came within {seconds:.0f} s"
            if is_timeout
            else f"the connection broke ({self._describe(fault)})"
        )
        kind: type[PoolError] = PoolTimeoutError if is_timeout else PoolUnreachableError
        text = f"{self._call.operation} failed: {what} from {self._pool}.{_after(attempt)}"
        if not is_timeout:
            text = (
                f"{self._call.operation} failed: the connection to {self._pool} "
                f"broke ({self._describe(fault)}).{_after(attempt)}"
            )
        remedy = remedies.of_broken_connection(self._endpoint, is_timeout=is_timeout)
        if self._call.is_execution and not self._call.is_repeatable:
            kind = ExecutionFateUnknownError
            text += f" {_FATE_UNKNOWN}"
            remedy = remedies.FATE_UNKNOWN
        return Failure(
            self._error(
                kind, text, remedy=remedy, seconds=seconds, may_have_run=self._call.has_effect
            ),
            reason=what,
            is_transient=True,
        )

    def of_closed(self) -> Failure:
        """Explain that the client was closed before the call."""
        error = PoolError(
            f"{self._call.operation} failed: the client of the session pool is closed.",
            remedy="Restart the kernel.",
            endpoint=self._endpoint.url,
        )
        return Failure(error, "the client is closed", is_safe=True)

    def support_id(self, answer: Answer) -> str:
        """Return what the vendor's support asks for; empty where the answer has none."""
        return shorten(self._redact(answer.operation_id), 100)

    @property
    def _pool(self) -> str:
        return f"the session pool at {self._endpoint.host}"

    def _error(
        self,
        kind: type[PoolError],
        message: str,
        *,
        remedy: str,
        seconds: float,
        status: int | None = None,
        code: str = "",
        service_message: str = "",
        operation_id: str = "",
        may_have_run: bool = False,
    ) -> PoolError:
        if operation_id:
            message += f" (operation id {operation_id})"
        return kind(
            message,
            remedy=remedy,
            endpoint=self._endpoint.url,
            status=status,
            code=code,
            service_message=service_message,
            operation_id=operation_id,
            seconds=seconds,
            may_have_run=may_have_run,
        )

    def _fate(self, *, is_safe: bool) -> str:
        """Say of an execution whether its code may have run."""
        if not self._call.is_execution or self._call.is_repeatable or is_safe:
            return ""
        return f" {_FATE_UNKNOWN}"

    def _unexpected(
        self,
        answer: Answer,
        reason: str,
        attempt: int,
        *,
        remedy: str,
        most_attempts: int | None,
    ) -> Failure:
        message = f"{self._call.operation} failed: {reason}.{_after(attempt)}"
        return Failure(
            self._error(
                UnexpectedAnswerError,
                message + self._fate(is_safe=False),
                remedy=remedy,
                status=answer.status,
                operation_id=self.support_id(answer),
                seconds=answer.seconds,
                may_have_run=self._call.has_effect,
            ),
            reason=reason,
            is_transient=True,
            most_attempts=most_attempts,
        )

    def _of_redirect(self, answer: Answer, attempt: int) -> Failure:
        # The host alone: the rest of a location may hold the identifier.
        target = host_of(answer.headers.get("location", ""))
        where = "somewhere unreadable" if target is None else target or "the same host"
        reason = (
            f"{self._pool} answered HTTP {answer.status}, a redirect to "
            f"{shorten(self._redact(where), 100)}, which is not followed so that the token "
            "stays here"
        )
        return Failure(
            self._error(
                UnexpectedAnswerError,
                f"{self._call.operation} failed: {reason}.{_after(attempt)}",
                remedy=remedies.REDIRECT,
                status=answer.status,
                seconds=answer.seconds,
            ),
            reason=reason,
            is_safe=True,
        )

    def _of_connection(self, fault: Fault, seconds: float, attempt: int) -> Failure:
        if fault.kind == "unsendable":
            return Failure(
                ConfigurationError(
                    f"{self._call.operation} failed: the request cannot be sent: "
                    f"{self._describe(fault)}.",
                    remedy="Check ACAJS_POOL_ENDPOINT, ACAJS_TOKEN and the proxy settings.",
                ),
                reason="the request cannot be sent",
                is_safe=True,
            )
        # Proxies are slow to look for, and hardly ever needed.
        from acajs_kernel.http.unreachable import explain_connection_fault  # noqa: PLC0415

        problem = explain_connection_fault(
            fault, address=self._endpoint, seconds=seconds, describe=self._describe
        )
        return Failure(
            self._error(
                PoolUnreachableError,
                f"{self._call.operation} failed: {self._pool} was not reached: {problem.what}. "
                f"Nothing was sent.{_after(attempt)}",
                remedy=remedies.of_unreachable(self._endpoint, problem),
                seconds=seconds,
            ),
            reason=f"{self._pool} was not reached: {problem.what}",
            is_safe=True,
            is_transient=problem.is_transient,
            was_connecting=True,
        )

    def _describe(self, fault: Fault) -> str:
        return fault.describe(self._redact)


def _may_have_passed(detail: ServiceErrorDetail) -> bool:
    """Tell of an HTTP 503 whether the gateway may have handed the request on before."""
    text = detail.message.lower()
    return _ENVOY_RESET in text and not any(reason in text for reason in _ENVOY_NOT_SENT)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _with_details(detail: ServiceErrorDetail) -> str:
    inner = "; ".join(_with_details(item) for item in detail.details)
    own = detail.message or detail.code
    return f"{own} ({inner})" if inner else own


def _after(attempt: int) -> str:
    return f" This was attempt {attempt}." if attempt > 1 else ""
