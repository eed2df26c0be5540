"""Whether a failed request is sent again, and when."""

from __future__ import annotations

import random as random_numbers
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from acajs_kernel.http.failure import Failure, Wait

__all__ = ["RetryPolicy", "refusal_seconds", "retry_after_seconds"]

_FIRST_PAUSE_SECONDS = 0.2
_FIRST_BUSY_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 15.0
# A pool that was never reached is more likely misspelt or not running than out for a
# moment: its user should not wait a minute to learn that.
_FIRST_CONTACT_ATTEMPTS = 3
# The service may refuse a good token for a while, and a wrong one for good: worth some seconds.
_REFUSAL_SECONDS = 8.0
# A pool on this machine has no roles that spread.
_LOOPBACK_REFUSAL_SECONDS = 1.0
_MILLISECOND_HEADERS = ("retry-after-ms", "x-ms-retry-after-ms")


class RetryPolicy(NamedTuple):
    """Decides about each failure of one call.

    A request is sent again only if it cannot have been carried out, or may be repeated.
    Pauses double from attempt to attempt, each shortened by chance by up to a half so that
    many clients do not come back at once; a pause that the service asked for is kept.

    Attributes:
        bound_seconds: No attempt begins later than this after the first failure.
        random: A number from 0 up to 1.
        refusal_seconds: The bound for a token that is refused, counted from its first refusal.
    """

    bound_seconds: float
    random: Callable[[], float] = random_numbers.random
    refusal_seconds: float = _REFUSAL_SECONDS

    def wait_after_refusal(
        self, failure: Failure, *, refusals: int, elapsed_seconds: float
    ) -> Wait | None:
        """Return the pause before a request whose token was refused is sent again, or None.

        A refused request was not carried out, so that any may be sent again.

        Args:
            failure: The refusal.
            refusals: How often the call was refused, from 1.
            elapsed_seconds: The time since its first refusal.
        """
        return self._replace(bound_seconds=self.refusal_seconds).wait_before_next(
            failure._replace(is_transient=True),
            is_repeatable=False,
            has_reached_pool=True,
            attempt=refusals,
            elapsed_seconds=elapsed_seconds,
        )

    def wait_before_next(
        self,
        failure: Failure,
        *,
        is_repeatable: bool,
        has_reached_pool: bool,
        attempt: int,
        elapsed_seconds: float,
    ) -> Wait | None:
        """Return the pause before the next attempt, or None if there is to be none.

        Args:
            failure: What happened to the last attempt.
            is_repeatable: Whether carrying the call out twice does no harm.
            has_reached_pool: Whether the pool has ever answered this client.
            attempt: The number of the failed attempt, from 1.
            elapsed_seconds: The time since the first attempt failed.
        """
        if not failure.is_transient or not (failure.is_safe or is_repeatable):
            return None
        if failure.most_attempts is not None and attempt >= failure.most_attempts:
            return None
        if failure.was_connecting and not has_reached_pool and attempt >= _FIRST_CONTACT_ATTEMPTS:
            return None
        first = _FIRST_BUSY_PAUSE_SECONDS if failure.is_busy else _FIRST_PAUSE_SECONDS
        # Capped before the power is taken: a long outage has many attempts.
        pause = min(first * 2.0 ** min(attempt - 1, 16), _LONGEST_PAUSE_SECONDS)
        pause *= 1 - self.random() / 2
        if failure.retry_after_seconds is not None:
            pause = max(failure.retry_after_seconds, pause if attempt > 1 else _FIRST_PAUSE_SECONDS)
        if elapsed_seconds + pause > self.bound_seconds:
            return None
        return Wait(
            reason=failure.reason,
            seconds=pause,
            attempt=attempt,
            elapsed_seconds=elapsed_seconds,
            bound_seconds=self.bound_seconds,
        )


def refusal_seconds(*, is_loopback: bool) -> float:
    """Return for how long a refused token is tried again, in seconds."""
    return _LOOPBACK_REFUSAL_SECONDS if is_loopback else _REFUSAL_SECONDS


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Return how long an answer asks to wait, or None where it does not say.

    ``Retry-After`` holds seconds or a date (RFC 9110, section 10.2.3); a date is taken
    relative to the answer's own ``Date``, so that a wrong clock here does not matter.
    """
    for name in _MILLISECOND_HEADERS:
        milliseconds = _number(headers.get(name, ""))
        if milliseconds is not None:
            return milliseconds / 1000
    text = headers.get("retry-after", "")
    seconds = _number(text)
    if seconds is not None:
        return seconds
    moment = _date(text)
    if moment is None:
        return None
    now = _date(headers.get("date", "")) or datetime.now(timezone.utc)
    return max((moment - now).total_seconds(), 0.0)


def _number(text: str) -> float | None:
    """Read a plain decimal number; ``inf`` and the like are none."""
    digits = text.strip()
    if not digits.replace(".", "", 1).isdecimal() or len(digits) > 12:  # noqa: PLR2004 - absurd
        return None
    return float(digits)


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
