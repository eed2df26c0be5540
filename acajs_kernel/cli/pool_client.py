"""The client of the configured pool, for commands that run no cell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from acajs_kernel.http.silence import Silence
    from acajs_kernel.pool import PoolClient
    from acajs_kernel.session import SessionSettings

__all__ = ["command_silence", "open_pool", "tell"]


@asynccontextmanager
async def open_pool(settings: SessionSettings) -> AsyncIterator[PoolClient]:
    """Open the client of the pool that the settings name.

    What is waited for, and what the user should know, is told on standard error.

    Raises:
        ConfigurationError: A setting cannot be used.
    """
    # Imported here because the help needs none of it.
    from acajs_kernel.session.connecting import Listener, connect  # noqa: PLC0415

    listener = Listener(
        on_wait=lambda wait: tell(wait.sentence), on_notice=tell, silence=command_silence()
    )
    async with AsyncExitStack() as resources:
        yield await connect(settings, resources, listener)


def command_silence() -> Silence:
    """Return what bounds the silence that a command bears: told after 4 s, given up after 45 s."""
    from acajs_kernel.http.silence import Silence  # noqa: PLC0415 -- as above

    return Silence(tell)


def tell(text: str) -> None:
    """Write a line to standard error."""
    typer.echo(text, err=True)
