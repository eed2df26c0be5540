"""The client of the configured pool, for commands that run no cell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from acajs_kernel.pool import PoolClient
    from acajs_kernel.session import SessionSettings

__all__ = ["open_pool"]


@asynccontextmanager
async def open_pool(settings: SessionSettings) -> AsyncIterator[PoolClient]:
    """Open the client of the pool that the settings name.

    Raises:
        ConfigurationError: A setting cannot be used.
    """
    # Imported here because httpx is slow to import.
    from acajs_kernel.pool import AzureToken, Endpoint, PoolClient, StaticToken  # noqa: PLC0415

    async with PoolClient(
        Endpoint.parse(settings.endpoint),
        tokens=StaticToken(settings.token) if settings.token else AzureToken(),
        api_version=settings.api_version,
        on_wait=lambda wait: typer.echo(wait.sentence, err=True),
    ) as client:
        yield client
