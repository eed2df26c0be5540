"""Resource groups: whether one exists, what it holds, creating and deleting it."""

from __future__ import annotations

from acajs_kernel.azure.client import ResourceManager
from acajs_kernel.azure.operations import Report, ResourceKind
from acajs_kernel.azure.resources import PoolResource
from acajs_kernel.azure.values import text_at

__all__ = ["delete_group", "find_group_location", "list_other_resources", "make_group"]

_GROUP = ResourceKind("resource group", "2021-04-01", bound_seconds=1200.0)


async def find_group_location(azure: ResourceManager, resource: PoolResource) -> str | None:
    """Return the region of a pool's resource group; None where there is no such group.

    Raises:
        AzureError: It could not be read.
        AuthenticationError: No token is available.
    """
    found = await azure.find(
        f"Reading the resource group {resource.group}", resource.group_id, _GROUP.api_version
    )
    return None if found is None else text_at(found, "location")


async def make_group(
    azure: ResourceManager, resource: PoolResource, location: str, report: Report
) -> None:
    """Make a pool's resource group.

    Raises:
        AzureError: It was refused or failed.
        AuthenticationError: No token is available.
    """
    await _GROUP.change(azure, "Making", resource.group, resource.group_id, report).make(
        "PUT", {"location": location}
    )


async def list_other_resources(azure: ResourceManager, resource: PoolResource) -> list[str]:
    """List what else is in a pool's resource group, as types and names.

    Raises:
        AzureError: It could not be listed.
        AuthenticationError: No token is available.
    """
    listed = await azure.list(
        f"Listing the resource group {resource.group}",
        f"{resource.group_id}/resources",
        _GROUP.api_version,
    )
    return [
        f"{text_at(value, 'type')} {text_at(value, 'name')}"
        for value in listed
        if text_at(value, "id").lower() != resource.id.lower()
    ]


async def delete_group(azure: ResourceManager, resource: PoolResource, report: Report) -> None:
    """Delete a pool's resource group, with everything in it, and wait until it is gone.

    Raises:
        AzureError: It was refused, failed, or has not ended within 20 minutes.
        AuthenticationError: No token is available.
    """
    await _GROUP.change(azure, "Deleting", resource.group, resource.group_id, report).make("DELETE")
