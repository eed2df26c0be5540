"""Names and resource ids of session pools, and which of them Resource Manager takes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from acajs_kernel.errors import ConfigurationError, EndpointError
from acajs_kernel.pool.endpoint import unwrapped

__all__ = ["PoolResource", "check_group_name", "check_pool_name"]

_FORM = "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.App/sessionPools/POOL"
# A segment goes into a URL: nothing that could lead elsewhere in it.
_SEGMENT = r"[A-Za-z0-9._()-]+"
_RESOURCE_ID = re.compile(
    rf"(?i)/?subscriptions/(?P<subscription>{_SEGMENT})/resourceGroups/(?P<group>{_SEGMENT})"
    rf"/providers/Microsoft\.App/sessionPools/(?P<pool>{_SEGMENT})/?\Z"
)
# The rules of the REST API description: Microsoft.App, sessionPools, sessionPoolName.
_POOL_NAME = re.compile(r"[a-z][a-z0-9]{2,62}\Z")
# Letters, digits and -_.() of any script are documented; a period may not be the last one.
_GROUP_NAME = re.compile(r"[-\w._()]{0,89}[-\w_()]\Z")


@dataclass(frozen=True)
class PoolResource:
    """A session pool as a resource of Azure.

    Attributes:
        subscription: The subscription's id, a GUID.
        group: The resource group's name.
        name: The pool's name.
    """

    subscription: str
    group: str
    name: str

    @classmethod
    def parse(cls, text: str) -> PoolResource:
        """Read a pool's resource id.

        Raises:
            EndpointError: It is not one.
        """
        found = _RESOURCE_ID.match(unwrapped(text))
        if found is None:
            raise EndpointError(
                "The pool endpoint looks like an Azure resource id, but not like a session pool's.",
                remedy=f"A pool's resource id has the form {_FORM}. Read it with: "
                "az containerapp sessionpool show --name POOL --resource-group GROUP "
                "--query id -o tsv",
            )
        return cls(found["subscription"], found["group"], found["pool"])

    @property
    def group_id(self) -> str:
        """The resource id of the resource group."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"

    @property
    def id(self) -> str:
        """The pool's resource id."""
        return f"{self.group_id}/providers/Microsoft.App/sessionPools/{self.name}"

    def __str__(self) -> str:
        return self.id


def check_pool_name(name: str) -> str:
    """Return a pool's name if Resource Manager takes it.

    Raises:
        ConfigurationError: It does not.
    """
    if not _POOL_NAME.match(name):
        raise ConfigurationError(
            f"A session pool cannot be named {name[:80]!r}.",
            remedy="Choose 3 to 63 lower-case letters and digits, beginning with a letter.",
        )
    return name


def check_group_name(name: str) -> str:
    """Return a resource group's name if Resource Manager takes it.

    Raises:
        ConfigurationError: It does not.
    """
    if not _GROUP_NAME.match(name):
        raise ConfigurationError(
            f"A resource group cannot be named {name[:100]!r}.",
            remedy="Choose 1 to 90 letters, digits and the characters - _ . ( ), "
            "not ending in a period.",
        )
    return name
