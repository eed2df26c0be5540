"""Session pools as resources of Azure: made, found and deleted through Resource Manager."""

from acajs_kernel.azure.claims import Claims, read_claims
from acajs_kernel.azure.client import MANAGEMENT_URL, ResourceManager
from acajs_kernel.azure.commands import create_commands, delete_commands
from acajs_kernel.azure.pools import PoolOptions, SessionPool, find_pool, list_pools
from acajs_kernel.azure.provisioning import DEFAULT_LOCATION, Made, Provisioner, Step
from acajs_kernel.azure.removal import Removal, plan_removal, remove
from acajs_kernel.azure.resolution import resolve_endpoint
from acajs_kernel.azure.resources import (
    PoolResource,
    check_group_name,
    check_pool_name,
)
from acajs_kernel.azure.subscriptions import choose_subscription, named_subscription

__all__ = [
    "DEFAULT_LOCATION",
    "MANAGEMENT_URL",
    "Claims",
    "Made",
    "PoolOptions",
    "PoolResource",
    "Provisioner",
    "Removal",
    "ResourceManager",
    "SessionPool",
    "Step",
    "check_group_name",
    "check_pool_name",
    "choose_subscription",
    "create_commands",
    "delete_commands",
    "find_pool",
    "list_pools",
    "named_subscription",
    "plan_removal",
    "read_claims",
    "remove",
    "resolve_endpoint",
]
