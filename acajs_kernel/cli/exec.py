"""``acajs exec``: run a script in a session."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated

import typer

from acajs_kernel.cli.settings import SessionOption, session_settings
from acajs_kernel.errors import ConfigurationError

__all__ = ["run_script"]


def run_script(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE|-",
            help="The script, JavaScript or TypeScript; - reads it from standard input.",
            show_default=False,
        ),
    ] = None,
    *,
    code: Annotated[
        str | None,
        typer.Option("--eval", "-e", metavar="CODE", help="Run this text.", show_default=False),
    ] = None,
    print_value: Annotated[
        bool, typer.Option("--print", "-p", help="Print the value of the last expression.")
    ] = False,
    session: SessionOption = "",
    keep: Annotated[
        bool,
        typer.Option(
            "--keep",
            help="Keep the session. The command writes its identifier to a file that only you "
            "can read, and says on standard error how to use it.",
        ),
    ] = False,
) -> None:
    """Run a script in a session and stream its output.

    The kernel's environment variables name the pool and the other settings. If you name a session,
    the script runs in it, with its variables and files, and the session stays; otherwise the
    script runs in a new session, which ends with it. On the embedded pool the script works in
    this folder. Elsewhere the session has a folder of its own: copy files with `acajs files`, or
    set ACAJS_WORKSPACE=copy.

    Lines of standard input answer prompt(), confirm() and input(). Text that the script prints
    goes to standard output and standard error, and so does the text of what it displays. Magics do
    not work here.

    Exit status: 0; 1 after an uncaught error; the script's own if it sets process.exitCode or
    calls process.exit(n); 130 after Ctrl-C, which interrupts the script. A second Ctrl-C ends
    everything.
    """
    if (file is None) == (code is None):
        raise typer.BadParameter("give either a file, or - for standard input, or -e CODE")
    # Imported here because no other command needs it.
    from acajs_kernel.cli.kept import keep_identifier  # noqa: PLC0415
    from acajs_kernel.cli.script import Script, execute, read_script  # noqa: PLC0415

    script = Script(code, "[eval]") if code is not None else read_script(file or "-")
    settings = session_settings(session)
    how_to_go_on = ""
    if keep and not settings.endpoint:
        raise ConfigurationError(
            "A session of the embedded pool ends with this command, so --keep cannot keep it.",
            remedy="Set ACAJS_POOL_ENDPOINT, or serve a pool on this machine with: "
            "acajs pool serve",
        )
    if keep and not settings.session_id:
        identifier, how_to_go_on = keep_identifier()
        settings = replace(settings, session_id=identifier)
    status = asyncio.run(execute(script, settings, print_value=print_value))
    if how_to_go_on:
        typer.echo(how_to_go_on, err=True)
    raise typer.Exit(status)
