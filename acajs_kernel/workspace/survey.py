"""Looking at the files beside the notebook: which there are, and whether one has changed.

An unchanged workspace is looked at before every cell, so that look is one `stat` for each of
its files and folders and nothing else.
"""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from acajs_kernel.errors import TransferError
from acajs_kernel.pool import MAXIMUM_UPLOAD_BYTES
from acajs_kernel.transfers.names import check_remote
from acajs_kernel.workspace.rules import IGNORE_FILE, is_environment, read_rules

__all__ = ["Found", "Limits", "Survey", "Watcher"]

_MOST_ENTRIES = 20_000  # that are looked at before the workspace counts as too large
# A change within the clock's tick of the last one leaves the time as it was.
_TICK_NANOSECONDS = 50_000_000
_COARSE_TICK_NANOSECONDS = 2_000_000_000
# A workspace that is too large is looked at again for at most a hundredth of the time.
_LEAST_PAUSE_SECONDS = 2.0
_PAUSES = 100

Signature = tuple[int, int, int]
"""Modification time in nanoseconds, size, and inode of a file."""


class Limits(NamedTuple):
    """What a workspace may have to be copied.

    Attributes:
        files: How many files.
        size: How many bytes together.
    """

    files: int
    size: int


class Found(NamedTuple):
    """A file beside the notebook.

    Attributes:
        path: Its path in the workspace, with slashes.
        place: Where it is.
        signature: What changes when it is written.
    """

    path: str
    place: str
    signature: Signature


@dataclass
class Survey:
    """What there is beside the notebook.

    Attributes:
        files: What is copied, by path.
        left_out: Why something is not, by path; a folder stands for all that is in it.
        excess: Why nothing at all is copied; empty if that is not so.
    """

    files: dict[str, Found] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    excess: str = ""

    @property
    def size(self) -> int:
        """The bytes of all its files together."""
        return sum(found.signature[1] for found in self.files.values())

    def why_not(self, path: str) -> str:
        """Return why a path is not copied; empty if it is, or is not there."""
        parts = path.split("/")
        for length in range(1, len(parts) + 1):
            if reason := self.left_out.get("/".join(parts[:length])):
                return reason
        return self.excess


class Watcher:
    """Looks at one workspace, again and again.

    Args:
        folder: The workspace.
        limits: What it may have.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder = folder
        self.limits = limits
        self.survey = Survey()
        self._marks: list[tuple[str, Signature]] | None = None
        self._next_look = 0.0

    def look(self) -> bool:
        """Look whether something has changed, and survey it again if so.

        Returns:
            Whether the survey is another one than before.
        """
        if self._marks is not None and (time.monotonic() < self._next_look or self._is_same()):
            return False
        began = time.monotonic()
        walk = _Walk(self.folder, self.limits)
        self.survey, self._marks = walk.survey, walk.marks
        ended = time.monotonic()
        if self.survey.excess:
            self._next_look = ended + max(_LEAST_PAUSE_SECONDS, _PAUSES * (ended - began))
        return True

    def forget(self) -> None:
        """Survey everything at the next look."""
        self._marks = None
        self._next_look = 0.0

    def _is_same(self) -> bool:
        look = os.stat
        for place, (modified, size, inode) in self._marks or ():
            try:
                state = look(place)
            except OSError:
                if inode >= 0:
                    return False
                continue
            if (
                state.st_mtime_ns != modified
                or state.st_ino != inode
                or (state.st_size != size and size >= 0)
            ):
                return False
        return True


class _Walk:
    """One walk through a workspace."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.survey = Survey()
        self.marks: list[tuple[str, Signature]] = []
        self._root = os.path.realpath(folder)
        self._limits = limits
        self._now = time.time_ns()
        self._entries = 0
        self._size = 0
        self._mark(os.path.join(self._root, IGNORE_FILE))  # noqa: PTH118 -- speed counts
        self._rules = read_rules(folder)
        waiting = [("", self._root)]
        while waiting and not self.survey.excess:
            path, place = waiting.pop()
            waiting += self._look_into(path, place)

    def _mark(self, place: str) -> None:
        """Remember how a folder is now, or that there is no such file."""
        try:
            state = os.stat(place)  # noqa: PTH116 -- as above
        except OSError:
            self.marks.append((place, (0, -1, -1)))
            return
        size = -1 if stat.S_ISDIR(state.st_mode) else state.st_size
        self.marks.append((place, (self._time_of(state), size, state.st_ino)))

    def _time_of(self, state: os.stat_result) -> int:
        """Return a modification time, or one that never was if a change might not change it."""
        modified = state.st_mtime_ns
        is_coarse = modified % 1_000_000_000 == 0
        tick = _COARSE_TICK_NANOSECONDS if is_coarse else _TICK_NANOSECONDS
        return -1 if abs(self._now - modified) < tick else modified

    def _look_into(self, path: str, place: str) -> list[tuple[str, str]]:
        """Take up what is in a folder; return the folders in it."""
        self._mark(place)
        try:
            with os.scandir(place) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            self.survey.left_out[path or "."] = f"it cannot be read: {error.strerror}"
            return []
        if path and is_environment({entry.name for entry in entries}):
            self.survey.left_out[path] = "a virtual environment"
            return []
        folders = []
        for entry in entries:
            self._entries += 1
            inner = f"{path}/{entry.name}" if path else entry.name
            reason = self._reason(inner, entry)
            if reason:
                self.survey.left_out[inner] = reason
            elif entry.is_dir(follow_symlinks=False):
                folders.append((inner, entry.path))
            else:
                self._take(inner, entry)
            if self._is_too_much():
                return []
        return folders

    def _reason(self, path: str, entry: os.DirEntry[str]) -> str:
        """Return why an entry is left out, or nothing."""
        is_folder = entry.is_dir(follow_symlinks=False)
        try:
            check_remote(path)
            path.encode()
        except (TransferError, UnicodeEncodeError):
            return "its name is none that a session can have"
        if reason := self._rules.why_not(path, entry.name, is_folder=is_folder):
            return reason
        if entry.is_symlink():
            target = os.path.realpath(entry.path)
            if not target.startswith(os.path.join(self._root, "")):  # noqa: PTH118 -- as above
                return "a link that leads out of the workspace"
            if os.path.isdir(target):  # noqa: PTH112 -- as above
                return "a link to a folder"
            # What the link leads to may be what never travels.
            inside = os.path.relpath(target, self._root).replace(os.sep, "/").split("/")
            for length, name in enumerate(inside, 1):
                is_last = length == len(inside)
                part = "/".join(inside[:length])
                if self._rules.why_not(part, name, is_folder=not is_last):
                    return "a link to what is left out"
        return ""

    def _take(self, path: str, entry: os.DirEntry[str]) -> None:
        try:
            state = entry.stat()
        except OSError as error:
            self.survey.left_out[path] = f"it cannot be read: {error.strerror}"
            return
        if not stat.S_ISREG(state.st_mode):
            self.survey.left_out[path] = "neither a file nor a folder"
        elif state.st_size > MAXIMUM_UPLOAD_BYTES:
            self.survey.left_out[path] = "the service takes no file of more than 128 MB"
        elif not os.access(entry.path, os.R_OK):
            self.survey.left_out[path] = "it cannot be read: Permission denied"
        else:
            signature = (self._time_of(state), state.st_size, state.st_ino)
            self.marks.append((entry.path, signature))
            self.survey.files[path] = Found(path, entry.path, signature)
            self._size += state.st_size

    def _is_too_much(self) -> bool:
        survey, limits = self.survey, self._limits
        if len(survey.files) > limits.files:
            survey.excess = f"it has more than {limits.files:,} files"
        elif self._size > limits.size:
            survey.excess = f"its files have more than {limits.size / 1024 / 1024:,.6g} MB"
        elif self._entries > _MOST_ENTRIES:
            survey.excess = f"it has more than {_MOST_ENTRIES:,} entries"
        return bool(survey.excess)
