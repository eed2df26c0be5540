"""A progress bar in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

__all__ = ["TerminalProgress"]


class TerminalProgress:
    """Shows how far a transfer is, on standard error; nothing if that is not a terminal.

    Args:
        title: What is being done, such as ``Uploading``.
        console: Where else it is shown.
    """

    def __init__(self, title: str, console: Console | None = None) -> None:
        console = console or Console(stderr=True)
        self._title = title
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._done = 0
        self._size = 0
        self._task = self._progress.add_task(title)

    def begin(self, files: int, size: int) -> None:
        """Show an empty bar."""
        self._progress.update(self._task, total=size, description=f"{self._title} {files} files")
        self._progress.start()

    def start(self, name: str, size: int) -> None:
        """Name the next file."""
        self._done += self._size
        self._size = size
        self._progress.update(self._task, description=name, completed=self._done)

    def move(self, count: int) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=self._done + count)

    def end(self) -> None:
        """Take the bar away."""
        self._progress.stop()
