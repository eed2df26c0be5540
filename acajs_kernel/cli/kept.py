"""Sessions that outlive the command that made them, and how their user finds them again.

A session's identifier opens it to whoever may use the pool. On a terminal it would stay in
its scrollback, and in the logs of a build; so it goes into a file of its user's own.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import time
from pathlib import Path

from acajs_kernel.errors import ConfigurationError
from acajs_kernel.session.identity import generate_identifier

__all__ = ["keep_identifier"]

# No session lives so long without use.
_OLD_SECONDS = 7 * 24 * 3600


def keep_identifier() -> tuple[str, str]:
    """Make an identifier, and write it into a file that only this user can read.

    Returns:
        The identifier, and what to tell the user, without it.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    from jupyter_core.paths import jupyter_data_dir  # noqa: PLC0415 -- rarely needed

    identifier = generate_identifier()
    folder = Path(jupyter_data_dir(), "acajs", "sessions")
    file = folder / f"{secrets.token_hex(4)}.id"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_old(folder)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as content:
            content.write(f"{identifier}\n")
    except OSError as error:
        raise ConfigurationError(
            f"The session's identifier could not be written to {file}: {error.strerror}. The "
            f"script did not run.",
            remedy="Make that folder writable, or choose an identifier yourself: set "
            "ACAJS_SESSION_ID to random text, and leave --keep out.",
        ) from error
    if os.name == "nt":
        command = f"$env:ACAJS_SESSION_ID = Get-Content '{file}'"
    else:
        command = f'export ACAJS_SESSION_ID="$(cat {shlex.quote(str(file))})"'
    return identifier, (
        "The session is kept until the pool's cooldown ends it. To continue in it:\n"
        f"  {command}\n"
        "To end it: acajs sessions stop"
    )


def _remove_old(folder: Path) -> None:
    for file in folder.glob("*.id"):
        with contextlib.suppress(OSError):
            if time.time() - file.stat().st_mtime > _OLD_SECONDS:
                file.unlink()
