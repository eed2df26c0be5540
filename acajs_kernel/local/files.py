"""The files of one session, as the files API sees them.

Every name from outside is checked, and every path is resolved and must still lie in the
session's folder, so that a link which leads out is refused.
"""

from __future__ import annotations

import contextlib
import errno
import mimetypes
import os
import stat
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from .rest import RestError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FileEntry", "SessionFiles", "disk_errors"]

_MAXIMUM_NAME_BYTES = 255
_MAXIMUM_PATH_BYTES = 1024
# The rule of the vendor's page on code interpreter sessions, beside letters and digits.
_SIGNS_OF_FOLDERS = frozenset("-_ @$&=;,#%^()")
_SIGNS_OF_FILES = _SIGNS_OF_FOLDERS | {"."}

_STATUS = {
    errno.ENOENT: (404, "FileNotFound", "There is no such file."),
    errno.ENOTDIR: (404, "FileNotFound", "There is no such file."),
    errno.EACCES: (403, "FileAccessDenied", "The operating system denies access to the file."),
    errno.EPERM: (403, "FileAccessDenied", "The operating system denies access to the file."),
    errno.EEXIST: (409, "FileConflict", "A file is where a folder is needed."),
    errno.EISDIR: (409, "FileConflict", "A folder is where a file is needed."),
    errno.ENOSPC: (507, "InsufficientStorage", "The disk is full."),
    errno.EDQUOT if hasattr(errno, "EDQUOT") else -1: (
        507,
        "InsufficientStorage",
        "The disk quota is used up.",
    ),
}


@dataclass(frozen=True)
class FileEntry:
    """One file or folder of a session.

    Args:
        name: Its name.
        directory: The folder that it lies in, relative to the session's; empty at the top.
        is_folder: Whether it is a folder.
        size: Its size in bytes; 0 for a folder.
        modified_at: When its content last changed.
    """

    name: str
    directory: str
    is_folder: bool
    size: int
    modified_at: datetime

    @property
    def content_type(self) -> str:
        """The media type that its name suggests."""
        if self.is_folder:
            return "inode/directory"
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


class SessionFiles:
    """The files below one folder. All methods block on the disk, none for long.

    Each raises ``RestError``: 400 for a name or path that is not one, 403 for one that
    leads out of the folder, 404 for a missing file, 409 for a folder where a file is
    needed or the reverse, 507 when the disk is full.

    Args:
        root: The folder; it must exist.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def list(self, directory: str, *, recursive: bool) -> list[FileEntry]:
        """List a folder, with all that lies below it if ``recursive``; sorted by path."""
        with disk_errors():
            folder = self._inside(self._folder(directory))
            entries = list(self._scan(folder, recursive=recursive))
        return sorted(entries, key=lambda entry: (entry.directory, entry.name))

    def entry(self, directory: str, name: str) -> FileEntry:
        """Describe one file or folder."""
        with disk_errors():
            path = self._inside(self._path(directory, name))
            return self._entry(path.parent, name, path.stat())

    def open(self, directory: str, name: str) -> tuple[BinaryIO, FileEntry]:
        """Open a file for reading."""
        with disk_errors():
            path = self._inside(self._path(directory, name))
            # Not to wait for the other end of a named pipe.
            flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
            descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode):
                os.close(descriptor)
                raise RestError(409, "FileConflict", "This is not a file that can be read.")
            return os.fdopen(descriptor, "rb"), self._entry(path.parent, name, state)

    def delete(self, directory: str, name: str) -> None:
        """Delete a file; a link is deleted, not what it leads to."""
        with disk_errors():
            path = self._inside(self._folder(directory)) / _checked_name(name)
            if path.is_dir() and not path.is_symlink():
                raise RestError(409, "FileConflict", "A folder cannot be deleted, only a file.")
            path.unlink()

    def prepare(self, directory: str, name: str) -> Path:
        """Make the folder for a file that will be put in place; returns the file's path."""
        with disk_errors():
            wanted = self._folder(directory)
            self._inside(wanted, must_exist=False).mkdir(parents=True, exist_ok=True)
            path = self._inside(wanted) / _checked_name(name)
            if path.is_dir() and not path.is_symlink():
                raise RestError(409, "FileConflict", "A folder of this name exists.")
            return path

    def put(self, content: Path, directory: str, name: str) -> FileEntry:
        """Move a complete file into place in one step, over what may be there."""
        path = self.prepare(directory, name)
        with disk_errors():
            content.replace(path)
            return self._entry(path.parent, name, path.stat())

    def _folder(self, directory: str) -> Path:
        """The folder that a request's ``path`` names, not yet resolved."""
        if directory in {"", "/", "."}:
            return self._root
        if len(os.fsencode(directory)) > _MAXIMUM_PATH_BYTES:
            raise RestError(400, "InvalidPath", "The path is too long.")
        return self._root.joinpath(
            *(
                _checked_name(part, _SIGNS_OF_FOLDERS)
                for part in directory.removesuffix("/").split("/")
            )
        )

    def _path(self, directory: str, name: str) -> Path:
        return self._folder(directory) / _checked_name(name)

    def _inside(self, path: Path, *, must_exist: bool = True) -> Path:
        """Follow every link of a path and refuse it if that leads out of the folder."""
        try:
            resolved = path.resolve(strict=must_exist)
        except RuntimeError:  # a loop of links, on Python before 3.13
            raise RestError(400, "InvalidPath", "The path is a loop of links.") from None
        if not resolved.is_relative_to(self._root):
            raise RestError(
                403, "PathOutsideSession", "The path leads out of the session's folder."
            )
        return resolved

    def _scan(self, folder: Path, *, recursive: bool) -> Iterator[FileEntry]:
        folders = [folder]
        while folders:
            current = folders.pop()
            try:
                with os.scandir(current) as found:
                    children = list(found)
            except OSError:
                if current == folder:
                    raise
                continue  # removed meanwhile, or not readable: the others are still listed
            for child in children:
                with contextlib.suppress(OSError):
                    state = self._state(child)
                    yield self._entry(current, child.name, state)
                    if recursive and child.is_dir(follow_symlinks=False):
                        folders.append(Path(child.path))

    def _state(self, child: os.DirEntry[str]) -> os.stat_result:
        """What a link leads to if that is in the folder, else the link itself."""
        if child.is_symlink():
            with contextlib.suppress(OSError, RestError):
                return self._inside(Path(child.path)).stat()
        return child.stat(follow_symlinks=False)

    def _entry(self, folder: Path, name: str, state: os.stat_result) -> FileEntry:
        directory = folder.relative_to(self._root).as_posix()
        is_folder = stat.S_ISDIR(state.st_mode)
        return FileEntry(
            name=name,
            directory="" if directory == "." else directory,
            is_folder=is_folder,
            size=0 if is_folder else state.st_size,
            modified_at=datetime.fromtimestamp(state.st_mtime, timezone.utc),
        )


def _checked_name(name: str, signs: frozenset[str] = _SIGNS_OF_FILES) -> str:
    """Return a file's name if the service takes it.

    Args:
        name: The name.
        signs: What it may hold beside letters and digits.

    Raises:
        RestError: 400, it is empty, too long, a way to another folder, or holds characters
            that the service takes in no name.
    """
    try:
        size = len(os.fsencode(name))
    except UnicodeEncodeError:
        size = 0
    if (
        not 0 < size <= _MAXIMUM_NAME_BYTES
        or name in {".", ".."}
        or not all(c.isalpha() or c.isdecimal() or c in signs for c in name)
    ):
        raise RestError(
            400,
            "InvalidFileName",
            f"A file's name must have 1 to {_MAXIMUM_NAME_BYTES} bytes of letters, digits and "
            "- _ space . @ $ & = ; , # % ^ ( ), a folder's the same without a period, and must not "
            "be '.' or '..'.",
        )
    return name


@contextlib.contextmanager
def disk_errors() -> Iterator[None]:
    """Turn the operating system's errors into the API's."""
    try:
        yield
    except OSError as error:
        status, code, message = _STATUS.get(
            error.errno or 0, (400, "InvalidPath", "The operating system refuses the path.")
        )
        raise RestError(status, code, message) from error
