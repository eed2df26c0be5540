"""Fixtures that every test may use."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from acajs_kernel.logs import LOGGER_NAME
from tests.kernel_client import RunningKernel, running_kernel

_OURS = ("ACAJS_", "AZURE_", "IDENTITY_", "MSI_")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's own settings and credentials out of the tests."""
    for name in list(os.environ):
        if name.startswith(_OURS):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _clean_log() -> Iterator[None]:
    """Give back the package's logger as it was: a command that runs in here sets it up."""
    logger = logging.getLogger(LOGGER_NAME)
    level, handlers = logger.level, logger.handlers.copy()
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers


@pytest.fixture
def environment(_clean_environment: None) -> dict[str, str]:
    """Give the environment for a started process.

    It keeps no history of the tests, and its sessions have folders of their own.
    """
    return dict(os.environ) | {"ACAJS_HISTORY": "off", "ACAJS_WORKSPACE": "off"}


@pytest_asyncio.fixture
async def plain_kernel(environment: dict[str, str]) -> AsyncIterator[RunningKernel]:
    """Start a kernel in plain mode on an embedded pool."""
    async with running_kernel(environment | {"ACAJS_RUNTIME": "plain"}) as kernel:
        yield kernel


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_plain_kernel() -> AsyncIterator[RunningKernel]:
    """Start one kernel in plain mode for all tests of a module that leave it as it was."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    async with running_kernel(clean | {"ACAJS_RUNTIME": "plain"}) as kernel:
        yield kernel
