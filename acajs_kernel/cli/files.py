"""``acajs files``: the files of a session."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from acajs_kernel.cli.pool_client import open_pool
from acajs_kernel.cli.settings import SessionOption, named_session_settings

if TYPE_CHECKING:
    from acajs_kernel.transfers import DataFolder

__all__ = ["files"]

files = typer.Typer(
    help="The files in a session's data folder, which is /mnt/data on the service.",
    no_args_is_help=True,
)


@files.command("ls")
def list_files(
    path: Annotated[str, typer.Argument(help="A folder in the session.")] = "",
    *,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Also list what is in its folders.")
    ] = False,
    session: SessionOption = "",
) -> None:
    """List files with their sizes and the times of their last change."""

    async def show(folder: DataFolder) -> None:
        from acajs_kernel.transfers import format_size, path_of  # noqa: PLC0415 -- as in _run

        for file in await folder.entries(path, recursive=recursive):
            size = "folder" if file.kind == "directory" else format_size(file.size_bytes)
            changed = file.modified_at
            when = changed.astimezone().strftime("%Y-%m-%d %H:%M:%S") if changed else ""
            typer.echo(f"{size:>10}  {when:19}  {path_of(file)}")

    _run(session, show)


@files.command()
def put(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Files, folders or patterns on this machine."),
    ],
    *,
    to: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="A new name for a single file or folder; if it ends in a slash, or for several "
            "files, the folder to put them in.",
        ),
    ] = "",
    session: SessionOption = "",
) -> None:
    """Copy files and whole folders into the session, replacing existing files.

    A file takes its place only after the session has verified its checksum, so an interrupted
    upload leaves no partial file. A file may be at most 128 MB.
    """

    async def send(folder: DataFolder) -> None:
        from acajs_kernel.cli.transfer_progress import TerminalProgress  # noqa: PLC0415 -- as in _run
        from acajs_kernel.transfers import local_files  # noqa: PLC0415 -- as in _run

        found = local_files(paths, to)
        await folder.upload(found, observer=TerminalProgress("Uploading"))
        for file in found:
            typer.echo(file.target)

    _run(session, send)


@files.command()
def get(
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME...", help="Files, folders or patterns in the session."),
    ],
    *,
    to: Annotated[
        str,
        typer.Option(
            metavar="PATH",
            help="A folder that exists or ends in a slash, or a new name for a single file or "
            "folder. Default: the working folder.",
        ),
    ] = "",
    session: SessionOption = "",
) -> None:
    """Copy files and whole folders out of the session, replacing existing files.

    A file takes its place only if its checksum matches that in the session, so an interrupted
    download leaves no partial file. Quote patterns, so that the shell does not expand them.
    """

    async def fetch(folder: DataFolder) -> None:
        from acajs_kernel.cli.transfer_progress import TerminalProgress  # noqa: PLC0415 -- as in _run
        from acajs_kernel.transfers import find_downloads  # noqa: PLC0415 -- as in _run

        sources, targets = await find_downloads(folder, names, to)
        await folder.download(sources, targets, observer=TerminalProgress("Downloading"))
        for target in targets:
            typer.echo(target)

    _run(session, fetch)


@files.command("rm")
def remove(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="Files or patterns in the session.")
    ],
    *,
    recursive: Annotated[
        bool,
        typer.Option("--recursive", "-r", help="Also remove folders, with everything in them."),
    ] = False,
    session: SessionOption = "",
) -> None:
    """Remove files from the session."""

    async def drop(folder: DataFolder) -> None:
        for path in await folder.remove(names, recursive=recursive):
            typer.echo(path)

    _run(session, drop)


def _run(session: str, work: Callable[[DataFolder], Awaitable[None]]) -> None:
    """Do something with the files of the session that is named."""
    # Imported here because it is slow to import, and the help needs none of it.
    from acajs_kernel.transfers import DataFolder  # noqa: PLC0415

    settings = named_session_settings(session)

    async def run() -> None:
        async with open_pool(settings) as pool:
            await work(DataFolder(pool, settings.session_id))

    asyncio.run(run())
