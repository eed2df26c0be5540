"""Which subscription is meant."""

from __future__ import annotations

import os
import re
from http import HTTPStatus

from acajs_kernel.azure.client import ResourceManager
from acajs_kernel.azure.operations import Report
from acajs_kernel.azure.values import items_at, text_at
from acajs_kernel.errors import AzureError, ConfigurationError

__all__ = ["choose_subscription", "ensure_provider", "named_subscription"]

_SUBSCRIPTIONS_VERSION = "2022-12-01"
_PROVIDERS_VERSION = "2021-04-01"
_VARIABLE = "AZURE_SUBSCRIPTION_ID"
_ID = re.compile(r"[A-Za-z0-9-]{1,64}\Z")
_REGISTRATION_SECONDS = 600.0
_PAUSE_SECONDS = 5.0


def named_subscription(given: str) -> str:
    """Return the subscription that an option or AZURE_SUBSCRIPTION_ID names, or an empty text.

    Raises:
        ConfigurationError: It cannot be a subscription's id.
    """
    name = given.strip() or os.environ.get(_VARIABLE, "").strip()
    if name and not _ID.match(name):
        raise ConfigurationError(
            "The given subscription is not a subscription id.",
            remedy="Give the id, not the name: az account list --query '[].{name:name, id:id}' "
            "-o table",
        )
    return name


async def choose_subscription(azure: ResourceManager, given: str) -> str:
    """Return the subscription to work in.

    It is the one that is given, else that of AZURE_SUBSCRIPTION_ID, else the only enabled
    one that the identity sees.

    Raises:
        ConfigurationError: There is none, or a choice.
        AzureError: The subscriptions could not be listed.
        AuthenticationError: No token can be had.
    """
    name = named_subscription(given)
    if name:
        return name
    listed = await azure.list("Listing the subscriptions", "/subscriptions", _SUBSCRIPTIONS_VERSION)
    enabled = [one for one in listed if text_at(one, "state").lower() == "enabled"]
    if len(enabled) == 1:
        return text_at(enabled[0], "subscriptionId")
    if not enabled:
        raise ConfigurationError(
            "The signed-in identity can see no enabled subscription.",
            remedy="Sign in with `az login`, for another directory with --tenant; or create a "
            "subscription at https://portal.azure.com.",
        )
    lines = "\n".join(
        f"  {text_at(one, 'subscriptionId')}  {text_at(one, 'displayName')}" for one in enabled
    )
    raise ConfigurationError(
        f"The signed-in identity sees {len(enabled)} enabled subscriptions:\n{lines}",
        remedy=f"Choose one with --subscription ID, or set {_VARIABLE}.",
    )


async def ensure_provider(
    azure: ResourceManager, subscription: str, report: Report
) -> tuple[bool | None, tuple[str, ...]]:
    """Register the subscription with Microsoft.App, unless it is registered.

    An identity with rights in one resource group only may not look at providers; then
    making a pool tells if it is not registered.

    Returns:
        Whether it was registered before, or None where that cannot be told; and the display
        names of the regions that have session pools at all, empty where it does not say.

    Raises:
        AzureError: It was refused, failed, or has not ended within ten minutes.
        AuthenticationError: No token can be had.
    """
    path = f"/subscriptions/{subscription}/providers/Microsoft.App"
    operation = "Registering the provider Microsoft.App"
    try:
        provider = await azure.get("Reading the provider Microsoft.App", path, _PROVIDERS_VERSION)
    except AzureError as error:
        if error.status != HTTPStatus.FORBIDDEN:
            raise
        return None, ()
    was_registered = text_at(provider, "registrationState").lower() == "registered"
    if not was_registered:
        await azure.change(operation, "POST", f"{path}/register", _PROVIDERS_VERSION)
    begun = azure.clock()
    while text_at(provider, "registrationState").lower() != "registered":
        elapsed = azure.clock() - begun
        if elapsed > _REGISTRATION_SECONDS:
            raise AzureError(
                f"{operation} has not ended within {_REGISTRATION_SECONDS:g} s.",
                remedy="It continues by itself. Check it with: az provider show --namespace "
                "Microsoft.App --query registrationState ; then run the command again.",
            )
        report(f"{operation}: {elapsed:.0f} s")
        await azure.sleep(_PAUSE_SECONDS)
        provider = await azure.get(operation, path, _PROVIDERS_VERSION)
    regions = tuple(
        location
        for kind in items_at(provider, "resourceTypes")
        if text_at(kind, "resourceType").lower() == "sessionpools"
        for location in items_at(kind, "locations")
        if isinstance(location, str)
    )
    return was_registered, regions
