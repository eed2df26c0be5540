"""Stopping a session, whatever the pool says to it."""

from __future__ import annotations

import pytest

from acajs_kernel.errors import (
    AuthenticationError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    PoolBusyError,
    PoolError,
    PoolUnreachableError,
    ServiceError,
)
from acajs_kernel.session.stopping import stop_session


class _Pool:
    """Answers that a session is to be stopped with an error."""

    def __init__(self, error: PoolError) -> None:
        self.error = error
        self.asked: list[str] = []

    async def stop_session(self, identifier: str) -> None:
        self.asked.append(identifier)
        raise self.error


@pytest.mark.parametrize(
    "kind", [AuthenticationError, PermissionDeniedError, PoolBusyError, PoolUnreachableError]
)
async def test_what_any_other_call_would_meet_is_told(kind: type[PoolError]) -> None:
    """A session that seems to be stopped, and is not, goes on counting against a full pool."""
    pool = _Pool(kind("no"))
    with pytest.raises(kind):
        await stop_session(pool, "identifier")  # type: ignore[arg-type] # of the client this alone
    assert pool.asked == ["identifier"]


@pytest.mark.parametrize("kind", [NotFoundError, InvalidRequestError, ServiceError])
async def test_a_session_that_cannot_be_stopped_cools_down(kind: type[PoolError]) -> None:
    """There is none, or the pool does not know the call: neither is worth an error."""
    pool = _Pool(kind("no"))
    await stop_session(pool, "identifier")  # type: ignore[arg-type] # as above
    assert pool.asked == ["identifier"]
