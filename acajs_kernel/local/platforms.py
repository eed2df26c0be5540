"""What the embedded pool needs of the operating system, and which module gives it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "NODE_FLAGS",
    "HeldFolder",
    "ProcessHandle",
    "StartOptions",
    "make_pool_folder",
    "start_process",
]

NODE_FLAGS = ("--no-compilation-cache",)
"""Options of a session's Node.

V8 keeps compiled scripts in case the same text comes again, until memory is short. No two
requests have the same text: 1.6 KB would stay of each.
"""

_FOLDER_PREFIX = "acajs-"


class StartOptions(NamedTuple):
    """How to start one session's Node process.

    Args:
        node: The Node.js executable.
        script: The JavaScript file to run.
        folder: The session's own folder; it is removed together with the processes.
        working_folder: The process's working folder: below ``folder``, or the user's own.
        environment: The process's whole environment.
        marker: The text in that environment by which descendants are found.
    """

    node: Path
    script: Path
    folder: Path
    working_folder: Path
    environment: Mapping[str, str]
    marker: str


class HeldFolder(Protocol):
    """What marks a pool's folder as in use."""

    def close(self) -> None:
        """Give the folder up; harmless when repeated."""
        ...


class ProcessHandle(Protocol):
    """One Node process, the channel to it, and the one way to end both."""

    @property
    def pid(self) -> int:
        """The process identifier of Node."""
        ...

    def receive(self) -> bytes:
        """Wait for bytes from the channel; empty when it ended. Called by one thread."""
        ...

    def send(self, data: bytes) -> None:
        """Write to the channel without ever blocking the caller; silent when it ended."""
        ...

    def describe_end(self) -> str:
        """Say how Node ended, such as ``exit code 3``; waits at most some seconds."""
        ...

    def stop(self) -> None:
        """Ask for the end of Node, its descendants and its folder; returns at once."""
        ...

    def wait_stopped(self) -> None:
        """Wait until everything that ``stop`` asked for has been done."""
        ...

    def close(self) -> None:
        """Give back the channel's descriptors; no thread may be reading any more."""
        ...


def start_process(options: StartOptions) -> ProcessHandle:
    """Start one session's Node process.

    Raises:
        OSError: The operating system refused.
    """
    if sys.platform == "win32":
        from .platform_windows import start_windows_process  # noqa: PLC0415 - one system's module

        return start_windows_process(options)
    from .platform_posix import start_posix_process  # noqa: PLC0415 - one system's module

    return start_posix_process(options)


def make_pool_folder(root: Path | None) -> tuple[Path, HeldFolder]:
    """Make the folder that a pool's sessions live below; only its owner may enter it.

    On POSIX a guard process outlives the pool and removes its folders, whatever the pool
    dies of. On Windows nothing is left to do that, nor anywhere when the machine loses its
    power: what was left so is swept here.

    Args:
        root: The folder to make it in, or None for one that nobody else can write to.

    Returns:
        The folder, and what marks it as in use, to be closed when it no longer is.

    Raises:
        OSError: It cannot be made.
    """
    if sys.platform == "win32":
        from .platform_windows import (  # noqa: PLC0415 - one system's module
            hold_windows_folder,
            sweep_windows_folders,
        )

        folder = Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX, dir=root)).resolve()
        held = hold_windows_folder(folder)
        sweep_windows_folders(folder.parent, _FOLDER_PREFIX)
        return folder, held
    from . import session_root  # noqa: PLC0415 - one system's module

    is_own = False
    if root is None:
        root, is_own = session_root.sessions_root()
    # Names of sockets that sessions make have room for no long path.
    prefix = "" if is_own else _FOLDER_PREFIX
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=root)).resolve()
    marked = session_root.HeldFolder(folder)
    if is_own:
        session_root.sweep(root)
    return folder, marked
