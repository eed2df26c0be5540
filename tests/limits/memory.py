"""How much memory a kernel and the processes of its session use."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import psutil

__all__ = ["Peaks", "watched_memory"]

_INTERVAL_SECONDS = 0.25


@dataclass
class Peaks:
    """The most memory that each process has used, in bytes that it shares with none."""

    kernel: int = 0
    node: dict[int, int] = field(default_factory=dict)

    def __str__(self) -> str:
        others = ", ".join(f"{size >> 20} MB" for size in self.node.values())
        return f"kernel {self.kernel >> 20} MB, session {others}"


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().uss)
    except psutil.Error:  # it has ended
        return 0


def _sample(kernel: psutil.Process, peaks: Peaks) -> None:
    peaks.kernel = max(peaks.kernel, _memory(kernel))
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in kernel.children(recursive=True):
            peaks.node[child.pid] = max(peaks.node.get(child.pid, 0), _memory(child))


@contextlib.asynccontextmanager
async def watched_memory(pid: int) -> AsyncIterator[Peaks]:
    """Look at a kernel and its descendants four times a second until the block ends."""
    kernel, peaks = psutil.Process(pid), Peaks()

    async def watch() -> None:
        while True:
            await asyncio.to_thread(_sample, kernel, peaks)
            await asyncio.sleep(_INTERVAL_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield peaks
    finally:
        watching.cancel()
        await asyncio.wait({watching})
        _sample(kernel, peaks)
