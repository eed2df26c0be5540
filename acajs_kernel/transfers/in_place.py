"""Copying files where the session works in the notebook's folder, on this machine."""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from acajs_kernel.errors import TransferError
from acajs_kernel.pool import SessionFile
from acajs_kernel.transfers.hashing import Incoming
from acajs_kernel.transfers.names import LocalFile, check_remote, path_of

__all__ = ["Plan", "copy_files", "list_folder", "plan_copies"]

_MOST_LISTED = 10_000


class Plan(NamedTuple):
    """What copying files into a folder would do.

    Attributes:
        there: Files that are there already, with the same content.
        new: Files whose place is free.
        other: Files in whose place there is another one.
    """

    there: tuple[LocalFile, ...]
    new: tuple[LocalFile, ...]
    other: tuple[LocalFile, ...]


def list_folder(root: Path, path: str, *, recursive: bool) -> list[SessionFile]:
    """List a folder, sorted by path, at most 10,000 entries of it.

    What lies in hidden folders and in `node_modules` below it is none that a notebook is about,
    and may be more than anybody reads: these folders are listed, but not what is in them.

    Args:
        root: The notebook's folder.
        path: The folder, relative to it.
        recursive: Also what lies in its folders.

    Raises:
        TransferError: There is no such folder, or it cannot be read.
    """
    start = check_remote(path)
    found: list[SessionFile] = []
    waiting = [start]
    while waiting and len(found) < _MOST_LISTED:
        directory = waiting.pop()
        try:
            with os.scandir(root / directory) as entries:
                listed = list(entries)
        except OSError as error:
            if directory != start:
                continue  # removed meanwhile, or not readable
            raise TransferError(
                f"{path or root} cannot be listed: {error.strerror}.",
                remedy="%files lists the notebook's folder, in which its folders are.",
            ) from error
        for entry in listed[: _MOST_LISTED - len(found)]:
            with contextlib.suppress(OSError):
                found.append(_described(entry, directory))
                is_left = entry.name.startswith(".") or entry.name == "node_modules"
                if recursive and not is_left and entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{directory}/{entry.name}" if directory else entry.name)
    return sorted(found, key=path_of)


def _described(entry: os.DirEntry[str], directory: str) -> SessionFile:
    is_folder = entry.is_dir()
    state = entry.stat(follow_symlinks=not entry.is_symlink() or Path(entry.path).exists())
    return SessionFile(
        name=entry.name,
        directory=directory,
        kind="directory" if is_folder else "file",
        size_bytes=None if is_folder else state.st_size,
        modified_at=datetime.fromtimestamp(state.st_mtime, timezone.utc),
        content_type="",
    )


def plan_copies(files: Sequence[LocalFile], folder: Path) -> Plan:
    """Compare files with what lies in a folder under their names.

    Raises:
        TransferError: One of them cannot be read.
    """
    there, new, other = [], [], []
    for file in files:
        target = folder / file.target
        try:
            if not target.exists():
                new.append(file)
            elif _is_same(file, target):
                there.append(file)
            else:
                other.append(file)
        except OSError as error:
            raise _failed(file, error) from error
    return Plan(tuple(there), tuple(new), tuple(other))


def _is_same(file: LocalFile, target: Path) -> bool:
    if file.is_folder or target.is_dir():
        return file.is_folder and target.is_dir()
    return target.samefile(file.path) or filecmp.cmp(file.path, target, shallow=False)


def copy_files(files: Sequence[LocalFile], folder: Path) -> None:
    """Copy files into a folder under their names; each takes its place in one step.

    Raises:
        TransferError: One of them cannot be read, or not be written.
    """
    for file in files:
        target = folder / file.target
        try:
            if file.is_folder:
                target.mkdir(parents=True, exist_ok=True)
                continue
            with Incoming(target) as incoming, file.path.open("rb") as content:
                shutil.copyfileobj(content, incoming.content)
                incoming.keep()
        except OSError as error:
            raise _failed(file, error) from error


def _failed(file: LocalFile, error: OSError) -> TransferError:
    return TransferError(
        f"{file.path} was not copied to {file.target} in the notebook's folder: "
        f"{error.strerror or error}.",
        remedy="Check that you may read the file, and write to the folder.",
    )
