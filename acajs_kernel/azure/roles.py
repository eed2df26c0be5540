"""Giving the executor role on a pool, and waiting until it works.

The calls are those of the vendor's page "Assign Azure roles using the REST API"; the codes
RoleAssignmentExists and PrincipalNotFound those of "Troubleshoot Azure RBAC". That an
assignment of the same name is given again without an error is inferred; either answer is
taken. The same page says that a new assignment takes up to ten minutes to work.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from acajs_kernel.azure.claims import Principal
from acajs_kernel.azure.client import ResourceManager
from acajs_kernel.azure.operations import Report
from acajs_kernel.azure.resources import PoolResource
from acajs_kernel.azure.values import text_at
from acajs_kernel.errors import (
    AcaJsError,
    AuthenticationError,
    AzureError,
    NotFoundError,
    PermissionDeniedError,
)
from acajs_kernel.pool import JsonValue, PoolClient

__all__ = ["EXECUTOR_ROLE", "assign_executor_role", "wait_until_role_works"]

EXECUTOR_ROLE = "Azure ContainerApps Session Executor"
"""The role that may run code in a pool's sessions."""

_API_VERSION = "2022-04-01"
_DIRECTORY_SECONDS = 120.0
_DIRECTORY_PAUSE_SECONDS = 10.0
_ROLE_SECONDS = 600.0
_FIRST_ROLE_PAUSE_SECONDS = 5.0
_LONGEST_ROLE_PAUSE_SECONDS = 30.0
_EXECUTION_SECONDS = 30


async def assign_executor_role(
    azure: ResourceManager, resource: PoolResource, principal: Principal, report: Report
) -> bool:
    """Give an identity the executor role on a pool.

    Returns:
        Whether the role was given now; False where the identity had it already.

    Raises:
        AzureError: It was refused, or there is no such role.
        AuthenticationError: No token is available.
    """
    role = await _role_definition(azure, resource)
    if await _is_assigned(azure, resource, principal, role):
        return False
    # The same name each time: a command that is run again finds its own assignment.
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{resource.id}|{principal.object_id}|{role}".lower())
    body: JsonValue = {
        "properties": {
            "roleDefinitionId": role,
            "principalId": principal.object_id,
            "principalType": principal.kind,
        }
    }
    operation = f"Giving the role {EXECUTOR_ROLE}"
    path = f"{resource.id}/providers/Microsoft.Authorization/roleAssignments/{name}"
    begun = azure.clock()
    while True:
        try:
            await azure.change(operation, "PUT", path, _API_VERSION, body)
        except AzureError as error:
            if error.code == "RoleAssignmentExists":
                return False
            elapsed = azure.clock() - begun
            if error.code != "PrincipalNotFound" or elapsed > _DIRECTORY_SECONDS:
                raise
            report(f"Waiting for the directory to know the identity: {elapsed:.0f} s")
            await azure.sleep(_DIRECTORY_PAUSE_SECONDS)
        else:
            return True


async def wait_until_role_works(
    pool: PoolClient,
    *,
    identifier: str,
    report: Report,
    azure: ResourceManager,
    on_leftover: Callable[[str], None],
) -> float:
    """Run a trivial execution again and again until the pool allows it.

    Args:
        pool: A client of the pool.
        identifier: A fresh identifier; its session is stopped afterwards.
        report: Told of the wait.
        azure: Gives clock and pauses.
        on_leftover: Told why the session could not be stopped, if it could not.

    Returns:
        How long it took, in seconds.

    Raises:
        PoolError: Not within ten minutes, or the pool failed otherwise.
    """
    begun = azure.clock()
    pause = _FIRST_ROLE_PAUSE_SECONDS
    while True:
        try:
            await pool.execute(identifier, "1", timeout_seconds=_EXECUTION_SECONDS, repeatable=True)
            break
        # Some saw 401 until a role had spread; a pool made just now may be unknown still.
        except (PermissionDeniedError, AuthenticationError, NotFoundError) as error:
            elapsed = azure.clock() - begun
            has_no_token = isinstance(error, AuthenticationError) and error.status is None
            if has_no_token or elapsed + pause > _ROLE_SECONDS:
                raise
            report(f"Waiting for the role to work, which takes minutes: {elapsed:.0f} s")
            await azure.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_ROLE_PAUSE_SECONDS)
    try:
        await pool.stop_session(identifier)
    except NotFoundError:
        pass  # it is gone already
    except AcaJsError as error:
        on_leftover(error.message)
    return azure.clock() - begun


async def _role_definition(azure: ResourceManager, resource: PoolResource) -> str:
    """Look the role's definition up by its name, in the pool's own scope."""
    operation = f"Looking up the role {EXECUTOR_ROLE}"
    found = await azure.list(
        operation,
        f"{resource.id}/providers/Microsoft.Authorization/roleDefinitions",
        _API_VERSION,
        {"$filter": f"roleName eq '{EXECUTOR_ROLE}'"},
    )
    for value in found:
        if text_at(value, "properties", "roleName").lower() == EXECUTOR_ROLE.lower():
            return text_at(value, "id")
    raise AzureError(
        f"{operation} failed: the subscription has no such role.",
        remedy=f'Look for it with: az role definition list --name "{EXECUTOR_ROLE}"',
    )


async def _is_assigned(
    azure: ResourceManager, resource: PoolResource, principal: Principal, role: str
) -> bool:
    """Tell whether an identity has the role on the pool, from it or from a scope above."""
    listed = await azure.list(
        "Listing the role assignments",
        f"{resource.id}/providers/Microsoft.Authorization/roleAssignments",
        _API_VERSION,
        {"$filter": f"principalId eq '{principal.object_id}'"},
    )
    wanted = role.rsplit("/", 1)[-1].lower()
    for value in listed:
        has_role = text_at(value, "properties", "roleDefinitionId").lower().endswith(f"/{wanted}")
        scope = text_at(value, "properties", "scope").lower().rstrip("/")
        is_above = f"{resource.id.lower()}/".startswith(f"{scope}/")
        if has_role and is_above:
            return True
    return False
