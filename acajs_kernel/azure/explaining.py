"""What goes wrong with one request to Azure Resource Manager, as failures with a remedy."""

from __future__ import annotations

from http import HTTPStatus

from acajs_kernel.azure.failures import azure_error
from acajs_kernel.errors import AzureError
from acajs_kernel.http.address import Address
from acajs_kernel.http.call import Answer
from acajs_kernel.http.failure import Failure
from acajs_kernel.http.faults import Fault
from acajs_kernel.http.redaction import Redactor, shorten
from acajs_kernel.pool.answers import parse_error
from acajs_kernel.pool.remedies import of_certificate

__all__ = ["AzureExplainer"]

_TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
_BUSY_STATUSES = frozenset({429, 503})
_REQUEST_ID = "x-ms-correlation-request-id"


class AzureExplainer:
    """Explains the failures of one request to Resource Manager.

    Args:
        address: Resource Manager's address.
        operation: What is done, for people: a noun phrase that begins a sentence.
        redact: Hides the request's secrets in texts that others wrote.
    """

    def __init__(self, address: Address, operation: str, redact: Redactor) -> None:
        self._address = address
        self._operation = operation
        self._redact = redact

    def of_status(
        self,
        answer: Answer,
        *,
        attempt: int,  # noqa: ARG002 -- every request may be repeated, so that nobody needs it
        retry_after_seconds: float | None,
    ) -> Failure:
        """Explain an answer that is not a success."""
        reason = f"{self._address.host} answered HTTP {answer.status} {self._redact(answer.reason)}"
        is_answered_late = answer.status == HTTPStatus.REQUEST_TIMEOUT
        return Failure(
            azure_error(
                self._operation,
                reason.rstrip(),
                parse_error(answer.body, self._redact),
                status=answer.status,
                code=self._redact(answer.headers.get("x-ms-error-code", ""))[:100],
                request_id=self.support_id(answer),
            ),
            reason=reason,
            is_safe=answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and not is_answered_late,
            is_transient=answer.status in _TRANSIENT_STATUSES,
            is_busy=answer.status in _BUSY_STATUSES,
            is_refusal=answer.status == HTTPStatus.UNAUTHORIZED,
            retry_after_seconds=retry_after_seconds,
        )

    def of_shape(
        self,
        answer: Answer,
        problem: str,
        *,
        attempt: int,  # noqa: ARG002 -- as above
    ) -> Failure:
        """Explain a successful answer that is not what the service documents."""
        reason = f"{self._address.host} answered HTTP {answer.status}, but {problem}"
        error = AzureError(
            f"{self._operation} failed: {reason}.",
            remedy="Check that no proxy or sign-in page answers in place of the service.",
            status=answer.status,
        )
        return Failure(error, reason)

    def of_size(
        self,
        answer: Answer,
        maximum_bytes: int,
        *,
        attempt: int,
    ) -> Failure:
        """Explain an answer of which no more was read."""
        return self.of_shape(
            answer, f"the answer is larger than {maximum_bytes:,} bytes", attempt=attempt
        )

    def of_fault(
        self,
        fault: Fault,
        *,
        seconds: float,
        attempt: int,  # noqa: ARG002 -- as above
    ) -> Failure:
        """Explain a connection that did not come about, or broke."""
        host, operation = self._address.host, self._operation
        if fault.kind == "connection":
            return self._of_connection(fault, seconds)
        if fault.kind == "unsendable":
            reason = f"the request cannot be sent: {fault.describe(self._redact)}"
            remedy = "Check the names that you gave, and the proxy settings."
            return Failure(AzureError(f"{operation} failed: {reason}.", remedy=remedy), reason)
        reason = (
            f"{host} gave no answer within {seconds:.0f} s"
            if fault.kind == "timeout"
            else f"{host} broke the connection ({fault.describe(self._redact)})"
        )
        error = AzureError(
            f"{operation} failed: {reason}.",
            remedy="Run the command again; it continues where it stopped.",
        )
        return Failure(error, reason, is_transient=True)

    def of_closed(self) -> Failure:
        """Explain that the client was closed before the call."""
        reason = "the client of Azure Resource Manager is closed"
        error = AzureError(f"{self._operation} failed: {reason}.", remedy="Run the command again.")
        return Failure(error, reason, is_safe=True)

    def support_id(self, answer: Answer) -> str:
        """Return what the vendor's support asks for; empty where the answer has none."""
        return shorten(self._redact(answer.headers.get(_REQUEST_ID, "")), 100)

    def _of_connection(self, fault: Fault, seconds: float) -> Failure:
        # Proxies are slow to look for, and hardly ever needed.
        from acajs_kernel.http.unreachable import explain_connection_fault  # noqa: PLC0415

        problem = explain_connection_fault(
            fault,
            address=self._address,
            seconds=seconds,
            describe=lambda fault: fault.describe(self._redact),
        )
        reason = f"{self._address.host} was not reached: {problem.what}"
        through = f", and the proxy that {problem.proxy} names" if problem.proxy else ""
        remedy = f"Check your network{through}; then run the command again."
        if problem.is_about_certificate:
            remedy = of_certificate(self._address, problem.cause)
        return Failure(
            AzureError(f"{self._operation} failed: {reason}.", remedy=remedy),
            reason,
            is_safe=True,
            is_transient=problem.is_transient,
            was_connecting=True,
        )
