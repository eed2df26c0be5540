"""An idle session is renewed, for a bounded time."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

from acajs_kernel.errors import ServiceError
from acajs_kernel.session.keepalive import keep_alive


async def _keep_alive_until(
    pings: asyncio.Queue[float], last_use: Callable[[], float], *, fails: bool = False
) -> asyncio.Task[None]:
    async def ping() -> None:
        pings.put_nowait(time.monotonic())
        if fails:
            raise ServiceError("the pool is having a bad day")

    return asyncio.create_task(
        keep_alive(ping, last_use=last_use, interval_seconds=0.02, idle_seconds=0.5)
    )


async def test_an_idle_session_is_pinged_until_it_idled_long_enough() -> None:
    """Pings come at the interval, go on after a failed one, and stop after the idle time."""
    begun = time.monotonic()
    pings: asyncio.Queue[float] = asyncio.Queue()
    task = await _keep_alive_until(pings, lambda: begun, fails=True)
    last = begun
    try:
        while True:
            last = await asyncio.wait_for(pings.get(), 1)
    except asyncio.TimeoutError:
        pass
    finally:
        task.cancel()
    assert 0.1 < last - begun <= 0.6


async def test_a_session_in_use_is_not_pinged() -> None:
    """A running cell's own requests renew the session; a ping would only queue behind it."""
    pings: asyncio.Queue[float] = asyncio.Queue()
    task = await _keep_alive_until(pings, lambda: math.inf)
    done, _ = await asyncio.wait({task, asyncio.create_task(pings.get())}, timeout=0.3)
    task.cancel()
    assert not done
