"""Starting the embedded pool's first session while the kernel is still being loaded.

Loading the kernel takes several times as long as starting Node. So the launch starts
Node before all else, and the pool takes the process over when it exists.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, NamedTuple

from acajs_kernel.errors import AcaJsError

from .node import find_node
from .platforms import make_pool_folder
from .session_process import SessionProcess

if TYPE_CHECKING:
    from pathlib import Path

    from .platforms import HeldFolder

__all__ = ["StartedSession", "discard_started", "start_ahead", "take_started"]

# No execution of a pool has this number, so that the answer is nobody's.
_NUMBER = 0

_lock = threading.Lock()
_started: list[StartedSession] = []


class StartedSession(NamedTuple):
    """A session that no pool has taken over yet.

    Attributes:
        process: The Node process.
        node: Its executable.
        folder: The pool's folder, in which the session's own lies.
        held: What marks the folder as in use.
        is_prepared: Whether code has been run in it.
    """

    process: SessionProcess
    node: Path
    folder: Path
    held: HeldFolder
    is_prepared: bool


def start_ahead(code: str | None) -> None:
    """Start a session; where that fails the pool meets the same, with somebody to tell.

    Args:
        code: What to run in it first, without waiting for the answer; None for nothing.
    """
    with contextlib.suppress(AcaJsError, OSError, ValueError):
        node = find_node()
        folder, held = make_pool_folder(None)
        try:
            process = SessionProcess.start(pool_folder=folder, node=node)
        except BaseException:
            held.close()
            raise
        if code is not None:
            process.send({"id": _NUMBER, "code": code})
        with _lock:
            _started.append(StartedSession(process, node, folder, held, code is not None))


def take_started() -> StartedSession | None:
    """Hand over the session that was started ahead, once; None if there is none."""
    with _lock:
        return _started.pop() if _started else None


def discard_started() -> None:
    """End a session that was started ahead and is not wanted; its guard removes the files."""
    started = take_started()
    if started is not None:
        started.process.stop()
        started.held.close()
