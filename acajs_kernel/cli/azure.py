"""``acajs azure``: session pools on Azure made, shown, listed and deleted."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from acajs_kernel.cli import clients
from acajs_kernel.cli.progress import ProgressLines
from acajs_kernel.cli.table import print_table
from acajs_kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from acajs_kernel.azure import Made, PoolOptions, SessionPool, Step

__all__ = ["azure"]

azure = typer.Typer(
    help="JavaScript session pools on Azure: create, show, list, delete.", no_args_is_help=True
)

_Name = Annotated[str, typer.Argument(help="The pool's name: lower-case letters and digits.")]
_Group = Annotated[str, typer.Option("--resource-group", "-g", help="The resource group.")]
_Subscription = Annotated[
    str,
    typer.Option(
        help="The subscription's id. Default: AZURE_SUBSCRIPTION_ID, else the only enabled one."
    ),
]
_DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Print the equivalent az commands, without running them."),
]
_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@azure.command()
def create(
    name: _Name,
    group: _Group,
    *,
    subscription: _Subscription = "",
    location: Annotated[
        str, typer.Option(help="The region. Default: northcentralus, or the existing pool's.")
    ] = "",
    max_sessions: Annotated[
        int | None, typer.Option(help="Sessions alive at once, 1 to 600; 5 for a new pool.")
    ] = None,
    cooldown: Annotated[
        int | None,
        typer.Option(
            help="Seconds without a request after which a session ends, 300 to 3,600; 300 for a "
            "new pool."
        ),
    ] = None,
    egress: Annotated[
        bool | None,
        typer.Option(
            "--egress/--no-egress",
            help="Whether sessions can reach the internet; by default, a new pool's can.",
        ),
    ] = None,
    dry_run: _DryRun = False,
) -> None:
    """Create a pool with its resource group and your role on it, and wait until code runs there.

    If you run it again, it continues where it stopped: it keeps what exists, and changes only the
    options that you give and that differ. It prints what a shell needs on standard output.
    """
    # Imported here because it is slow to import, and no other command needs it.
    from acajs_kernel.azure import (  # noqa: PLC0415
        DEFAULT_LOCATION,
        PoolOptions,
        create_commands,
    )

    options = PoolOptions(max_sessions, cooldown, egress)
    options.check()
    if dry_run:
        chosen = _checked(name, group, subscription)
        where = location or DEFAULT_LOCATION
        for command in create_commands(
            name, group, subscription=chosen, location=where, options=options
        ):
            typer.echo(command)
        typer.echo('acajs install --endpoint "$ACAJS_POOL_ENDPOINT"')
        return
    made = asyncio.run(_create(name, group, subscription, location, options))
    _print_use(made)


async def _create(
    name: str, group: str, subscription: str, location: str, options: PoolOptions
) -> Made:
    from acajs_kernel.azure import Provisioner  # noqa: PLC0415 -- as in create
    from acajs_kernel.session.identity import generate_identifier  # noqa: PLC0415

    with ProgressLines() as progress:

        def show(step: Step) -> None:
            progress.done(f"{step.text} (was there)" if step.was_there else step.text)

        async with clients.open_resource_manager() as manager:
            provisioner = Provisioner(
                azure=manager,
                connect=clients.open_pool,
                new_identifier=generate_identifier,
                on_step=show,
                report=progress.report,
            )
            return await provisioner.make(
                name, group, subscription=subscription, location=location, options=options
            )


def _print_use(made: Made) -> None:
    """Print what uses the pool; the lines can be given to a shell's ``eval``."""
    endpoint = made.endpoint.url
    if os.name == "nt":  # PowerShell
        typer.echo(f"$env:ACAJS_POOL_ENDPOINT='{endpoint}'")
    else:
        typer.echo(f"export ACAJS_POOL_ENDPOINT={shlex.quote(endpoint)}")
    typer.echo("# To add a kernel to the launcher that needs no variable:")
    typer.echo(
        f"# acajs install --endpoint {shlex.quote(endpoint)} --name acajs-azure "
        '--display-name "JavaScript (Azure)"'
    )


@azure.command()
def show(
    name: _Name, group: _Group, *, subscription: _Subscription = "", as_json: _AsJson = False
) -> None:
    """Show a pool: its state, its endpoint, its limits."""
    pool = asyncio.run(_show(name, group, subscription))
    if as_json:
        typer.echo(json.dumps(_facts(pool), indent=2))
        return
    for key, value in _facts(pool).items():
        words = f"{key.replace('_', ' ')}:"
        typer.echo(f"{words:<18}{'unknown' if value in {None, ''} else value}")


async def _show(name: str, group: str, subscription: str) -> SessionPool:
    from acajs_kernel.azure import PoolResource, choose_subscription, find_pool  # noqa: PLC0415

    _checked(name, group, subscription)
    async with clients.open_resource_manager() as manager:
        chosen = await choose_subscription(manager, subscription)
        pool = await find_pool(manager, PoolResource(chosen, group, name))
    if pool is None:
        raise ConfigurationError(
            f"There is no session pool {name} in the resource group {group} of the subscription "
            f"{chosen}, or the signed-in identity is not allowed to see it.",
            remedy="List the pools with `acajs azure list`, or create it with: acajs azure create "
            f"{name} --resource-group {group}",
        )
    return pool


@azure.command("list")
def list_(
    *,
    group: Annotated[
        str, typer.Option("--resource-group", "-g", help="Only the pools in this resource group.")
    ] = "",
    subscription: _Subscription = "",
    as_json: _AsJson = False,
) -> None:
    """List the session pools of a subscription."""
    pools = asyncio.run(_list(group, subscription))
    if as_json:
        typer.echo(json.dumps([_facts(pool) for pool in pools], indent=2))
        return
    if not pools:
        typer.echo("There are no session pools.", err=True)
        return
    rows = [("NAME", "GROUP", "LOCATION", "TYPE", "STATE")] + [
        (p.resource.name, p.resource.group, p.location, p.container_type, p.state) for p in pools
    ]
    print_table(rows)


async def _list(group: str, subscription: str) -> list[SessionPool]:
    from acajs_kernel.azure import (  # noqa: PLC0415 -- as in create
        check_group_name,
        choose_subscription,
        list_pools,
    )

    if group:
        check_group_name(group)
    async with clients.open_resource_manager() as manager:
        chosen = await choose_subscription(manager, subscription)
        return await list_pools(manager, chosen, group)


@azure.command()
def delete(
    name: _Name,
    group: _Group,
    *,
    subscription: _Subscription = "",
    delete_group: Annotated[
        bool, typer.Option("--delete-group", help="Also delete the resource group.")
    ] = False,
    including_other_resources: Annotated[
        bool,
        typer.Option(
            "--including-other-resources",
            help="With --delete-group: even if the group holds other resources.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: _DryRun = False,
) -> None:
    """Delete a pool with every session in it and, if you ask for it, its resource group."""
    chosen = _checked(name, group, subscription)
    if including_other_resources and not delete_group:
        raise typer.BadParameter("--including-other-resources needs --delete-group")
    if dry_run:
        from acajs_kernel.azure import delete_commands  # noqa: PLC0415 -- as in create

        for command in delete_commands(name, group, subscription=chosen, with_group=delete_group):
            typer.echo(command)
        return
    asyncio.run(
        _delete(
            name,
            group,
            subscription,
            with_group=delete_group,
            with_others=including_other_resources,
            is_agreed=yes,
        )
    )


async def _delete(
    name: str,
    group: str,
    subscription: str,
    *,
    with_group: bool,
    with_others: bool,
    is_agreed: bool,
) -> None:
    from acajs_kernel.azure import (  # noqa: PLC0415 -- as in create
        PoolResource,
        choose_subscription,
        plan_removal,
        remove,
    )

    async with clients.open_resource_manager() as manager:
        chosen = await choose_subscription(manager, subscription)
        removal = await plan_removal(
            manager,
            PoolResource(chosen, group, name),
            with_group=with_group,
            with_others=with_others,
        )
        if removal.is_nothing:
            typer.echo(f"There is no session pool {name} in {group}: nothing to delete.", err=True)
            return
        if not is_agreed:
            # Nothing else runs in this loop, so that waiting for an answer blocks nothing.
            typer.confirm(f"Delete {removal.describe()}?", abort=True, err=True)
        with ProgressLines() as progress:
            await remove(manager, removal, on_done=progress.done, report=progress.report)


def _checked(name: str, group: str, subscription: str) -> str:
    """Check the names; return the subscription if it is given."""
    from acajs_kernel.azure import (  # noqa: PLC0415 -- as in create
        check_group_name,
        check_pool_name,
        named_subscription,
    )

    check_pool_name(name)
    check_group_name(group)
    return named_subscription(subscription)


def _facts(pool: SessionPool) -> dict[str, str | int | bool | None]:
    return {
        "name": pool.resource.name,
        "resource_group": pool.resource.group,
        "subscription": pool.resource.subscription,
        "location": pool.location,
        "container_type": pool.container_type,
        "state": pool.state,
        "endpoint": pool.endpoint,
        "maximum_sessions": pool.max_sessions,
        "cooldown_seconds": pool.cooldown_seconds,
        "egress": pool.egress,
    }
