"""Session pools as resources: reading, making, changing.

Paths and members are those of the REST API description of Microsoft.App, sessionPools,
2025-07-01. The stable versions list the container types ``PythonLTS`` and ``CustomContainer`` and
allow others; ``NodeLTS`` is in the tutorial and in 2025-10-02-preview, which is asked where a
stable version refuses it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from http import HTTPStatus

from acajs_kernel.azure.client import ResourceManager
from acajs_kernel.azure.operations import Report, ResourceKind
from acajs_kernel.azure.resources import PoolResource
from acajs_kernel.azure.values import integer_at, text_at
from acajs_kernel.errors import AzureError, ConfigurationError, EndpointError
from acajs_kernel.pool import JsonValue, is_resource_id

__all__ = [
    "CONTAINER_TYPE",
    "PoolOptions",
    "SessionPool",
    "delete_pool",
    "find_pool",
    "list_pools",
    "make_pool",
    "read_endpoint",
    "settle_pool",
    "update_pool",
]

CONTAINER_TYPE = "NodeLTS"
"""The container type whose sessions run JavaScript."""

_POOL = ResourceKind("session pool", "2025-07-01", bound_seconds=900.0)
_POOL_IN_PREVIEW = replace(_POOL, api_version="2025-10-02-preview")
_PLACE_WORDS = re.compile(r"(?i)region|location")
_CONTAINER_TYPE_WORDS = re.compile(r"(?i:container\s?type)|\bNodeLTS\b")

# Of the vendor's page on session pools.
_COOLDOWN_SECONDS = range(300, 3600 + 1)
_SESSIONS = range(1, 600 + 1)


@dataclass(frozen=True)
class PoolOptions:
    """What a pool can be told; None leaves it as it is, for a new pool as the tutorial has it.

    Attributes:
        max_sessions: How many sessions may live at once.
        cooldown_seconds: After how many seconds without a request a session ends.
        egress: Whether sessions reach the internet.
    """

    max_sessions: int | None = None
    cooldown_seconds: int | None = None
    egress: bool | None = None

    def check(self) -> None:
        """Refuse, before anybody is asked, what the service would refuse.

        Raises:
            ConfigurationError: A number is outside of what the service takes.
        """
        if self.max_sessions is not None and self.max_sessions not in _SESSIONS:
            raise ConfigurationError(
                f"A session pool cannot have {self.max_sessions:,} sessions at once: the service "
                f"takes {_SESSIONS[0]} to {_SESSIONS[-1]}.",
                remedy="Give fewer --max-sessions, or make several pools."
                if self.max_sessions > _SESSIONS[-1]
                else f"Give --max-sessions from {_SESSIONS[0]} to {_SESSIONS[-1]}.",
            )
        if self.cooldown_seconds is not None and self.cooldown_seconds not in _COOLDOWN_SECONDS:
            raise ConfigurationError(
                f"A session pool cannot have a cooldown of {self.cooldown_seconds:,} s: the "
                f"service takes {_COOLDOWN_SECONDS[0]} to {_COOLDOWN_SECONDS[-1]} s.",
                remedy=f"Give --cooldown from {_COOLDOWN_SECONDS[0]} to {_COOLDOWN_SECONDS[-1]}.",
            )

    def for_a_new_pool(self) -> PoolOptions:
        """Fill in the vendor's tutorial's values."""
        return PoolOptions(
            5 if self.max_sessions is None else self.max_sessions,
            300 if self.cooldown_seconds is None else self.cooldown_seconds,
            True if self.egress is None else self.egress,
        )


@dataclass(frozen=True)
class SessionPool:
    """A session pool that exists.

    Attributes:
        resource: Which one.
        location: Its region, as the service spells it.
        container_type: What its sessions run, such as ``NodeLTS``.
        state: Its provisioning state, such as ``Succeeded``.
        endpoint: Its management endpoint; empty until it is ready.
        max_sessions: How many sessions may live at once, if the service says.
        cooldown_seconds: After how many seconds without a request a session ends.
        egress: Whether sessions reach the internet.
    """

    resource: PoolResource
    location: str
    container_type: str
    state: str
    endpoint: str
    max_sessions: int | None
    cooldown_seconds: int | None
    egress: bool | None


async def find_pool(azure: ResourceManager, resource: PoolResource) -> SessionPool | None:
    """Read a pool; None where there is none.

    Raises:
        AzureError: It could not be read.
        AuthenticationError: No token can be had.
    """
    found = await azure.find(
        f"Reading the session pool {resource.name}", resource.id, _POOL.api_version
    )
    return None if found is None else _pool_of(found, resource)


async def list_pools(
    azure: ResourceManager, subscription: str, group: str = ""
) -> list[SessionPool]:
    """List the pools of a subscription, or of one of its resource groups.

    Raises:
        AzureError: They could not be listed.
        AuthenticationError: No token can be had.
    """
    scope = f"/subscriptions/{subscription}" + (f"/resourceGroups/{group}" if group else "")
    listed = await azure.list(
        "Listing the session pools",
        f"{scope}/providers/Microsoft.App/sessionPools",
        _POOL.api_version,
    )
    return [
        _pool_of(value, PoolResource.parse(identifier))
        for value in listed
        if is_resource_id(identifier := text_at(value, "id"))
    ]


async def make_pool(
    azure: ResourceManager,
    resource: PoolResource,
    location: str,
    options: PoolOptions,
    report: Report,
) -> None:
    """Make a JavaScript pool and wait until it is ready.

    Raises:
        AzureError: It was refused, failed, or is not ready within 15 minutes.
        AuthenticationError: No token can be had.
    """
    body: JsonValue = {
        "location": location,
        "properties": {
            "poolManagementType": "Dynamic",
            "containerType": CONTAINER_TYPE,
            **_changeable(options.for_a_new_pool()),
        },
    }
    await _change(azure, "Making", resource, report, "PUT", body)


async def update_pool(
    azure: ResourceManager, resource: PoolResource, options: PoolOptions, report: Report
) -> None:
    """Change the given options of a pool and wait until that is done.

    Raises:
        AzureError: It was refused, failed, or has not ended within 15 minutes.
        AuthenticationError: No token can be had.
    """
    body: JsonValue = {"properties": _changeable(options)}
    await _change(azure, "Changing", resource, report, "PATCH", body)


async def _change(
    azure: ResourceManager,
    verb: str,
    resource: PoolResource,
    report: Report,
    method: str,
    body: JsonValue,
) -> None:
    """Make a change, in the preview's API version where a stable one refuses NodeLTS."""
    change = _POOL.change(azure, verb, resource.name, resource.id, report)
    try:
        await change.make(method, body)
    except AzureError as error:
        if not _is_about_type(error, change.operation):
            raise
        again = _POOL_IN_PREVIEW.change(azure, verb, resource.name, resource.id, report)
        await again.make(method, body)


def _is_about_type(error: AzureError, operation: str) -> bool:
    """Tell whether Resource Manager does not know the container type, wherever the pool is."""
    if error.status not in {None, HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}:
        return False
    said = f"{error.code} {error.message.removeprefix(operation)}"
    return bool(_CONTAINER_TYPE_WORDS.search(said)) and not _PLACE_WORDS.search(error.code)


async def settle_pool(azure: ResourceManager, resource: PoolResource, report: Report) -> None:
    """Wait until a pool that somebody is changing is ready.

    Raises:
        AzureError: The change failed, or has not ended within 15 minutes.
        AuthenticationError: No token can be had.
    """
    await _POOL.change(azure, "Waiting for", resource.name, resource.id, report).settle()


async def delete_pool(azure: ResourceManager, resource: PoolResource, report: Report) -> None:
    """Delete a pool, with every session in it, and wait until it is gone.

    Raises:
        AzureError: It was refused, failed, or has not ended within 15 minutes.
        AuthenticationError: No token can be had.
    """
    await _POOL.change(azure, "Deleting", resource.name, resource.id, report).make("DELETE")


async def read_endpoint(azure: ResourceManager, resource: PoolResource) -> str:
    """Read the management endpoint of a pool.

    Raises:
        EndpointError: There is no such pool, or it has no endpoint yet.
        AzureError: It could not be read.
        AuthenticationError: No token can be had.
    """
    pool = await find_pool(azure, resource)
    if pool is None:
        raise EndpointError(
            f"There is no session pool {resource.name} in the resource group {resource.group}, "
            "or the signed-in identity is not allowed to see it.",
            remedy=f"List the pools with: acajs azure list --subscription {resource.subscription}",
        )
    if not pool.endpoint:
        raise EndpointError(
            f"The session pool {resource.name} has no endpoint; its state is "
            f"{pool.state or 'unknown'}.",
            remedy=f"Wait until `acajs azure show {resource.name} --resource-group "
            f"{resource.group}` says Succeeded.",
        )
    return pool.endpoint


def _changeable(options: PoolOptions) -> dict[str, JsonValue]:
    """Return the members of the body for the options that are given."""
    members: dict[str, JsonValue] = {}
    if options.max_sessions is not None:
        members["scaleConfiguration"] = {"maxConcurrentSessions": options.max_sessions}
    if options.cooldown_seconds is not None:
        members["dynamicPoolConfiguration"] = {
            "lifecycleConfiguration": {
                "lifecycleType": "Timed",
                "cooldownPeriodInSeconds": options.cooldown_seconds,
            }
        }
    if options.egress is not None:
        status = "EgressEnabled" if options.egress else "EgressDisabled"
        members["sessionNetworkConfiguration"] = {"status": status}
    return members


def _pool_of(value: JsonValue, resource: PoolResource) -> SessionPool:
    lifecycle = ("properties", "dynamicPoolConfiguration", "lifecycleConfiguration")
    network = text_at(value, "properties", "sessionNetworkConfiguration", "status").lower()
    scale = ("properties", "scaleConfiguration")
    return SessionPool(
        resource=resource,
        location=text_at(value, "location"),
        container_type=text_at(value, "properties", "containerType"),
        state=text_at(value, "properties", "provisioningState"),
        endpoint=text_at(value, "properties", "poolManagementEndpoint"),
        max_sessions=integer_at(value, *scale, "maxConcurrentSessions"),
        cooldown_seconds=integer_at(value, *lifecycle, "cooldownPeriodInSeconds"),
        egress=network == "egressenabled" if network else None,
    )
