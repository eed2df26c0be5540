"""Ending a session, whatever the pool allows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from acajs_kernel.errors import (
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    PoolBusyError,
    PoolError,
    PoolUnreachableError,
)

if TYPE_CHECKING:
    from acajs_kernel.pool import PoolClient

__all__ = ["stop_session"]

_log = logging.getLogger("acajs_kernel")


async def stop_session(pool: PoolClient, identifier: str) -> None:
    """Stop a session, so that it does not count until it cools down.

    That there is none is no error, and neither is a pool that does not know the call: the
    session cools down instead.

    Raises:
        PoolError: Something that any other call would meet as well: the pool cannot be
            reached or is full, or the identity may not use it.
    """
    try:
        await pool.stop_session(identifier)
    except NotFoundError:
        pass  # there was none, or it has cooled down
    except (AuthenticationError, PermissionDeniedError, PoolBusyError, PoolUnreachableError):
        raise
    except PoolError as error:
        _log.info("the session was not stopped: %s", error.message)
