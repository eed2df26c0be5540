"""``acajs sessions``: the live sessions of the pool."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from acajs_kernel.cli.pool_client import open_pool
from acajs_kernel.cli.settings import named_session_settings, pool_settings
from acajs_kernel.cli.table import print_table
from acajs_kernel.errors import NotFoundError, PoolError, SessionError

if TYPE_CHECKING:
    from acajs_kernel.pool import PoolClient, SessionInfo

__all__ = ["sessions"]

sessions = typer.Typer(help="The pool's live sessions.", invoke_without_command=True)

_LEAST_SHOWN = 4


@sessions.callback()
def sessions_or_list(context: typer.Context) -> None:
    """List the live sessions of the pool, or stop some of them."""
    if context.invoked_subcommand is None:
        list_sessions()


@sessions.command("list")
def list_sessions() -> None:
    """List the live sessions: the identifier's beginning, the start time, the end time.

    A session ends at the time shown unless it is used before. Pools of custom containers list
    theirs as well.
    """
    asyncio.run(_list())


@sessions.command()
def stop(
    beginnings: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="BEGINNING",
            help="The beginning of an identifier, as the list shows it. Default: the session "
            "that ACAJS_SESSION_ID names.",
            show_default=False,
        ),
    ] = None,
    *,
    every: Annotated[
        bool,
        typer.Option(
            "--all", help="Stop every session of the pool, including those of other people."
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask for confirmation of --all.")
    ] = False,
) -> None:
    """Stop sessions and free their places in the pool; their variables and files are lost."""
    if every and beginnings:
        raise typer.BadParameter("name sessions, or give --all, not both")
    if every and not yes:
        typer.confirm("Stop every session of the pool, whoever uses it?", abort=True)
    asyncio.run(_stop(beginnings or [], every=every))


async def _list() -> None:
    async with open_pool(pool_settings()) as pool:
        found = await _listed(pool)
    if not found:
        typer.echo("The pool has no live session.", err=True)
        return
    names = _short_names([session.identifier for session in found])
    rows: list[tuple[str, ...]] = [("SESSION", "CREATED", "LAST USED", "ENDS")]
    for session in sorted(found, key=lambda each: _moment(each.created_at)):
        times = (session.created_at, session.last_accessed_at, session.expires_at)
        rows.append((names[session.identifier], *map(_moment, times)))
    print_table(rows)


async def _stop(beginnings: Sequence[str], *, every: bool) -> None:
    settings = pool_settings() if every or beginnings else named_session_settings()
    async with open_pool(settings) as pool:
        if every:
            wanted = [session.identifier for session in await _listed(pool)]
        elif beginnings:
            known = [session.identifier for session in await _listed(pool)]
            wanted = [_only_one(known, beginning) for beginning in beginnings]
        else:
            wanted = [settings.session_id]
        for identifier in dict.fromkeys(wanted):
            await _stop_one(pool, identifier)


async def _stop_one(pool: PoolClient, identifier: str) -> None:
    from acajs_kernel.pool import shorten_identifier  # noqa: PLC0415 -- slow to import

    name = shorten_identifier(identifier)
    try:
        await pool.stop_session(identifier)
    except NotFoundError as error:
        raise SessionError(
            f"The session {name} was not stopped: {error.message}",
            remedy="Either it has already ended, or this pool cannot stop sessions: then it ends "
            "when its cooldown has passed without a request.",
        ) from error
    typer.echo(f"Stopped {name}")


async def _listed(pool: PoolClient) -> list[SessionInfo]:
    try:
        return await pool.list_sessions()
    except PoolError as error:
        # Which of them a pool answers that does not know the call is not documented.
        if error.status not in {400, 404, 405, 501}:
            raise
        raise SessionError(
            f"The pool does not list its sessions: {error.message}",
            remedy="Not every pool can. To stop a session whose "
            "identifier you know, set ACAJS_SESSION_ID to it and run: acajs sessions stop",
        ) from error


def _only_one(identifiers: Sequence[str], beginning: str) -> str:
    """Return the identifier that begins so.

    Raises:
        SessionError: None does, or several do.
    """
    text = beginning.rstrip("…")
    found = [identifier for identifier in identifiers if identifier.startswith(text)]
    if len(found) == 1 and text:
        return found[0]
    shown = f"{text[:_LEAST_SHOWN]}…"
    raise SessionError(
        f"{len(found) or 'No'} live sessions begin with {shown!r}; none was stopped.",
        remedy="Give the beginning of one identifier, as `acajs sessions` lists it.",
    )


def _short_names(identifiers: Sequence[str]) -> dict[str, str]:
    """Shorten identifiers, which are secrets, such that each is known by its beginning.

    At most half of one is shown, even if another begins in the same way.
    """
    names = {}
    for identifier in identifiers:
        length = min(_LEAST_SHOWN, len(identifier) // 2)
        while (
            length < len(identifier) // 2
            and sum(other.startswith(identifier[:length]) for other in identifiers) > 1
        ):
            length += 1
        names[identifier] = f"{identifier[:length]}…"
    return names


def _moment(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment is not None else "unknown"
