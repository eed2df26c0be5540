"""A failed attempt: what it was, how long to wait before the next one, and who explains it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from acajs_kernel.http.call import Answer
from acajs_kernel.http.faults import Fault

__all__ = ["Explainer", "Failure", "ShapeError", "Wait"]


class ShapeError(ValueError):
    """An answer does not have the documented shape; the text says what is missing."""


class Failure(NamedTuple):
    """A failed attempt.

    Attributes:
        error: What to raise if the request is not sent again.
        reason: What happened, a clause for people.
        is_safe: The request was certainly not carried out: any call may be sent again.
        is_transient: Sending again can help at all.
        was_connecting: No connection came about.
        is_busy: The service asked to come back later.
        is_refusal: The token was refused, which may pass: a role that was given just now
            takes minutes to spread.
        retry_after_seconds: How long the service asked to wait, if it said.
        most_attempts: How often sending it is worth while in all; None for no such bound.
    """

    error: Exception
    reason: str
    is_safe: bool = False
    is_transient: bool = False
    was_connecting: bool = False
    is_busy: bool = False
    is_refusal: bool = False
    retry_after_seconds: float | None = None
    most_attempts: int | None = None


class Wait(NamedTuple):
    """A pause before a request is sent again.

    Attributes:
        reason: Why, a clause for people without a full stop.
        seconds: How long the pause is.
        attempt: The number of the attempt that failed, from 1.
        elapsed_seconds: The time since the first attempt failed.
        bound_seconds: When no further attempt is made, counted from the same moment.
    """

    reason: str
    seconds: float
    attempt: int
    elapsed_seconds: float
    bound_seconds: float

    @property
    def sentence(self) -> str:
        """What is waited for and how long, for people."""
        left = max(self.bound_seconds - self.elapsed_seconds, 0)
        return (
            f"{self.reason[:1].upper()}{self.reason[1:]}. Trying again in {self.seconds:.1f} s "
            f"(attempt {self.attempt} failed; giving up in {left:.0f} s)."
        )


class Explainer(Protocol):
    """Turns what went wrong with one call into failures.

    What an answer means, and what helps, is known to those who call, not to HTTP.
    """

    def of_status(
        self, answer: Answer, *, attempt: int, retry_after_seconds: float | None
    ) -> Failure:
        """Explain an answer that is not a success."""

    def of_shape(self, answer: Answer, problem: str, *, attempt: int) -> Failure:
        """Explain a successful answer that is not what the service documents."""

    def of_size(self, answer: Answer, maximum_bytes: int, *, attempt: int) -> Failure:
        """Explain an answer of which no more was read."""

    def of_fault(self, fault: Fault, *, seconds: float, attempt: int) -> Failure:
        """Explain why no whole answer came."""

    def of_closed(self) -> Failure:
        """Explain that the client was closed before the call."""

    def support_id(self, answer: Answer) -> str:
        """Return what the vendor's support asks for; empty where the answer has none."""
