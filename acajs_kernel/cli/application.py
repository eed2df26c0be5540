"""All commands of ``acajs`` together."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from acajs_kernel import __version__
from acajs_kernel.cli.azure import azure
from acajs_kernel.cli.doctor import doctor
from acajs_kernel.cli.exec import run_script
from acajs_kernel.cli.files import files
from acajs_kernel.cli.install import install
from acajs_kernel.cli.pool import pool
from acajs_kernel.cli.sessions import sessions
from acajs_kernel.errors import AcaJsError

__all__ = ["application", "run"]

application = typer.Typer(
    name="acajs",
    help="JavaScript (ACA): a Jupyter kernel whose cells run in remote sessions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
application.command()(install)
application.command("exec")(run_script)
application.add_typer(files, name="files")
application.add_typer(sessions, name="sessions")
application.command()(doctor)
application.add_typer(pool, name="pool")
application.add_typer(azure, name="azure")


def run() -> None:
    """Run the command line; our own errors end it with their message and status 1."""
    try:
        application()
    except AcaJsError as error:
        typer.echo(f"acajs: {error}\nMore: {error.more}", err=True)
        sys.exit(1)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 -- typer's signature
    if wanted:
        typer.echo(f"acajs {__version__}")
        raise typer.Exit


@application.callback()
def _options(
    version: Annotated[
        bool | None,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = None,
) -> None:
    pass
