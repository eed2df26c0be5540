"""The folder below which sessions' folders lie: one that nobody else can write to.

Node looks for packages, and for the kind of a program, in every folder above a session's own.
Where somebody else can make a `node_modules` or a `package.json` in one of them, what they put
there is run by the session. The usual temporary folder is one that everybody writes to.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import stat
import sys
import tempfile
import threading
import time
from pathlib import Path

if sys.platform == "win32":
    raise ImportError("Windows gives each user a temporary folder of their own")

__all__ = ["HeldFolder", "is_private", "sessions_root", "sweep"]

_NAME = "acajs"
# One that is younger may belong to a pool that has not marked it yet.
_LEFT_AFTER_SECONDS = 60.0

_logger = logging.getLogger("acajs_kernel")


class HeldFolder:
    """Marks a pool's folder as in use, until it is closed or the process ends.

    A file system without such locks leaves it unmarked; there nothing is swept either.
    """

    def __init__(self, folder: Path) -> None:
        self._descriptor: int | None = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        with contextlib.suppress(OSError):
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        """Give the folder up; harmless when repeated."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def sessions_root() -> tuple[Path, bool]:
    """Choose the folder, and make it where it is not there.

    The temporary folder, if it is the user's alone, as on macOS or where `TMPDIR` names such a
    one; else a folder in the user's cache, or in their runtime folder. Where none of these can
    be had, as for a user without a home, it is the temporary folder after all.

    Returns:
        The folder, and whether it is ours alone, so that what ended pools left may be swept.

    Raises:
        OSError: There is no folder at all.
    """
    temporary: Path | None = None
    failure: OSError | None = None
    try:
        temporary = Path(tempfile.gettempdir())
        # Python takes the working folder where there is no other: the notebook's own.
        if temporary != Path.cwd() and is_private(temporary):
            return temporary, False
    except OSError as error:
        failure = error
    for parent in _own_folders():
        folder = parent / _NAME
        try:
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            if folder.stat().st_uid == os.getuid():
                folder.chmod(0o700)
            if is_private(folder):
                return folder, True
        except OSError:
            continue
    if temporary is None:
        raise failure or FileNotFoundError("There is no temporary folder.")
    _logger.info("sessions' folders lie in %s, where others may write", temporary)
    return temporary, False


def _own_folders() -> list[Path]:
    """List the folders that are meant for what a user's programs keep for themselves."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 -- it raises for a user without a home
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    listed = [cache, home / ".cache", Path(os.environ.get("XDG_RUNTIME_DIR", ""))]
    return [folder for folder in listed if folder.is_absolute()]


def is_private(folder: Path) -> bool:
    """Tell whether nobody but the user and the system's administrator can write in or above it.

    Raises:
        OSError: It cannot be looked at.
    """
    resolved = folder.resolve(strict=True)
    return all(_is_ours(place.stat()) for place in (resolved, *resolved.parents))


def _is_ours(state: os.stat_result) -> bool:
    if state.st_uid not in {0, os.getuid()} or state.st_mode & stat.S_IWOTH:
        return False
    return not state.st_mode & stat.S_IWGRP or _is_own_group(state.st_gid)


def _is_own_group(group: int) -> bool:
    """Tell whether a group is the one that many systems make for each user alone."""
    import grp  # noqa: PLC0415 -- rarely needed
    import pwd  # noqa: PLC0415 -- as above

    try:
        user, found = pwd.getpwuid(os.getuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return found.gr_name == user.pw_name and set(found.gr_mem) <= {user.pw_name}


def sweep(root: Path) -> threading.Thread | None:
    """Remove, in a thread, the folders of pools whose process and guard are gone.

    A guard removes its session's folder whatever the pool dies of, but not when the machine
    loses its power.

    Returns:
        The thread, or None where nothing was left.
    """
    limit = time.time() - _LEFT_AFTER_SECONDS
    with os.scandir(root) as entries:
        old = [
            Path(entry.path)
            for entry in entries
            if entry.is_dir(follow_symlinks=False)
            and entry.stat(follow_symlinks=False).st_mtime < limit
        ]
    if not old:
        return None
    thread = threading.Thread(target=_remove, args=(old,), name="acajs-sweep", daemon=True)
    thread.start()
    return thread


def _remove(folders: list[Path]) -> None:
    import shutil  # noqa: PLC0415 -- rarely needed

    for folder in folders:
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while its pool lives
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
