"""Making a pool ready to use: the steps of the vendor's tutorial, each only if it is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from acajs_kernel.azure.claims import read_principal
from acajs_kernel.azure.client import ResourceManager
from acajs_kernel.azure.groups import find_group_location, make_group
from acajs_kernel.azure.operations import Report
from acajs_kernel.azure.pools import (
    CONTAINER_TYPE,
    PoolOptions,
    SessionPool,
    find_pool,
    make_pool,
    read_endpoint,
    settle_pool,
    update_pool,
)
from acajs_kernel.azure.resources import PoolResource, check_group_name, check_pool_name
from acajs_kernel.azure.roles import (
    EXECUTOR_ROLE,
    assign_executor_role,
    wait_until_role_works,
)
from acajs_kernel.azure.subscriptions import choose_subscription, ensure_provider
from acajs_kernel.errors import ConfigurationError
from acajs_kernel.pool import Endpoint, PoolClient

__all__ = ["DEFAULT_LOCATION", "Made", "Provisioner", "Step", "same_region"]

DEFAULT_LOCATION = "northcentralus"
"""The region that the vendor's tutorial uses."""


@dataclass(frozen=True)
class Step:
    """A step that is done.

    Attributes:
        text: What is so now, a clause for people.
        was_there: Whether it was so before.
    """

    text: str
    was_there: bool


@dataclass(frozen=True)
class Made:
    """A pool that is ready to use."""

    resource: PoolResource
    endpoint: Endpoint


@dataclass(frozen=True)
class Provisioner:
    """Makes a pool ready to use; run again, it goes on where it stopped.

    Attributes:
        azure: A client of Resource Manager.
        connect: Opens a client of the pool with the signed-in identity's token.
        new_identifier: Gives the identifier of the session that tries the role.
        on_step: Told of each step when it is done.
        report: Told what is being waited for.
    """

    azure: ResourceManager
    connect: Callable[[Endpoint], PoolClient]
    new_identifier: Callable[[], str]
    on_step: Callable[[Step], None]
    report: Report

    async def make(
        self,
        name: str,
        group: str,
        *,
        subscription: str = "",
        location: str = "",
        options: PoolOptions,
    ) -> Made:
        """Make resource group, pool and role, and wait until code runs in the pool.

        Args:
            name: The pool's name.
            group: The resource group's name.
            subscription: The subscription's id; empty: see `choose_subscription`.
            location: The region; empty: as an existing pool has it, else `DEFAULT_LOCATION`.
            options: What the pool is told.

        Raises:
            ConfigurationError: A name or an option cannot be, the subscription is unclear, or a
                pool of this name is of another kind or elsewhere.
            AzureError: Resource Manager refused or failed a step.
            PoolError: The pool does not run code after ten minutes.
        """
        check_pool_name(name)
        check_group_name(group)
        options.check()
        chosen = await choose_subscription(self.azure, subscription)
        resource = PoolResource(chosen, group, name)
        self._done(f"subscription {chosen}", was_there=True)
        principal = read_principal(await self.azure.token())
        was_registered, regions = await ensure_provider(self.azure, chosen, self.report)
        if was_registered is not None:
            self._done("provider Microsoft.App is registered", was_there=was_registered)
        has_group = await self._ensure_group(resource, location or DEFAULT_LOCATION)
        pool = await find_pool(self.azure, resource) if has_group else None
        if pool is None:
            where = location or DEFAULT_LOCATION
            _check_region(where, regions)
            await make_pool(self.azure, resource, where, options, self.report)
            self._done(f"session pool {name} in {where}", was_there=False)
        else:
            await self._adapt(pool, location, options)
        given = await assign_executor_role(self.azure, resource, principal, self.report)
        self._done(f"role {EXECUTOR_ROLE} on {name}", was_there=not given)
        endpoint = Endpoint.parse(await read_endpoint(self.azure, resource))
        async with self.connect(endpoint) as client:
            seconds = await wait_until_role_works(
                client,
                identifier=self.new_identifier(),
                report=self.report,
                azure=self.azure,
                on_leftover=self._leftover,
            )
        self._done(f"code runs in the pool, after {seconds:.0f} s", was_there=False)
        return Made(resource, endpoint)

    async def _ensure_group(self, resource: PoolResource, location: str) -> bool:
        """Make the resource group; return whether it was there."""
        there = await find_group_location(self.azure, resource)
        if there is None:
            await make_group(self.azure, resource, location, self.report)
        self._done(
            f"resource group {resource.group} in {there or location}", was_there=there is not None
        )
        return there is not None

    async def _adapt(self, pool: SessionPool, location: str, options: PoolOptions) -> None:
        """Give an existing pool the options that are given and differ."""
        name = pool.resource.name
        if pool.container_type.lower() != CONTAINER_TYPE.lower():
            raise ConfigurationError(
                f"The session pool {name} exists, with the container type "
                f"{pool.container_type or 'unknown'}; JavaScript needs {CONTAINER_TYPE}, and the "
                "type of a pool cannot be changed.",
                remedy="Choose another name.",
            )
        if location and not same_region(location, pool.location):
            raise ConfigurationError(
                f"The session pool {name} exists in {pool.location}, not in {location}, and a "
                "pool cannot be moved.",
                remedy=f"Leave --location out, choose another name, or delete it first: acajs "
                f"azure delete {name} --resource-group {pool.resource.group}",
            )
        state = pool.state.lower()
        if state in {"failed", "canceled"}:  # what an earlier attempt has left
            await make_pool(self.azure, pool.resource, pool.location, options, self.report)
            self._done(f"session pool {name} in {pool.location}, created again", was_there=False)
            return
        if state != "succeeded":
            await settle_pool(self.azure, pool.resource, self.report)
        wanted = PoolOptions(
            _if_other(options.max_sessions, pool.max_sessions),
            _if_other(options.cooldown_seconds, pool.cooldown_seconds),
            None if options.egress == pool.egress else options.egress,
        )
        if wanted == PoolOptions():
            self._done(f"session pool {name} in {pool.location}", was_there=True)
        else:
            await update_pool(self.azure, pool.resource, wanted, self.report)
            self._done(f"session pool {name} in {pool.location}, changed", was_there=False)

    def _done(self, text: str, *, was_there: bool) -> None:
        self.on_step(Step(text, was_there))

    def _leftover(self, reason: str) -> None:
        self._done(f"the session used for the test will end by itself ({reason})", was_there=False)


def same_region(one: str, other: str) -> bool:
    """Compare regions, whose names are spelled ``northcentralus`` or ``North Central US``."""
    return one.replace(" ", "").lower() == other.replace(" ", "").lower()


def _check_region(location: str, regions: tuple[str, ...]) -> None:
    """Refuse a region without session pools before anything is made there."""
    if regions and not any(same_region(location, region) for region in regions):
        known = ", ".join(sorted(region.replace(" ", "").lower() for region in regions))
        raise ConfigurationError(
            f"There are no session pools in the region {location}.",
            remedy=f"Choose a --location out of: {known}. JavaScript sessions may exist in fewer.",
        )


def _if_other(wanted: int | None, present: int | None) -> int | None:
    return None if wanted == present else wanted
