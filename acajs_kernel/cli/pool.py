"""``acajs pool``: the embedded pool on a port."""

from __future__ import annotations

import asyncio
import os
import secrets
import shlex
from typing import Annotated

import typer

from acajs_kernel.errors import ConfigurationError

__all__ = ["pool"]

pool = typer.Typer(help="A session pool on this machine's Node.", no_args_is_help=True)


@pool.command()
def serve(
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The TCP port; 0 takes any free one.")
    ] = 0,
    max_sessions: Annotated[
        int, typer.Option(min=1, help="How many sessions may be alive at once.")
    ] = 10,
    cooldown: Annotated[
        float, typer.Option(min=1, help="How many seconds a session lives without a request.")
    ] = 300,
    token: Annotated[
        str,
        typer.Option(
            help="The bearer token that requests need. Default: a new random one. Other users of "
            "this machine can see a token given here in the list of processes."
        ),
    ] = "",
) -> None:
    """Serve the embedded pool on 127.0.0.1 until Ctrl-C; the same REST API as the service's."""
    try:
        # Imported here because uvicorn is an optional part.
        from acajs_kernel.local.serve import serve as serve_pool  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "uvicorn":
            raise  # a fault of ours; advice on uvicorn would mislead
        raise ConfigurationError(
            "Serving a pool needs the package uvicorn, which is not installed.",
            remedy='Install it with: pip install "acajs-kernel[serve]"',
        ) from error
    from acajs_kernel.local import LocalPool  # noqa: PLC0415 -- starlette is slow to import

    secret = token or secrets.token_urlsafe(32)

    async def run() -> None:
        async with LocalPool(
            max_sessions=max_sessions, cooldown_seconds=cooldown, token=secret
        ) as served:
            await serve_pool(
                served, port=port, on_ready=lambda endpoint: _print_environment(endpoint, secret)
            )

    asyncio.run(run())


def _print_environment(endpoint: str, token: str) -> None:
    """Print what a shell needs to use the pool, ready to paste."""
    for name, value in (("ACAJS_POOL_ENDPOINT", endpoint), ("ACAJS_TOKEN", token)):
        if os.name == "nt":  # PowerShell, where a quote inside quotes is doubled
            typer.echo("$env:{}='{}'".format(name, value.replace("'", "''")))
        else:
            typer.echo(f"export {name}={shlex.quote(value)}")
    typer.echo(
        "Serving until you press Ctrl-C. Whoever has the token can run code here as you.",
        err=True,
    )
