"""Checks of this machine: the kernel spec, the settings, Node."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import string
import sys

from traitlets import TraitError
from traitlets.config import Config
from traitlets.config.loader import DeferredConfigString

from acajs_kernel.config import Settings
from acajs_kernel.doctor.case import Case, KernelSpec
from acajs_kernel.doctor.checking import Result
from acajs_kernel.errors import ConfigurationError
from acajs_kernel.pool import JsonValue
from acajs_kernel.working_folder import choose_workspace

__all__ = ["check_kernel_spec", "check_node", "check_settings", "read_kernel_spec"]

_WORKSPACES = {
    "in place": "cells work in the notebook's folder",
    "copies": "the notebook's files are copied into the session",
    "own": "the session has a folder of its own",
}
_OPTION = re.compile(r"--AcaJsKernel\.(?P<name>\w+)=(?P<value>.*)")


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


def read_settings(spec: KernelSpec | None) -> Settings:
    """Read the settings as the kernel does: its options, else its environment.

    Options in Jupyter's configuration files are not looked at.

    Raises:
        ConfigurationError: An option of the kernel spec cannot be used.
    """
    config = Config()
    for argument in spec.command if spec is not None else ():
        if found := _OPTION.match(argument):
            config.Settings[found["name"]] = DeferredConfigString(found["value"])
    try:
        return Settings(config=config)
    except TraitError as error:
        raise ConfigurationError(
            f"An option in the kernel spec cannot be used: {error}",
            remedy="Write the kernel spec again with: acajs install",
        ) from error


def _list_other_specs(name: str) -> list[str]:
    """List the other kernel specs that start this kernel."""
    from jupyter_client.kernelspec import KernelSpecManager  # noqa: PLC0415 -- as above

    return sorted(
        other
        for other, found in KernelSpecManager().get_all_specs().items()
        if other != name and any("acajs_kernel" in word for word in found["spec"].get("argv", ()))
    )


async def check_kernel_spec(case: Case) -> Result:
    """Whether Jupyter finds the kernel, and whether what it would start is there."""
    spec = case.spec
    others = await asyncio.to_thread(_list_other_specs, case.kernel_name)
    if spec is None:
        return Result(
            f"Jupyter finds no kernel spec named {case.kernel_name}",
            "failed",
            f"Check one of these with --kernel: {', '.join(others)}; or run: acajs install"
            if others
            else "Run: acajs install",
        )
    program = spec.command[0] if spec.command else ""
    facts: dict[str, JsonValue] = {
        "folder": spec.folder,
        "python": program,
        "others": [*others],
    }
    # Jupyter itself puts the running Python into the place of a bare "python".
    is_own = program in {"python", "python3", sys.executable}
    if not is_own and shutil.which(program) is None:
        return Result(
            f"{case.kernel_name} in {spec.folder} starts {program}, which is not there",
            "failed",
            "Run again with the Python that has acajs: acajs install",
            facts,
        )
    also = f"; there is also {', '.join(others)}" if others else ""
    return Result(f"{case.kernel_name} in {spec.folder}{also}", facts=facts)


async def check_settings(case: Case) -> Result:
    """Whether the settings of the environment can be used."""
    case.settings = read_settings(case.spec)
    case.settings.endpoint = case.pool_text
    error = case.settings.settings_error()
    if error is not None:
        raise error
    named = case.pool_text
    where = "the embedded pool" if not named else "a pool"
    way, folder = choose_workspace(case.settings.workspace, is_embedded=not named)
    return Result(
        f"{where}, runtime {case.settings.runtime}, {_WORKSPACES[way]}",
        facts={
            "embedded": not named,
            "runtime": case.settings.runtime,
            "workspace": {"way": way, "folder": str(folder or "")},
        },
    )


async def check_node(case: Case) -> Result:
    """Which Node.js the embedded pool would run, and whether it is new enough."""
    if case.pool_text:
        return Result("not needed: cells run in the pool", facts={"needed": False})
    # Imported here because starlette is slow to import, and not needed for another pool.
    from acajs_kernel.local.node import (  # noqa: PLC0415
        MINIMUM_NODE_MAJOR,
        ask_node_version,
        find_node,
    )

    node = find_node()
    version = await asyncio.to_thread(ask_node_version, node)
    major = version.removeprefix("v").partition(".")[0]
    if not major.isdecimal() or int(major) < MINIMUM_NODE_MAJOR:
        raise ConfigurationError(
            f"{node} is Node.js {version or 'of an unknown version'}; the embedded pool needs "
            f"{MINIMUM_NODE_MAJOR} or newer",
            remedy='Install a newer one, or run: pip install "acajs-kernel[node]"',
        )
    return Result(f"{version}, {node}", facts={"version": version, "path": str(node)})
