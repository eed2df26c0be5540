"""What to do when the service refuses a token: another token, or the same a little later.

The service is known to answer HTTP 401 for minutes after a role was given, to some requests
and not to others. A refused request was not carried out, so that trying again is safe.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acajs_kernel.http.authentication import TokenSource
    from acajs_kernel.http.failure import Failure, Wait
    from acajs_kernel.http.retry import RetryPolicy

__all__ = ["Refusals", "Renewal"]

# Getting a token may start a program or ask Entra, and a token this young is not what is wrong.
_YOUNG_SECONDS = 60.0
# Unless it is refused that often in a row: somebody may have signed in as somebody else.
_REFUSALS_OF_YOUNG = 3


class Renewal:
    """Gets new tokens for all calls of one client, and not for each refusal another one.

    Args:
        tokens: Gives the tokens.
        clock: Monotonic time in seconds.
    """

    def __init__(self, tokens: TokenSource, clock: Callable[[], float]) -> None:
        self._tokens = tokens
        self._clock = clock
        self._renewed_at: float | None = None

    @property
    def is_recent(self) -> bool:
        """Whether the token is so young that another one would be refused as well."""
        return self._renewed_at is not None and self._clock() - self._renewed_at < _YOUNG_SECONDS

    async def other_than(self, refused: str) -> str:
        """Return a token that is not the refused one; empty if there is none.

        Raises:
            AuthenticationError: No token can be had.
        """
        token = await self._tokens.token()  # another call may have renewed it meanwhile
        if token == refused:
            token = await self._tokens.token(refresh=True)
            self._renewed_at = self._clock()
        return "" if token == refused else token


class Refusals:
    """The refusals of one call.

    Args:
        policy: Says how long to wait before the next attempt.
        renewal: Gets another token; None where the pool asks for none.
        clock: Monotonic time in seconds.
    """

    def __init__(
        self, policy: RetryPolicy, renewal: Renewal | None, clock: Callable[[], float]
    ) -> None:
        self._policy = policy
        self._renewal = renewal
        self._clock = clock
        self._count = 0
        self._first_at = 0.0
        self._may_renew = renewal is not None

    async def renewed_token(self, refused: str) -> str:
        """Count a refusal, and return the token to try at once; empty if there is none.

        Raises:
            AuthenticationError: No token can be had.
        """
        self._count += 1
        if self._count == 1:
            self._first_at = self._clock()
        if self._renewal is None or not self._may_renew:
            return ""
        if self._renewal.is_recent and self._count < _REFUSALS_OF_YOUNG:
            return ""
        self._may_renew = False
        return await self._renewal.other_than(refused)

    def wait(self, failure: Failure) -> Wait | None:
        """Return the pause before the next attempt, or None if there is to be none."""
        if self._renewal is None:
            return None  # no token was sent, and none will be
        return self._policy.wait_after_refusal(
            failure, refusals=self._count, elapsed_seconds=self._clock() - self._first_at
        )
