"""Copying files where the session works in the notebook's folder, on this machine."""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from acajs_kernel.errors import TransferError
from acajs_kernel.transfers.hashing import Incoming
from acajs_kernel.transfers.names import LocalFile

__all__ = ["Plan", "copy_files", "plan_copies"]


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
