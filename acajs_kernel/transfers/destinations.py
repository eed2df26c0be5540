"""Where downloaded files go on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from acajs_kernel.errors import TransferError
from acajs_kernel.pool import SessionFile
from acajs_kernel.transfers.data_folder import path_of
from acajs_kernel.transfers.names import base_folder, check_remote, has_wildcard

__all__ = ["destinations"]


def destinations(name: str, files: Sequence[SessionFile], to: str) -> list[Path]:
    """Return where each file goes that a name or pattern stands for.

    A file goes into the folder `to` under its own name, and a folder as a folder; a pattern's
    matches keep the folders below the part that is no pattern. `to` may be a new name for a
    single file or folder that was named without a pattern.

    Args:
        name: The name or pattern that the user gave.
        files: What it stands for.
        to: A folder, which exists or ends in a slash, or a new name; empty for the
            working folder.

    Raises:
        TransferError: A file's name leads elsewhere.
    """
    target = Path(to or ".").expanduser()
    wanted = check_remote(name)
    is_folder = to == "" or to.endswith(("/", "\\")) or target.is_dir() or has_wildcard(wanted)
    if has_wildcard(wanted):
        base, _ = base_folder(wanted)
    else:
        base = wanted.rpartition("/")[0] if is_folder else wanted
    # What the session says is not trusted: every path is checked once more.
    return [target.joinpath(*_relative(check_remote(path_of(file)), base)) for file in files]


def _relative(path: str, base: str) -> list[str]:
    if not base:
        rest = path
    elif path == base:
        return []
    elif path.startswith(f"{base}/"):
        rest = path[len(base) + 1 :]
    else:
        raise TransferError(f"The session listed {path!r}, which does not lie in {base!r}.")
    return rest.split("/")
