"""The same steps as commands of the vendor's own command line, to read or to run elsewhere."""

from __future__ import annotations

import shlex

from acajs_kernel.azure.pools import CONTAINER_TYPE, PoolOptions
from acajs_kernel.azure.roles import EXECUTOR_ROLE

__all__ = ["create_commands", "delete_commands"]


def create_commands(
    name: str, group: str, *, subscription: str, location: str, options: PoolOptions
) -> list[str]:
    """Return the commands that make a pool ready to use, for a POSIX shell.

    The vendor's tutorial gives them, one after another.
    """
    pool, values = _names(name, group), options.for_a_new_pool()
    show = f"az containerapp sessionpool show {pool}"
    network = "EgressEnabled" if values.egress else "EgressDisabled"
    return [
        *_account(subscription),
        # Without the preview commands, the extension may not know NodeLTS.
        "az extension add --name containerapp --upgrade --allow-preview true",
        "az provider register --namespace Microsoft.App --wait",
        f"az group create --name {shlex.quote(group)} --location {shlex.quote(location)}",
        (
            f"az containerapp sessionpool create {pool} --location {shlex.quote(location)} "
            f"--container-type {CONTAINER_TYPE} --max-sessions {values.max_sessions} "
            f"--cooldown-period {values.cooldown_seconds} --network-status {network}"
        ),
        (
            f'az role assignment create --role "{EXECUTOR_ROLE}" '
            '--assignee-object-id "$(az ad signed-in-user show --query id -o tsv)" '
            f'--assignee-principal-type User --scope "$({show} --query id -o tsv)"'
        ),
        f'export ACAJS_POOL_ENDPOINT="$({show} --query properties.poolManagementEndpoint -o tsv)"',
    ]


def delete_commands(name: str, group: str, *, subscription: str, with_group: bool) -> list[str]:
    """Return the commands that delete a pool, and its resource group if that is to go."""
    commands = [
        *_account(subscription),
        f"az containerapp sessionpool delete {_names(name, group)} --yes",
    ]
    if with_group:
        commands.append(f"az group delete --name {shlex.quote(group)} --yes")
    return commands


def _names(name: str, group: str) -> str:
    return f"--name {shlex.quote(name)} --resource-group {shlex.quote(group)}"


def _account(subscription: str) -> list[str]:
    return [f"az account set --subscription {subscription}"] if subscription else []
