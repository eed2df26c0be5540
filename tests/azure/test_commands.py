"""The command ``acajs azure``, its Resource Manager replaced by one in memory."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from typer.testing import CliRunner, Result

from acajs_kernel.cli import application, clients
from acajs_kernel.errors import AcaJsError
from acajs_kernel.pool import Endpoint, PoolClient
from tests.azure.fake import SUBSCRIPTION, FakeAzure, manager_of
from tests.pool import fakes

Acajs = Callable[..., Result]


class _AnyIdentifier:
    """A pool that takes whatever identifier the command has made."""

    def __init__(self) -> None:
        self.pool = fakes.FakePool()

    async def __call__(self, request: Any) -> Any:
        """Answer a request as if its identifier were the expected one."""
        request.url = request.url.copy_set_param("identifier", fakes.IDENTIFIER)
        return await self.pool(request)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeAzure:
    """Put a Resource Manager in memory into the place of the real one."""
    manager = FakeAzure()
    pool = _AnyIdentifier()

    def connect(endpoint: Endpoint) -> PoolClient:
        assert endpoint.url == manager.endpoint
        return fakes.client_of(pool)

    monkeypatch.setattr(clients, "open_resource_manager", lambda: manager_of(manager))
    monkeypatch.setattr(clients, "open_pool", connect)
    return manager


@pytest.fixture
def acajs(fake: FakeAzure) -> Acajs:
    """Give what runs the command."""

    def run(*arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(
            application.application, ["azure", *arguments], env={"COLUMNS": "200"}, **options
        )

    return run


def test_create_prints_what_a_shell_needs_and_nothing_else_on_stdout(
    acajs: Acajs, fake: FakeAzure
) -> None:
    """Standard output can be given to eval; the steps are on standard error."""
    ran = acajs("create", "pool", "--resource-group", "group")
    assert ran.exit_code == 0, ran.output
    lines = ran.stdout.splitlines()
    assert lines[0] == f"export ACAJS_POOL_ENDPOINT={fake.endpoint}"
    assert all(line.startswith("#") for line in lines[1:])
    assert f"acajs install --endpoint {fake.endpoint}" in ran.stdout
    assert "✓ session pool pool in northcentralus\n" in ran.stderr
    assert f"✓ subscription {SUBSCRIPTION} (was there)\n" in ran.stderr


def test_the_options_of_create_reach_the_pool(acajs: Acajs, fake: FakeAzure) -> None:
    """Sessions, cooldown, network and region are those that were given."""
    options = ["--max-sessions", "20", "--cooldown", "900", "--no-egress"]
    ran = acajs("create", "pool", "-g", "group", "--location", "westeurope", *options)
    assert ran.exit_code == 0, ran.output
    shown = json.loads(acajs("show", "pool", "-g", "group", "--json").stdout)
    assert shown == {
        "name": "pool",
        "resource_group": "group",
        "subscription": SUBSCRIPTION,
        "location": "westeurope",
        "container_type": "NodeLTS",
        "state": "Succeeded",
        "endpoint": fake.endpoint,
        "maximum_sessions": 20,
        "cooldown_seconds": 900,
        "egress": False,
    }


def test_a_dry_run_prints_the_tutorials_commands_and_asks_nobody(
    acajs: Acajs, fake: FakeAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No request is made, no token is fetched and no socket opened."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a dry run must not reach for the network")

    monkeypatch.setattr(clients, "open_resource_manager", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    create = acajs(
        "create", "pool", "-g", "group", "--subscription", SUBSCRIPTION, "--dry-run"
    ).stdout
    assert create.splitlines() == [
        f"az account set --subscription {SUBSCRIPTION}",
        "az extension add --name containerapp --upgrade --allow-preview true",
        "az provider register --namespace Microsoft.App --wait",
        "az group create --name group --location northcentralus",
        (
            "az containerapp sessionpool create --name pool --resource-group group --location "
            "northcentralus --container-type NodeLTS --max-sessions 5 --cooldown-period 300 "
            "--network-status EgressEnabled"
        ),
        (
            'az role assignment create --role "Azure ContainerApps Session Executor" '
            '--assignee-object-id "$(az ad signed-in-user show --query id -o tsv)" '
            '--assignee-principal-type User --scope "$(az containerapp sessionpool show --name '
            'pool --resource-group group --query id -o tsv)"'
        ),
        (
            'export ACAJS_POOL_ENDPOINT="$(az containerapp sessionpool show --name pool '
            '--resource-group group --query properties.poolManagementEndpoint -o tsv)"'
        ),
        'acajs install --endpoint "$ACAJS_POOL_ENDPOINT"',
    ]
    delete = acajs("delete", "pool", "-g", "my(group)", "--delete-group", "--dry-run").stdout
    assert delete.splitlines() == [
        "az containerapp sessionpool delete --name pool --resource-group 'my(group)' --yes",
        "az group delete --name 'my(group)' --yes",
    ]
    assert fake.requests == []


def test_list_shows_every_page(acajs: Acajs, fake: FakeAzure) -> None:
    """Pools of all groups are listed, and with a group only its own."""
    base = f"/subscriptions/{SUBSCRIPTION}/resourceGroups"
    for number in range(5):
        path = f"{base}/g{number % 2}/providers/Microsoft.App/sessionPools/pool{number}"
        fake.add_pool(path)
    ran = acajs("list")
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.splitlines()[0].split() == ["NAME", "GROUP", "LOCATION", "TYPE", "STATE"]
    assert [line.split()[0] for line in ran.stdout.splitlines()[1:]] == [
        f"pool{number}" for number in range(5)
    ]
    listed = json.loads(acajs("list", "-g", "g1", "--json").stdout)
    assert [pool["name"] for pool in listed] == ["pool1", "pool3"]


def test_nothing_to_list_is_said(acajs: Acajs) -> None:
    """An empty subscription gives no table, and an empty JSON list."""
    assert acajs("list").stdout == ""
    assert acajs("list", "--json").stdout == "[]\n"


def test_a_pool_that_is_not_there_is_explained(acajs: Acajs) -> None:
    """The error names the subscription that was looked into and the command that helps."""
    ran = acajs("show", "pool", "-g", "group")
    assert isinstance(ran.exception, AcaJsError)
    assert SUBSCRIPTION in str(ran.exception)
    assert "acajs azure create pool --resource-group group" in str(ran.exception)


def test_delete_asks_first(acajs: Acajs, fake: FakeAzure) -> None:
    """A no leaves everything as it is; a yes deletes the pool alone."""
    fake.add_pool()
    ran = acajs("delete", "pool", "-g", "group", input="n\n")
    assert ran.exit_code == 1
    assert "Delete the session pool pool with every session in it?" in ran.stderr
    assert fake.changes == []
    ran = acajs("delete", "pool", "-g", "group", input="y\n")
    assert ran.exit_code == 0, ran.output
    assert "session pool pool is deleted" in ran.stderr
    assert [method for method, _ in fake.changes] == ["DELETE"]
    assert fake.pools == {}
    assert fake.groups == {"group": "northcentralus"}


def test_deleting_what_is_not_there_is_no_error(acajs: Acajs, fake: FakeAzure) -> None:
    """The command can be run again."""
    ran = acajs("delete", "pool", "-g", "group", "--yes")
    assert ran.exit_code == 0
    assert "nothing to delete" in ran.stderr
    assert fake.changes == []


def test_the_group_goes_only_when_it_is_named(acajs: Acajs, fake: FakeAzure) -> None:
    """With --delete-group the pool and its group are deleted, and waited for."""
    fake.add_pool()
    ran = acajs("delete", "pool", "-g", "group", "--delete-group", "--yes")
    assert ran.exit_code == 0, ran.output
    assert (fake.pools, fake.groups) == ({}, {})


def test_a_group_that_holds_other_things_is_not_deleted(acajs: Acajs, fake: FakeAzure) -> None:
    """Nothing is deleted, and the other resources are named; a further option agrees to it."""
    fake.add_pool()
    fake.other_resources.append(
        {"id": "/x", "type": "Microsoft.Storage/storageAccounts", "name": "photos"}
    )
    ran = acajs("delete", "pool", "-g", "group", "--delete-group", "--yes")
    assert isinstance(ran.exception, AcaJsError)
    assert "Microsoft.Storage/storageAccounts photos" in str(ran.exception)
    assert "--including-other-resources" in str(ran.exception)
    assert fake.changes == []
    options = ["--delete-group", "--including-other-resources", "--yes"]
    assert acajs("delete", "pool", "-g", "group", *options).exit_code == 0
    assert fake.groups == {}


def test_the_option_for_other_resources_needs_the_one_for_the_group(acajs: Acajs) -> None:
    """Alone it is a mistake in the command, status 2."""
    ran = acajs("delete", "pool", "-g", "group", "--including-other-resources", "--yes")
    assert ran.exit_code == 2


@pytest.mark.parametrize("style", ["location", "state"])
def test_a_deletion_is_followed_however_it_is_told(
    acajs: Acajs, fake: FakeAzure, style: str
) -> None:
    """Whether by Location or by the pool's own disappearance, the command waits for the end."""
    fake.style = style
    fake.polls = 3
    fake.add_pool()
    assert acajs("delete", "pool", "-g", "group", "--yes").exit_code == 0
    assert fake.pools == {}
