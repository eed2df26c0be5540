"""The client of the configured pool, for commands that run no cell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from acajs_kernel.pool import PoolClient
    from acajs_kernel.session import SessionSettings

__all__ = ["open_pool"]


@asynccontextmanager
async def open_pool(settings: SessionSettings) -> AsyncIterator[PoolClient]:
    """Open the client of the pool that the settings name, and report waits on standard error.

    Raises:
        ConfigurationError: A setting cannot be used.
    """
    # Imported here because the help needs none of it.
    from acajs_kernel.session.opening import connect  # noqa: PLC0415

    async with AsyncExitStack() as resources:
        yield await connect(settings, resources, lambda wait: typer.echo(wait.sentence, err=True))
