"""Keeping an idle session alive, for a bounded time.

The service destroys a session that got no request for its pool's cooldown. While a
notebook is open its session is renewed by a ping, which is an execution, because a
management call may not count as use.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from acajs_kernel.errors import AcaJsError

__all__ = ["keep_alive"]

_log = logging.getLogger("acajs_kernel")


async def keep_alive(
    ping: Callable[[], Awaitable[None]],
    *,
    last_use: Callable[[], float],
    interval_seconds: float,
    idle_seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Ping whenever the session was not used for an interval, until it idled long enough.

    A later use begins the idle time anew. Failures are logged, not raised: the next cell
    meets them, with a user to tell.

    Args:
        ping: Renews the session; it must not disturb a running cell.
        last_use: When the session was last used by a cell, by the clock; infinity while a
            cell runs, whose own requests renew the session.
        interval_seconds: Seconds between renewals, well below the cooldown.
        idle_seconds: Seconds without a cell after which the session may cool down.
        clock: Monotonic time in seconds; tests replace it.
        sleep: Pauses for so many seconds; tests replace it.
    """
    while True:
        await sleep(interval_seconds)
        idle = clock() - last_use()
        if idle < interval_seconds or idle > idle_seconds:
            continue
        try:
            await ping()
        except AcaJsError as error:
            _log.info("the session was not renewed: %s", error.message)
