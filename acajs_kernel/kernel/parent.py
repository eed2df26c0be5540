"""The end of a kernel whose parent, the program that started it, has ended without notice."""

import os
import threading
import time
from collections.abc import Callable

__all__ = ["ParentWatch"]

_PAUSE_SECONDS = 1.0
_INIT = 1  # adopts processes whose parent has ended


class ParentWatch(threading.Thread):
    """Waits for the parent's end, in a thread of its own. POSIX only.

    ipykernel's own poller exits at once and leaves the session counting against the pool until
    its cooldown.

    Args:
        parent: The process that started the kernel, as it told the kernel.
        on_end: Called in the thread, once.
    """

    def __init__(self, parent: int, on_end: Callable[[], None]) -> None:
        super().__init__(name="acajs-parent", daemon=True)
        # A kernel may be started through another program, whose end says nothing.
        self._parent = parent if os.getppid() == parent else None
        self._on_end = on_end

    def run(self) -> None:
        """Wait, and call."""
        while not self._has_ended():
            time.sleep(_PAUSE_SECONDS)  # the end of a parent is no event on every system
        self._on_end()

    def _has_ended(self) -> bool:
        now = os.getppid()
        return now == _INIT if self._parent is None else now != self._parent
