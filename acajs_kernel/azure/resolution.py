"""From what a user calls a pool to its endpoint."""

from __future__ import annotations

from collections.abc import Callable

from acajs_kernel.azure.client import ResourceManager
from acajs_kernel.azure.pools import read_endpoint
from acajs_kernel.azure.resources import PoolResource
from acajs_kernel.http.silence import Silence
from acajs_kernel.pool import Endpoint, is_resource_id

__all__ = ["resolve_endpoint"]


async def resolve_endpoint(
    text: str,
    *,
    connect: Callable[[], ResourceManager] | None = None,
    silence: Silence | None = None,
) -> Endpoint:
    """Return the endpoint that a text means: a URL, or the resource id of a pool.

    A URL is read without any request. For a resource id, Azure Resource Manager is asked
    once, with the signed-in identity's own token: one in ``ACAJS_TOKEN`` is the pool's.

    Args:
        text: An endpoint as people paste it, or a pool's resource id.
        connect: Opens a client of Resource Manager; tests replace it.
        silence: Bounds the time for which Resource Manager may say nothing.

    Raises:
        EndpointError: It is neither, or there is no such pool.
        AzureError: Resource Manager refused, failed or was not reached.
        AuthenticationError: No token is available.
    """
    if not is_resource_id(text):
        return Endpoint.parse(text)
    resource = PoolResource.parse(text)
    async with connect() if connect is not None else ResourceManager(silence=silence) as azure:
        return Endpoint.parse(await read_endpoint(azure, resource))
