"""Names of files: what is meant on this machine and in the session.

A session's files are named relative to its data folder, with slashes.
"""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from acajs_kernel.errors import TransferError
from acajs_kernel.pool import SessionFile

__all__ = [
    "LocalFile",
    "base_folder",
    "check_remote",
    "has_wildcard",
    "local_files",
    "local_path",
    "matches",
    "names_first",
    "path_of",
]

_WILDCARD = re.compile(r"[*?\[]")
_NOT_IN_NAMES = re.compile(r"[\\\x00-\x1f\x7f]")
_DATA_FOLDER = "/mnt/data/"


@dataclass(frozen=True)
class LocalFile:
    """A file of this machine, and what it is to be called in the session.

    Attributes:
        path: Where it is.
        target: Its path in the session's data folder.
        size: Its size in bytes; 0 for a folder.
        is_folder: An empty folder, which is made in the session.
    """

    path: Path
    target: str
    size: int
    is_folder: bool = False


def has_wildcard(text: str) -> bool:
    """Tell whether a text is a pattern: ``*``, ``?``, ``[…]``, or ``**`` for any folders."""
    return _WILDCARD.search(text) is not None


def local_path(text: str) -> Path:
    """Return the path on this machine that a user has written; ``~`` at its start is the home.

    As in a shell: ``./~x`` and the home of nobody are files of that name.
    """
    # pathlib forgets the "./" before it looks, and raises for a user who does not exist.
    return Path(os.path.expanduser(text))  # noqa: PTH111 -- as above


def names_first(pattern: str, exists: Callable[[str], bool]) -> str:
    """Take the signs of a pattern as they are written, wherever something has that very name.

    Args:
        pattern: Parts with slashes between them.
        exists: Whether there is a file or folder of a name, from the first part on.

    Returns:
        A pattern in which such parts stand for themselves.
    """
    parts = pattern.split("/")
    for index, part in enumerate(parts):
        if has_wildcard(part):
            if not exists("/".join(pattern.split("/")[: index + 1])):
                break
            parts[index] = glob.escape(part)
    return "/".join(parts)


def check_remote(text: str) -> str:
    """Return a path in the session's data folder, without outer slashes.

    Raises:
        TransferError: It leads out of the folder, or holds what no name holds.
    """
    relative = f"{text}/".removeprefix(_DATA_FOLDER).strip("/")
    parts = relative.split("/") if relative else []
    parts = [part for part in parts if part != "."]
    if any(part in {"", ".."} or _NOT_IN_NAMES.search(part) for part in parts) or (
        text.startswith("/") and not f"{text}/".startswith(_DATA_FOLDER)
    ):
        raise TransferError(
            f"{text[:100]!r} is not a path in the session's data folder; nothing was done.",
            remedy="Name files relative to that folder, with / between folders, without ..",
        )
    return "/".join(parts)


def base_folder(pattern: str) -> tuple[str, bool]:
    """Return the folder in which a pattern's matches lie, and whether also in folders of it."""
    parts = pattern.split("/")
    fixed = next(index for index, part in enumerate(parts) if has_wildcard(part))
    return "/".join(parts[:fixed]), len(parts) > fixed + 1 or "**" in parts


def matches(path: str, pattern: str) -> bool:
    """Tell whether a path in the session matches a pattern; ``**`` stands for any folders.

    As in a shell, a name that begins with a dot must be asked for with a dot.
    """
    return _match(path.split("/"), pattern.split("/"))


def _match(parts: Sequence[str], patterns: Sequence[str]) -> bool:
    if not patterns:
        return not parts
    first, rest = patterns[0], patterns[1:]
    if first == "**":
        visible = 0
        while visible < len(parts) and not parts[visible].startswith("."):
            visible += 1
        if not rest:
            return visible == len(parts)
        return any(_match(parts[skipped:], rest) for skipped in range(visible + 1))
    if not parts or (parts[0].startswith(".") and not first.startswith(".")):
        return False
    return fnmatch.fnmatchcase(parts[0], first) and _match(parts[1:], rest)


def local_files(paths: Sequence[str], to: str = "") -> list[LocalFile]:
    """Find what is to be uploaded, and what it will be called.

    Args:
        paths: Files, folders, and patterns of them, as a user writes them.
        to: A name for a single file or folder; with a slash at its end, or for several
            things, the folder that they go to.

    Raises:
        TransferError: Something is not there, or two files would have one name.
    """
    if not paths:
        raise TransferError("No file was named.", remedy="Name at least one file or folder.")
    found = [path for text in paths for path in _expanded(text)]
    into = check_remote(to) if to else ""
    is_folder = to.endswith("/") or to in {"", "."} or len(found) > 1
    files: dict[str, LocalFile] = {}
    for path in found:
        name = check_remote(path.resolve().name)
        target = "/".join(filter(None, (into, name))) if is_folder else into
        for file in _below(path, target):
            other = files.setdefault(file.target, file)
            if other.path.resolve() != file.path.resolve():
                raise TransferError(
                    f"{other.path} and {file.path} would both be called {file.target} in the "
                    "session; nothing was sent.",
                    remedy="Upload one of them under another name, with --to NAME.",
                )
    return list(files.values())


def _expanded(text: str) -> list[Path]:
    path = local_path(text)
    if os.path.lexists(path):
        return [path]
    if has_wildcard(text):
        pattern = names_first(path.as_posix(), os.path.lexists)
        found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 -- takes absolute ones too
        if found:
            return [Path(name) for name in found]
    raise TransferError(
        f"There is no file {text} in {Path.cwd()}; nothing was sent.",
        remedy="Check the spelling; a relative name starts from that folder.",
    )


def _below(path: Path, target: str) -> list[LocalFile]:
    """List a file, or a folder's files. Links to folders are not followed: they may form loops."""
    try:
        if not path.is_dir():
            if not path.is_file():
                raise TransferError(
                    f"{path} is neither a file nor a folder; nothing was sent.",
                    remedy="Leave it out.",
                )
            return [LocalFile(path, target, path.stat().st_size)]
        found: list[LocalFile] = []
        for folder, folders, names in os.walk(path, onerror=_raise):
            folders.sort()
            here = "/".join((target, *Path(folder).relative_to(path).parts))
            found += [
                LocalFile(file, check_remote(f"{here}/{name}"), file.stat().st_size)
                for name in sorted(names)
                if (file := Path(folder, name)).is_file()
            ]
            if not names and not folders:
                found.append(LocalFile(Path(folder), check_remote(here), 0, is_folder=True))
    except OSError as error:
        raise TransferError(
            f"{path} cannot be read: {error.strerror}; nothing was sent.",
            remedy="Check that you have permission to read it.",
        ) from error
    return found


def _raise(error: OSError) -> None:
    raise error


def path_of(file: SessionFile) -> str:
    """Return a file's path in the data folder."""
    return f"{file.directory}/{file.name}" if file.directory else file.name
