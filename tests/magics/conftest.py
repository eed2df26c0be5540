"""A kernel for all tests of a module."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest_asyncio

from tests.kernel_client import RunningKernel, running_kernel


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kernel() -> AsyncIterator[RunningKernel]:
    """Start one kernel in rich mode, on its embedded pool."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
    async with running_kernel(clean | {"ACAJS_RUNTIME": "rich"}) as running:
        yield running
