"""Which folder is a notebook's workspace, and how its cells reach it.

The notebook's folder is the one that the kernel was started in: Jupyter, VS Code and papermill
start kernels there, and relative names in magics mean it. `JPY_SESSION_NAME` would name the
notebook too, but a kernel that is started from within another notebook inherits that one's.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, NamedTuple

from acajs_kernel.errors import ConfigurationError

__all__ = ["WAYS", "Workspace", "choose_workspace"]

WAYS = ("auto", "off", "copy")
"""What the setting may say beside the name of a folder."""


class Workspace(NamedTuple):
    """How the cells of a notebook reach the files beside it.

    Attributes:
        way: ``in place``: the session works in the folder itself. ``copies``: its files are
            copied into the session before a cell runs. ``own``: the session has a folder of its
            own, and errors say which files beside the notebook it lacks.
        folder: The folder; None where there is none any more.
    """

    way: Literal["in place", "copies", "own"]
    folder: Path | None

    @property
    def in_place(self) -> Path | None:
        """The folder that the session works in itself; None where it has one of its own."""
        return self.folder if self.way == "in place" else None


def choose_workspace(setting: str, *, is_embedded: bool) -> Workspace:
    """Read the setting ``workspace``.

    Args:
        setting: ``auto``, ``off``, ``copy``, or a folder.
        is_embedded: Whether cells run on the embedded pool, on this machine.

    Raises:
        ConfigurationError: It names a folder that does not exist.
    """
    try:
        here: Path | None = Path.cwd()
    except OSError:  # removed meanwhile
        here = None
    setting = setting.strip() or "auto"
    if setting in WAYS:
        if setting == "off" or here is None:
            return Workspace("own", here)
        if setting == "copy":
            return Workspace("copies", here)
        return Workspace("in place" if is_embedded else "own", here)
    named = Path(os.path.expanduser(setting))  # noqa: PTH111 -- it raises for a user without a home
    folder = named if named.is_absolute() or here is None else here / named
    if not folder.is_dir():
        raise ConfigurationError(
            f"The setting workspace (ACAJS_WORKSPACE) is {setting!r}, but there is no such folder.",
            remedy=f"Set it to one of {', '.join(WAYS)}, or to the name of a folder that exists.",
        )
    return Workspace("in place" if is_embedded else "copies", folder.resolve())
