"""From the setting to the pool's endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acajs_kernel.pool import Endpoint, is_resource_id

if TYPE_CHECKING:
    from acajs_kernel.http.silence import Silence

__all__ = ["resolve"]


async def resolve(text: str, *, silence: Silence | None = None) -> Endpoint:
    """Return the endpoint that a setting means: a URL, or the resource id of a pool.

    A URL takes no request.

    Args:
        text: The setting.
        silence: Bounds the time for which Azure Resource Manager may say nothing.

    Raises:
        EndpointError: It is neither, or there is no such pool.
        AzureError: Azure Resource Manager refused, failed or was not reached.
        AuthenticationError: No token for Resource Manager is available.
    """
    if not is_resource_id(text):
        return Endpoint.parse(text)
    # Imported here because a kernel whose setting is a URL need not wait for it.
    from acajs_kernel.azure import resolve_endpoint  # noqa: PLC0415

    return await resolve_endpoint(text, silence=silence)
