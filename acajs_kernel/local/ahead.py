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

__all__ = [
    "StartedSession",
    "discard_started",
    "start_ahead",
    "take_started",
    "take_started_in",
]

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
        workspace: The folder that it works in; None for one of its own.
    """

    process: SessionProcess
    node: Path
    folder: Path
    held: HeldFolder
    is_prepared: bool
    workspace: Path | None = None


def start_ahead(code: str | None, workspace: Path | None = None) -> None:
    """Start a session; where that fails the pool meets the same, with somebody to tell.

    Args:
        code: What to run in it first, without waiting for the answer; None for nothing.
        workspace: The folder that it works in; None for one of its own.
    """
    with contextlib.suppress(AcaJsError, OSError, ValueError):
        node = find_node()
        folder, held = make_pool_folder(None)
        try:
            process = SessionProcess.start(pool_folder=folder, node=node, workspace=workspace)
        except BaseException:
            held.close()
            raise
        if code is not None:
            process.send({"id": _NUMBER, "code": code})
        with _lock:
            _started.append(
                StartedSession(process, node, folder, held, code is not None, workspace)
            )


def take_started() -> StartedSession | None:
    """Hand over the session that was started ahead, once; None if there is none."""
    with _lock:
        return _started.pop() if _started else None


def take_started_in(workspace: Path | None) -> StartedSession | None:
    """Hand over the session that was started ahead if it works in this folder, else end it."""
    with _lock:
        is_other = bool(_started) and _started[-1].workspace != workspace
    if is_other:
        discard_started()
    return take_started()


def discard_started() -> None:
    """End a session that was started ahead and is not needed; its guard removes the files."""
    started = take_started()
    if started is not None:
        started.process.stop()
        started.held.close()
        # Ended processes stay in the system's table until somebody asks how they ended.
        threading.Thread(target=started.process.wait_stopped, daemon=True).start()
