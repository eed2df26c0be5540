"""``acajs install``: write a kernel spec."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
import tempfile
from contextlib import ExitStack
from enum import Enum
from importlib import metadata, resources
from pathlib import Path
from typing import Annotated

import typer

from acajs_kernel.cli.pool_client import command_silence
from acajs_kernel.environment_names import LANGUAGE_VARIABLE
from acajs_kernel.errors import ConfigurationError, EndpointError

__all__ = ["install"]

_LOGOS = ("logo-32x32.png", "logo-64x64.png", "logo-svg.svg")


class Language(str, Enum):
    """What a kernel spec says that its notebooks are written in."""

    JAVASCRIPT = "javascript"
    TYPESCRIPT = "typescript"


_NAMES = {
    Language.JAVASCRIPT: ("acajs", "JavaScript (ACA)"),
    Language.TYPESCRIPT: ("acajs-typescript", "TypeScript (ACA)"),
}


def install(
    *,
    user: Annotated[
        bool, typer.Option("--user", help="Install for this user (the default).")
    ] = False,
    sys_prefix: Annotated[
        bool, typer.Option("--sys-prefix", help="Install into this Python environment.")
    ] = False,
    prefix: Annotated[
        Path | None, typer.Option(help="Install into share/jupyter below this folder.")
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(help="The kernel's pool: its endpoint or its Azure resource id."),
    ] = None,
    name: Annotated[
        str, typer.Option(help="Name of the kernel spec.", show_default="acajs or acajs-typescript")
    ] = "",
    display_name: Annotated[
        str,
        typer.Option(
            help="Name shown in the launcher.", show_default="JavaScript (ACA) or TypeScript (ACA)"
        ),
    ] = "",
    language: Annotated[
        Language,
        typer.Option(help="typescript: for notebooks in TypeScript, of Deno's or tslab's kernel."),
    ] = Language.JAVASCRIPT,
) -> None:
    """Write a kernel spec for this Python, with settings in its environment."""
    # Imported here because no other command needs Jupyter.
    from jupyter_client.kernelspec import KernelSpecManager  # noqa: PLC0415

    if sum([user, sys_prefix, prefix is not None]) > 1:
        raise typer.BadParameter("choose one of --user, --sys-prefix and --prefix")
    if endpoint is not None and not endpoint.strip():  # mostly a variable that is not set
        raise EndpointError(
            "The option --endpoint is empty: the kernel would run cells on this machine.",
            remedy="Give the pool's endpoint, https://…, and check the variable that should hold "
            "it; leave the option out for the embedded pool.",
        )
    name = name or _NAMES[language][0]
    display_name = display_name or _NAMES[language][1]
    environment = {}
    if language is not Language.JAVASCRIPT:
        environment[LANGUAGE_VARIABLE] = language.value
    if endpoint is not None:
        from acajs_kernel.session.resolving import resolve  # noqa: PLC0415 -- slow to import

        environment["ACAJS_POOL_ENDPOINT"] = asyncio.run(
            resolve(endpoint, silence=command_silence())
        ).url
    destination = sys.prefix if sys_prefix else str(prefix) if prefix is not None else None
    with tempfile.TemporaryDirectory() as folder, ExitStack() as files:
        spec = json.loads(_packaged("kernel.json", files).read_text(encoding="utf-8"))
        spec["argv"][0] = sys.executable
        spec["display_name"] = display_name
        spec["language"] = language.value
        spec["env"] |= environment
        Path(folder, "kernel.json").write_text(json.dumps(spec, indent=2) + "\n", encoding="utf-8")
        for logo in _LOGOS:
            Path(folder, logo).write_bytes(_packaged(logo, files).read_bytes())
        try:
            installed = KernelSpecManager().install_kernel_spec(
                folder, kernel_name=name, user=destination is None, prefix=destination
            )
        except ValueError as error:
            raise ConfigurationError(
                f"Jupyter does not allow a kernel spec to be named {name!r}.",
                remedy="Use --name with letters, digits, '.', '-' and '_' only.",
            ) from error
        except OSError as error:
            raise ConfigurationError(
                f"The kernel spec could not be written: {error}",
                remedy="Choose a folder you may write to: --user, --sys-prefix or --prefix PATH.",
            ) from error
    typer.echo(f"Installed {display_name} as {name} in {installed}")
    typer.echo(f"Pool: {environment.get('ACAJS_POOL_ENDPOINT', 'embedded, on the local Node')}")
    if "ACAJS_POOL_ENDPOINT" in environment and _is_the_packages_own(Path(installed)):
        place = ["--sys-prefix"] if sys_prefix else ["--prefix", str(prefix)] if prefix else []
        command = shlex.join(
            [
                *("acajs", "install", *place, "--name", "acajs-azure"),
                *("--display-name", "JavaScript (Azure)"),
                *("--endpoint", environment["ACAJS_POOL_ENDPOINT"]),
            ]
        )
        typer.echo(
            "acajs: Warning: this kernel spec belongs to the package acajs-kernel. Installing "
            "that again or upgrading it silently removes the endpoint. Then cells run on this "
            "machine, unless ACAJS_EMBEDDED_POOL=off forbids that.\n"
            f"Give it another name: {command}",
            err=True,
        )


def _is_the_packages_own(folder: Path) -> bool:
    """Tell whether pip wrote the kernel spec in a folder, and so would write it again."""
    try:
        files = metadata.files("acajs-kernel") or []
    except metadata.PackageNotFoundError:  # run from a folder without being installed
        return False
    own = (folder / "kernel.json").resolve()
    return any(file.name == own.name and Path(file.locate()).resolve() == own for file in files)


def _packaged(name: str, files: ExitStack) -> Path:
    """Find a file of the package's kernel spec: installed, or beside it in a checkout."""
    packaged = resources.files("acajs_kernel") / "kernelspec" / name
    if packaged.is_file():
        return files.enter_context(resources.as_file(packaged))
    return Path(__file__).parent.parent.parent / "kernelspec" / name
