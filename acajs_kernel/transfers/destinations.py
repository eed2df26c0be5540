"""Where downloaded files go on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from acajs_kernel.errors import TransferError
from acajs_kernel.pool import SessionFile
from acajs_kernel.transfers.data_folder import DataFolder
from acajs_kernel.transfers.names import check_remote, has_wildcard, local_path, path_of

__all__ = ["destinations", "find_downloads"]


async def find_downloads(
    folder: DataFolder, names: Sequence[str], to: str
) -> tuple[list[SessionFile], list[Path]]:
    """Find what names and patterns stand for, and where each file goes on this machine.

    Args:
        folder: The session's files.
        names: The names and patterns that the user gave.
        to: As for `destinations`; of several names it is the folder for all.

    Raises:
        TransferError: A name fits nothing, or a file's name leads elsewhere.
        PoolError: The pool cannot be used.
    """
    sources: list[SessionFile] = []
    targets: list[Path] = []
    into = f"{to}/" if to and len(names) > 1 else to
    for name in names:
        found = await folder.find([name])
        sources += found
        targets += destinations(name, found, into)
    return sources, targets


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
    target = local_path(to or ".")
    wanted = check_remote(name)
    # What the session says is not trusted: every path is checked once more.
    paths = [check_remote(path_of(file)) for file in files]
    fixed = _fixed_folder(wanted, paths)
    is_folder = to == "" or to.endswith(("/", "\\")) or target.is_dir() or fixed is not None
    base = fixed
    if base is None:
        base = wanted.rpartition("/")[0] if is_folder else wanted
    return [target.joinpath(*_relative(path, base)) for path in paths]


def _fixed_folder(wanted: str, paths: Sequence[str]) -> str | None:
    """Return the folder before a pattern's first sign; None for a name, whatever its signs."""
    parts = wanted.split("/")
    for index, part in enumerate(parts):
        if has_wildcard(part) and not all(
            path.split("/")[: index + 1] == parts[: index + 1] for path in paths
        ):
            return "/".join(parts[:index])
    return None


def _relative(path: str, base: str) -> list[str]:
    if not base:
        rest = path
    elif path == base:
        return []
    elif path.startswith(f"{base}/"):
        rest = path[len(base) + 1 :]
    else:
        raise TransferError(f"The session listed {path!r}, which is not in {base!r}.")
    return rest.split("/")
