"""The command ``acajs`` as a user runs it."""

from __future__ import annotations

import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path

__all__ = ["ACAJS", "acajs"]

ACAJS = str(Path(sysconfig.get_path("scripts"), "acajs"))
"""The installed command."""


def acajs(
    environment: Mapping[str, str], *arguments: str, stdin: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        [ACAJS, *arguments],
        env={**environment, "COLUMNS": "200", "NO_COLOR": "1"},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        cwd=cwd,
    )
