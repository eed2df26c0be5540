"""A kernel per module."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest_asyncio

from tests.kernel_client import RunningKernel, running_kernel


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kernel() -> AsyncIterator[RunningKernel]:
    """Start one kernel, on an embedded pool, for all tests of a module."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith("ACAJS_")}
    async with running_kernel(clean) as started:
        await started.run("0")
        yield started
