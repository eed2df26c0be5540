"""A kernel in a folder with files beside the notebook."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.kernel_client import Ran, RunningKernel, running_kernel

__all__ = ["kernel_in", "names_in", "shown", "write_files"]

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files, by their paths in a folder; what holds them is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@asynccontextmanager
async def kernel_in(
    folder: Path, environment: Mapping[str, str], **more: str
) -> AsyncIterator[RunningKernel]:
    """Start a kernel whose notebook lies in a folder."""
    write_files(folder, {})
    variables = {**environment, "ACAJS_WORKSPACE": "auto", **more}
    async with running_kernel(variables, cwd=str(folder)) as kernel:
        yield kernel


def names_in(folder: Path) -> list[str]:
    """Return the paths of all that is in a folder, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def shown(ran: Ran) -> str | None:
    """Return a cell's result as text, without colours."""
    return None if ran.text is None else _COLOUR.sub("", ran.text)
