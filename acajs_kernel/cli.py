"""The command ``acajs``: install a kernel spec, serve a pool."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shlex
import sys
import tempfile
from contextlib import ExitStack
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from acajs_kernel import __version__
from acajs_kernel.errors import AcaJsError, ConfigurationError

__all__ = ["main"]

_LOGOS = ("logo-32x32.png", "logo-64x64.png", "logo-svg.svg")

_application = typer.Typer(
    name="acajs",
    help="JavaScript (ACA): a Jupyter kernel whose cells run in remote sessions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_pool = typer.Typer(help="The session pool on this machine's Node.", no_args_is_help=True)
_application.add_typer(_pool, name="pool")


def main() -> None:
    """Run the command line; our own errors end it with their message and status 1."""
    try:
        _application()
    except AcaJsError as error:
        typer.echo(f"acajs: {error}", err=True)
        sys.exit(1)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 -- typer's signature
    if wanted:
        typer.echo(f"acajs {__version__}")
        raise typer.Exit


@_application.callback()
def _options(
    version: Annotated[
        bool | None,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = None,
) -> None:
    pass


# ---- acajs install


@_application.command()
def install(
    *,
    user: Annotated[bool, typer.Option("--user", help="For this user (the default).")] = False,
    sys_prefix: Annotated[
        bool, typer.Option("--sys-prefix", help="Into this Python environment.")
    ] = False,
    prefix: Annotated[
        Path | None, typer.Option(help="Into share/jupyter below this folder.")
    ] = None,
    endpoint: Annotated[str, typer.Option(help="Pool endpoint that the kernel uses.")] = "",
    name: Annotated[str, typer.Option(help="Name of the kernel spec.")] = "acajs",
    display_name: Annotated[
        str, typer.Option(help="Name shown in the launcher.")
    ] = "JavaScript (ACA)",
) -> None:
    """Write a kernel spec for this Python, with settings baked into its environment."""
    # Imported here because no other command needs Jupyter.
    from jupyter_client.kernelspec import KernelSpecManager  # noqa: PLC0415

    if sum([user, sys_prefix, prefix is not None]) > 1:
        raise typer.BadParameter("choose one of --user, --sys-prefix and --prefix")
    environment = {}
    if endpoint:
        from acajs_kernel.pool import Endpoint  # noqa: PLC0415 -- httpx is slow to import

        environment["ACAJS_POOL_ENDPOINT"] = Endpoint.parse(endpoint).url
    destination = sys.prefix if sys_prefix else str(prefix) if prefix is not None else None
    with tempfile.TemporaryDirectory() as folder, ExitStack() as files:
        spec = {
            "argv": [sys.executable, "-m", "acajs_kernel", "-f", "{connection_file}"],
            "display_name": display_name,
            "language": "javascript",
            "interrupt_mode": "message",
            "metadata": {"debugger": False},
            "env": environment,
        }
        Path(folder, "kernel.json").write_text(json.dumps(spec, indent=2) + "\n", encoding="utf-8")
        for logo in _LOGOS:
            Path(folder, logo).write_bytes(_logo(logo, files).read_bytes())
        try:
            installed = KernelSpecManager().install_kernel_spec(
                folder, kernel_name=name, user=destination is None, prefix=destination
            )
        except ValueError as error:
            raise ConfigurationError(
                f"The kernel spec was to be named {name!r}, which Jupyter does not allow.",
                remedy="Use --name with letters, digits, '.', '-' and '_' only.",
            ) from error
        except OSError as error:
            raise ConfigurationError(
                f"The kernel spec could not be written: {error}",
                remedy="Choose a folder you may write to: --user, --sys-prefix or --prefix PATH.",
            ) from error
    typer.echo(f"Installed {display_name} as {name} in {installed}")
    typer.echo(f"Pool: {environment.get('ACAJS_POOL_ENDPOINT', 'embedded, on the local Node')}")


def _logo(name: str, files: ExitStack) -> Path:
    """Find a logo: in the installed package, or beside it in a checkout."""
    packaged = resources.files("acajs_kernel") / "kernelspec" / name
    if packaged.is_file():
        return files.enter_context(resources.as_file(packaged))
    return Path(__file__).parent.parent / "kernelspec" / name


# ---- acajs pool


@_pool.command()
def serve(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="TCP port; 0: any free one.")] = 0,
    max_sessions: Annotated[int, typer.Option(min=1, help="Sessions alive at once.")] = 10,
    cooldown: Annotated[
        float, typer.Option(min=1, help="Seconds without a request after which a session ends.")
    ] = 300,
    token: Annotated[
        str,
        typer.Option(
            help="Bearer token that requests need. Default: a new random one, which, unlike one "
            "given here, no other user of this machine can see in the list of processes."
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
        ) as pool:
            await serve_pool(
                pool, port=port, on_ready=lambda endpoint: _print_environment(endpoint, secret)
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
        "Serving until Ctrl-C. Whoever has the token can run code on this machine as you.", err=True
    )


if __name__ == "__main__":
    main()
