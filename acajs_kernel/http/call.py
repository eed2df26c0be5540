"""One request to the pool, and the answer to it, independent of how they travel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from acajs_kernel.http.faults import Fault
from acajs_kernel.http.transfer import Download, Upload

if TYPE_CHECKING:
    from typing import TypeAlias

    import httpx

    Transport: TypeAlias = httpx.AsyncBaseTransport
    """What carries requests, for those who name its type only."""

__all__ = [
    "ANSWER_SECONDS",
    "TOTAL_SECONDS",
    "Answer",
    "AnswerTooLongError",
    "Call",
    "CarryingError",
    "InProcessPool",
]

ANSWER_SECONDS = 30.0
"""Bound of the silence before and within an answer, unless a call says otherwise."""

TOTAL_SECONDS = 90.0
"""Bound of one attempt as a whole, unless a call says otherwise."""


class Call(NamedTuple):
    """A request to the pool.

    Attributes:
        operation: What is done, for people: a noun phrase that begins a sentence.
        method: The HTTP method.
        path: The path below the endpoint, percent-encoded.
        parameters: The query, without ``api-version`` and ``identifier``.
        api_version: The ``api-version`` parameter.
        identifier: The session's identifier, or None for a call about the pool.
        body: A JSON body, encoded, or a file, or None.
        destination: Where the content of a successful answer goes, instead of memory.
        url: The whole URL of a further page; then path and query are not used.
        is_execution: Whether code is run.
        is_repeatable: Whether doing it twice is as good as doing it once.
        is_about_file: Whether the call is about one file.
        answer_seconds: Bound of the silence before and within the answer, in seconds.
        total_seconds: Bound of one attempt as a whole, in seconds.
    """

    operation: str
    method: str
    path: str
    api_version: str
    identifier: str | None
    parameters: Mapping[str, str] = {}
    body: bytes | Upload | None = None
    destination: Download | None = None
    url: str | None = None
    is_execution: bool = False
    is_repeatable: bool = False
    is_about_file: bool = False
    answer_seconds: float = ANSWER_SECONDS
    total_seconds: float = TOTAL_SECONDS

    def __repr__(self) -> str:
        return f"Call({self.operation!r}, {self.method} {self.path})"  # the identifier is a secret

    @property
    def has_effect(self) -> bool:
        """Whether the request changes anything in the session."""
        return self.method != "GET"

    @property
    def body_size(self) -> int | None:
        """The size of the body in bytes; None where it is not known before it is sent."""
        return self.body.size if isinstance(self.body, Upload) else len(self.body or b"")

    def rewind(self) -> bool:
        """Make the call ready to be sent once more; False where its content is used up."""
        uploads = self.body.rewind() if isinstance(self.body, Upload) else True
        return uploads and (self.destination is None or self.destination.rewind())


class Answer(NamedTuple):
    """An answer of the pool.

    Attributes:
        status: The HTTP status.
        reason: The status in words.
        headers: The headers, their names in lower case.
        body: The whole body; empty where it went to a call's destination.
        seconds: From the sending of the request to the end of the answer.
        received_bytes: The size of the body as it travelled.
    """

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    received_bytes: int = 0

    @property
    def operation_id(self) -> str:
        """What the vendor's support asks for; empty where the service gives none."""
        return self.headers.get("operation-id", "")[:100]


class CarryingError(Exception):
    """No whole answer came; `fault` says why, and the cause is what was raised."""

    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault


class AnswerTooLongError(Exception):
    """An answer is larger than the bound; it carries the answer without its body."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class InProcessPool(Protocol):
    """A pool that runs in this process, and needs no HTTP for what it is asked most."""

    async def answer(self, call: Call) -> Answer | None:
        """Answer a call as the pool would over HTTP; None for one that must travel."""

    def transport(self) -> Transport:
        """Return what carries the other calls."""
