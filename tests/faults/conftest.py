"""One served pool, and sessions of it behind proxies of their own."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from acajs_kernel.pool import Endpoint, PoolClient, StaticToken
from tests.faults.driving import Lane
from tests.faults.proxy import fault_proxy
from tests.pool_server import ServedPool, served_pool

_LANES = 4


@pytest.fixture(scope="session")
def pool() -> Iterator[ServedPool]:
    """Serve one pool over TCP for all tests of faults."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
    with served_pool(clean) as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lanes(pool: ServedPool) -> AsyncIterator[asyncio.Queue[Lane]]:
    """Give lanes that are free; who has taken one puts it back."""
    free: asyncio.Queue[Lane] = asyncio.Queue()
    async with AsyncExitStack() as resources:
        direct = await resources.enter_async_context(
            PoolClient(Endpoint.parse(pool.endpoint), tokens=StaticToken(pool.token))
        )
        for _ in range(_LANES):
            proxy = await resources.enter_async_context(fault_proxy(pool.endpoint, pool.token))
            identifier = secrets.token_hex(16)
            resources.push_async_callback(direct.stop_session, identifier)
            free.put_nowait(Lane(proxy, direct, identifier))
        yield free
