"""Every error that acajs raises on purpose.

    AcaJsError
    ├── ConfigurationError          a setting cannot be used
    │   ├── EndpointError           the pool endpoint is not one, or not a safe one
    │   ├── IdentifierError         a session identifier breaks the service's rules
    │   └── NodeNotFoundError       the embedded pool has no Node to run
    ├── PoolError                   a request to the session pool failed
    │   ├── PoolUnreachableError    DNS, TCP or TLS failed
    │   ├── PoolTimeoutError        no answer within the bound
    │   ├── InvalidRequestError     400, 415: the service does not understand the request
    │   ├── AuthenticationError     401, or no credential yields a token
    │   ├── PermissionDeniedError   403: the identity lacks the executor role
    │   ├── NotFoundError           404: no such pool, session or file
    │   ├── ExecutionTimeoutError   408: the code ran longer than the service allows
    │   ├── ConflictError           409: the session is busy with another change
    │   ├── TooLargeError           413, or a size the service is known to refuse
    │   ├── PoolBusyError           429: no session is free, or too many requests
    │   ├── ServiceError            5xx: the service failed
    │   ├── UnexpectedAnswerError   not JSON, not the documented shape, a redirect, too long
    │   └── ExecutionFateUnknownError  the connection broke after the code may have started
    ├── SessionError                the notebook's session cannot do what was asked
    │   ├── AgentUnavailableError   the rich runtime cannot be installed in the session
    │   ├── SessionLostError        the session was replaced: its variables are gone
    │   ├── CodeFailedError         code that ran in the session threw, or was interrupted
    │   └── NoJavaScriptError       the session's interpreter does not run our JavaScript
    ├── MagicError                  a magic does not exist, or was used wrongly
    ├── AzureError                  Azure Resource Manager refused, failed or was not reached
    ├── TransferError               a file did not get from here to the session, or back
    └── LocalPoolError              the embedded pool failed

Each message says what was tried and what happened; `remedy` says what to do next,
with the exact command where there is one. No message holds a token or a whole
session identifier. `more` links to the documentation: each class has a
heading of its own in docs/troubleshooting.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = [
    "AcaJsError",
    "AgentUnavailableError",
    "AuthenticationError",
    "AzureError",
    "CodeFailedError",
    "ConfigurationError",
    "ConflictError",
    "EndpointError",
    "ExecutionFateUnknownError",
    "ExecutionTimeoutError",
    "IdentifierError",
    "InvalidRequestError",
    "LocalPoolError",
    "MagicError",
    "NoJavaScriptError",
    "NodeNotFoundError",
    "NotFoundError",
    "PermissionDeniedError",
    "PoolBusyError",
    "PoolError",
    "PoolTimeoutError",
    "PoolUnreachableError",
    "ServiceError",
    "SessionError",
    "SessionLostError",
    "TooLargeError",
    "TransferError",
    "UnexpectedAnswerError",
]


_TROUBLESHOOTING = "https://acajs.github.io/acajs-kernel/troubleshooting"


def more_about(name: str) -> str:
    """Return the address of what the documentation says about errors of a name."""
    words = re.findall("[A-Z][a-z]*", name.removesuffix("Error"))
    return f"{_TROUBLESHOOTING}#{'-'.join(words).lower()}"


class AcaJsError(Exception):
    """Base of every error that acajs raises on purpose.

    Args:
        message: What was tried and what happened, one or more sentences.
        remedy: What to do next; empty where nothing can be done.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message

    @property
    def more(self) -> str:
        """The address of what the documentation says about errors of this class."""
        return more_about(type(self).__name__)


class ConfigurationError(AcaJsError):
    """A setting has a value that cannot be used."""


class EndpointError(ConfigurationError):
    """The pool endpoint is not a URL of a session pool, or not a safe one."""


class IdentifierError(ConfigurationError):
    """A session identifier breaks the service's rules."""


class NodeNotFoundError(ConfigurationError):
    """The embedded pool found no Node.js to run."""


class PoolError(AcaJsError):
    """A request to the session pool failed.

    Args:
        message: What was tried and what happened.
        remedy: What to do next.
        endpoint: The pool's endpoint, without a query string.
        status: The HTTP status, or None when there was no answer.
        code: The service's own error code, such as ``SessionPoolNotFound``.
        service_message: The service's own words.
        operation_id: The ``operation-id`` header, which the vendor's support asks for.
        seconds: How long the kernel waited for the request, in seconds.
        may_have_run: Whether the request may have taken effect nevertheless.
    """

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        endpoint: str = "",
        status: int | None = None,
        code: str = "",
        service_message: str = "",
        operation_id: str = "",
        seconds: float | None = None,
        may_have_run: bool = False,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.endpoint = endpoint
        self.status = status
        self.code = code
        self.service_message = service_message
        self.operation_id = operation_id
        self.seconds = seconds
        self.may_have_run = may_have_run


class PoolUnreachableError(PoolError):
    """DNS, TCP or TLS failed.

    The request was never sent; or, for a call that may be repeated, the connection broke
    after sending; `may_have_run` then says so.
    """


class PoolTimeoutError(PoolError):
    """The pool gave no answer within the bound."""


class InvalidRequestError(PoolError):
    """400 or 415: the service does not understand the request."""


class AuthenticationError(PoolError):
    """401, or no credential on this machine yields a token."""


class PermissionDeniedError(PoolError):
    """403: the identity lacks the executor role on this pool."""


class NotFoundError(PoolError):
    """404: no such pool, session or file."""


class ExecutionTimeoutError(PoolError):
    """408: the code ran longer than the service allows."""


class ConflictError(PoolError):
    """409: the session is busy with another change."""


class TooLargeError(PoolError):
    """413, or a size that the service is known to refuse."""


class PoolBusyError(PoolError):
    """429: no session is free, or too many requests at once."""


class ServiceError(PoolError):
    """5xx: the service failed."""


class UnexpectedAnswerError(PoolError):
    """The answer is not JSON, not of the documented shape, a redirect, or too long."""


class ExecutionFateUnknownError(PoolError):
    """The connection broke after the code may have started; it was not sent again."""


class SessionError(AcaJsError):
    """The notebook's session cannot do what the kernel asked."""


class AgentUnavailableError(SessionError):
    """The session cannot run the rich runtime's agent: cells can only run in plain mode.

    Args:
        message: What was tried and what happened.
        remedy: What to do next.
        interpreter_failed: Whether the interpreter failed while installing the agent.
    """

    def __init__(self, message: str, *, remedy: str = "", interpreter_failed: bool = False) -> None:
        super().__init__(message, remedy=remedy)
        self.interpreter_failed = interpreter_failed


class SessionLostError(SessionError):
    """The session was replaced: its variables are gone, and files of its own.

    Args:
        message: What was tried and what happened.
        remedy: What to do next.
        was_running: Whether a cell had begun in the session that is gone.
    """

    def __init__(self, message: str, *, remedy: str = "", was_running: bool = False) -> None:
        super().__init__(message, remedy=remedy)
        self.was_running = was_running


class CodeFailedError(SessionError):
    """Code that ran in the session threw, or was interrupted.

    Args:
        ename: The error's name, such as ``TypeError``.
        evalue: The error's message.
        traceback: The lines to show, the headline included.
    """

    def __init__(self, ename: str, evalue: str, traceback: Sequence[str] = ()) -> None:
        super().__init__(f"{ename}: {evalue}")
        self.ename = ename
        self.evalue = evalue
        self.traceback = tuple(traceback)


class MagicError(AcaJsError):
    """A magic does not exist, or was used wrongly."""


class AzureError(AcaJsError):
    """Azure Resource Manager refused a request, failed it, or was not reached.

    Args:
        message: What was tried and what happened.
        remedy: What to do next.
        status: The HTTP status, or None when there was no answer.
        code: The service's own error code, such as ``AuthorizationFailed``; may be empty.
        request_id: The ``x-ms-correlation-request-id`` header, which the vendor's support
            asks for; may be empty.
    """

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        status: int | None = None,
        code: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
        self.code = code
        self.request_id = request_id


class NoJavaScriptError(SessionError):
    """The session's interpreter does not run our JavaScript, or does not answer."""


class TransferError(AcaJsError):
    """A file did not get from this machine to the session, or back."""


class LocalPoolError(AcaJsError):
    """The embedded pool failed."""
