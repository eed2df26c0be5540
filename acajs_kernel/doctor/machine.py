"""Checks of this machine: the kernel spec, the settings, Node."""

from __future__ import annotations

import asyncio
import os
import shutil
import string
import subprocess
import sys
from dataclasses import dataclass

from acajs_kernel.doctor.case import Case
from acajs_kernel.doctor.checking import Result
from acajs_kernel.errors import ConfigurationError

__all__ = ["KernelSpec", "check_kernel_spec", "check_node", "check_settings", "read_kernel_spec"]

_NODE_SECONDS = 10.0


@dataclass(frozen=True)
class KernelSpec:
    """An installed kernel spec.

    Attributes:
        folder: Where it is.
        command: The program that it starts, and its arguments.
        variables: What it puts into the kernel's environment.
    """

    folder: str
    command: tuple[str, ...]
    variables: dict[str, str]


def read_kernel_spec(name: str) -> KernelSpec | None:
    """Find a kernel spec as Jupyter does; None where there is none of this name.

    Jupyter replaces ``${NAME}`` in the variables of a spec by what the environment has.
    """
    # Imported here because only this check needs Jupyter.
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel  # noqa: PLC0415

    try:
        spec = KernelSpecManager().get_kernel_spec(name)
    except (NoSuchKernel, ValueError, OSError):
        return None
    variables = {
        key: string.Template(str(value)).safe_substitute(os.environ)
        for key, value in spec.env.items()
    }
    return KernelSpec(str(spec.resource_dir), tuple(spec.argv), variables)


async def check_kernel_spec(case: Case) -> Result:
    """Whether Jupyter finds the kernel, and whether what it would start is there."""
    spec = await asyncio.to_thread(read_kernel_spec, case.kernel_name)
    if spec is None:
        return Result(
            f"Jupyter finds no kernel spec named {case.kernel_name}",
            "failed",
            "Run: acajs install" + ("" if case.kernel_name == "acajs" else " --name NAME"),
        )
    program = spec.command[0] if spec.command else ""
    facts = {"folder": spec.folder, "python": program}
    # Jupyter itself puts the running Python into the place of a bare "python".
    is_own = program in {"python", "python3", sys.executable}
    if not is_own and shutil.which(program) is None:
        return Result(
            f"{case.kernel_name} in {spec.folder} starts {program}, which is not there",
            "failed",
            "Run again with the Python that has acajs: acajs install",
            facts,
        )
    return Result(f"{case.kernel_name} in {spec.folder}", facts=facts)


async def check_settings(case: Case) -> Result:
    """Whether the settings of the environment can be used."""
    error = case.settings.settings_error()
    if error is not None:
        raise error
    named = case.pool_text
    where = "the embedded pool" if not named else "a pool"
    return Result(
        f"{where}, runtime {case.settings.runtime}",
        facts={"embedded": not named, "runtime": case.settings.runtime},
    )


async def check_node(case: Case) -> Result:
    """Which Node.js the embedded pool would run, and whether it is new enough."""
    if case.pool_text:
        return Result("not needed: cells run in the pool", facts={"needed": False})
    # Imported here because starlette is slow to import, and not needed for another pool.
    from acajs_kernel.local.node import MINIMUM_NODE_MAJOR, find_node  # noqa: PLC0415

    node = find_node()
    version = await asyncio.to_thread(_ask_version, str(node))
    major = version.removeprefix("v").partition(".")[0]
    if not major.isdecimal() or int(major) < MINIMUM_NODE_MAJOR:
        raise ConfigurationError(
            f"{node} is Node.js {version or 'of an unknown version'}; the embedded pool needs "
            f"{MINIMUM_NODE_MAJOR} or newer",
            remedy='Install a newer one, or run: pip install "acajs-kernel[node]"',
        )
    return Result(f"{version}, {node}", facts={"version": version, "path": str(node)})


def _ask_version(node: str) -> str:
    try:
        ran = subprocess.run(  # noqa: S603 -- the Node that would run the cells
            [node, "--version"],
            capture_output=True,
            text=True,
            check=True,
            timeout=_NODE_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return ran.stdout.strip()
