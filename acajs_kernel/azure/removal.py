"""Deleting a pool and, if asked to, its resource group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from acajs_kernel.azure.client import ResourceManager
from acajs_kernel.azure.groups import delete_group, find_group_location, list_other_resources
from acajs_kernel.azure.operations import Report
from acajs_kernel.azure.pools import delete_pool, find_pool
from acajs_kernel.azure.resources import PoolResource
from acajs_kernel.errors import ConfigurationError

__all__ = ["Removal", "plan_removal", "remove"]

_SHOWN = 10


@dataclass(frozen=True)
class Removal:
    """What is about to be deleted.

    Attributes:
        resource: The pool.
        has_pool: Whether the pool is there.
        with_group: Whether its resource group goes too.
        others: What else is in that group and would go with it.
    """

    resource: PoolResource
    has_pool: bool
    with_group: bool
    others: tuple[str, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to delete."""
        return not self.has_pool and not self.with_group

    def describe(self) -> str:
        """Return what would be deleted, a clause for people."""
        parts = []
        if self.has_pool:
            parts.append(f"the session pool {self.resource.name} with every session in it")
        if self.with_group:
            parts.append(f"the resource group {self.resource.group}")
        if self.others:
            parts.append(f"the {len(self.others)} other resources in that group")
        return " and ".join(parts)


async def plan_removal(
    azure: ResourceManager, resource: PoolResource, *, with_group: bool, with_others: bool
) -> Removal:
    """Look at what is there, and decide what is to be deleted.

    Args:
        azure: A client of Resource Manager.
        resource: The pool.
        with_group: Also its resource group.
        with_others: Even if that group holds other resources.

    Raises:
        ConfigurationError: The group holds other resources, and `with_others` is not set.
        AzureError: It could not be read.
        AuthenticationError: No token can be had.
    """
    has_pool = await find_pool(azure, resource) is not None
    others: list[str] = []
    has_group = False
    if with_group:
        has_group = await find_group_location(azure, resource) is not None
        others = await list_other_resources(azure, resource) if has_group else []
    if others and not with_others:
        shown = "\n".join(f"  {other}" for other in others[:_SHOWN])
        more = f"\n  and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        raise ConfigurationError(
            f"The resource group {resource.group} holds {len(others)} other resources, which "
            f"would be deleted with it:\n{shown}{more}\nNothing was deleted.",
            remedy="Leave --delete-group out to delete the pool alone, or add "
            "--including-other-resources to delete all of it.",
        )
    return Removal(resource, has_pool, with_group and has_group, tuple(others))


async def remove(
    azure: ResourceManager, removal: Removal, *, on_done: Callable[[str], None], report: Report
) -> None:
    """Delete what was planned, and wait until it is gone.

    Raises:
        AzureError: It was refused, failed, or has not ended within its bound.
        AuthenticationError: No token can be had.
    """
    if removal.has_pool:
        await delete_pool(azure, removal.resource, report)
        on_done(f"session pool {removal.resource.name} is deleted")
    if removal.with_group:
        await delete_group(azure, removal.resource, report)
        on_done(f"resource group {removal.resource.group} is deleted")
