"""A copy of the repository as a fresh clone would be, for tests that install it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

__all__ = ["REPOSITORY", "clean_environment", "copy_repository"]

REPOSITORY = Path(__file__).parent.parent
"""The repository's own folder."""

_OF_THIS_PYTHON = ("ACAJS_", "AZURE_", "COV", "JUPYTER", "PYTHON", "VIRTUAL_ENV")


def copy_repository(folder: Path) -> Path:
    """Copy every file that git has, or would take, into a new folder; return the folder."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        timeout=30,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (REPOSITORY / name).is_file():  # not one that was deleted and is still in the index
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)
    return folder


def clean_environment(path: Path, home: Path) -> dict[str, str]:
    """Return an environment that knows nothing of this Python.

    Args:
        path: The only folder of PATH.
        home: The home folder.
    """
    inherited = {
        name: text for name, text in os.environ.items() if not name.startswith(_OF_THIS_PYTHON)
    }
    return inherited | {"PATH": str(path), "HOME": str(home)}
