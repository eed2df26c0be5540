"""Which files beside the notebook are never copied into a session."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

__all__ = ["IGNORE_FILE", "Rules", "is_environment", "read_rules"]

IGNORE_FILE = ".acajsignore"
"""Names what stays, by the rules of gitignore."""

_MARKS = ("pyvenv.cfg", "conda-meta")  # what a virtual environment has at its top


class Rules:
    """Says why a file or folder stays where it is.

    Args:
        ignored: What `IGNORE_FILE` names; None where there is none.
    """

    def __init__(self, ignored: GitIgnoreSpec | None = None) -> None:
        self._ignored = ignored

    def why_not(self, path: str, name: str, *, is_folder: bool) -> str:
        """Return why something is not copied; empty if it is.

        Args:
            path: Its path in the workspace, with slashes.
            name: The last part of it.
            is_folder: Whether it is a folder.
        """
        if name.startswith("."):
            return "hidden"
        if is_folder and name == "node_modules":
            return "packages are installed in the session, with %npm install"
        if not is_folder and name.endswith(".ipynb"):
            return "a notebook"
        if self._ignored is not None and self._ignored.match_file(
            f"{path}/" if is_folder else path
        ):
            return f"named in {IGNORE_FILE}"
        return ""


def is_environment(names: set[str]) -> bool:
    """Tell by the names in a folder whether it is a virtual environment of Python or Conda."""
    return any(mark in names for mark in _MARKS)


def read_rules(folder: Path) -> Rules:
    """Read what a workspace's `IGNORE_FILE` says; one that cannot be read says nothing."""
    file = os.path.join(folder, IGNORE_FILE)  # noqa: PTH118 -- most workspaces have none
    try:
        text = Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return Rules()
    # Imported here because most workspaces have no such file.
    from pathspec import GitIgnoreSpec  # noqa: PLC0415

    lines = []
    for line in text.splitlines():
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:  # a line that is no pattern names nothing, as for git
            continue
        lines.append(line)
    return Rules(GitIgnoreSpec.from_lines(lines))
