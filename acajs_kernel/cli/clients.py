"""The clients that commands use, opened in one place, where tests put others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acajs_kernel.cli.pool_client import command_silence, tell

if TYPE_CHECKING:
    from acajs_kernel.azure import ResourceManager
    from acajs_kernel.pool import Endpoint, PoolClient

__all__ = ["open_pool", "open_resource_manager"]


def open_resource_manager() -> ResourceManager:
    """Return a client of Azure Resource Manager, for the signed-in identity."""
    # Imported here because it is slow to import, and most commands need none of it.
    from acajs_kernel.azure import ResourceManager  # noqa: PLC0415

    return ResourceManager(silence=command_silence())


def open_pool(endpoint: Endpoint) -> PoolClient:
    """Return a client of a pool, for the signed-in identity."""
    from acajs_kernel.pool import AzureToken, PoolClient  # noqa: PLC0415 -- as above

    return PoolClient(endpoint, tokens=AzureToken(), on_notice=tell, silence=command_silence())
