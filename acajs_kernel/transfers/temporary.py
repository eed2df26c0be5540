"""Files of the kernel's own in a session's data folder, there while a transfer lasts."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from acajs_kernel.errors import AcaJsError, NotFoundError

if TYPE_CHECKING:
    from acajs_kernel.pool import PoolClient

__all__ = ["OWN", "remove_temporary", "temporary_name"]

_log = logging.getLogger("acajs_kernel")

OWN = ".acajs-"
"""What the names of the kernel's own files begin with."""

_REMOVAL_SECONDS = 1.5


def temporary_name(purpose: str) -> str:
    """Return a name that nothing else has, which says what the file is for."""
    return f"{OWN}{purpose}-{secrets.token_hex(8)}"


async def remove_temporary(pool: PoolClient, identifier: str, names: Sequence[str]) -> None:
    """Remove files of our own, in a bounded time; they hinder nobody if that fails."""

    async def remove() -> None:
        for name in names:
            try:
                await pool.delete_file(identifier, name)
            except NotFoundError:
                continue

    try:
        await asyncio.wait_for(remove(), _REMOVAL_SECONDS)
    except (AcaJsError, asyncio.TimeoutError) as error:
        _log.info("a temporary file was left in the session: %s", error)
