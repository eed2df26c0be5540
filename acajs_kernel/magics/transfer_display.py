"""How far a transfer is, shown in the notebook."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Sequence

from acajs_kernel.magics.call import Call, Shown
from acajs_kernel.transfers import format_size

__all__ = ["TransferDisplay"]

# Every update is a message, and nobody reads faster.
_UPDATE_SECONDS = 0.2


class TransferDisplay:
    """A progress bar that its result replaces.

    Args:
        call: The magic's call, whose output it is.
        verbs: What is being done, and what was done then, such as ``Uploading``, ``Uploaded``.
        clock: Monotonic time in seconds; tests replace it.
    """

    def __init__(
        self, call: Call, verbs: tuple[str, str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._call = call
        self._doing, self._done = verbs
        self._clock = clock
        self._shown: Shown | None = None
        self._updated = 0.0
        self._files = 0
        self._size = 0
        self._before = 0
        self._current = 0
        self._name = ""

    def begin(self, files: int, size: int) -> None:
        """Show an empty bar."""
        self._files, self._size = files, size
        self._show(0)

    def start(self, name: str, size: int) -> None:
        """Name the next file."""
        self._before += self._current
        self._name, self._current = name, size
        self._update(self._before)

    def move(self, count: int) -> None:
        """Move the bar, if the last move was long enough ago."""
        self._update(self._before + count)

    def end(self) -> None:
        """Leave the bar to `finish`; one that was interrupted shows how far it came."""

    def finish(self, names: Sequence[str]) -> None:
        """Show what was moved in the place of the bar."""
        files = f"{self._files} file{'' if self._files == 1 else 's'}"
        headline = f"{self._done} {files}, {format_size(self._size)}"
        listed = "".join(f"<li>{html.escape(name)}</li>" for name in names)
        if len(names) == 1:
            headline, listed = f"{headline}: {names[0]}", ""
        data = {"text/plain": headline}
        if listed:
            data["text/html"] = (
                f"<details><summary>{html.escape(headline)}</summary><ul>{listed}</ul></details>"
            )
        self._replace(data)

    def _update(self, moved: int) -> None:
        if self._clock() - self._updated >= _UPDATE_SECONDS:
            self._show(moved)

    def _show(self, moved: int) -> None:
        self._updated = self._clock()
        text = f"{self._doing} {self._name or f'{self._files} files'}"
        amount = f"{format_size(moved)} of {format_size(self._size)}"
        self._replace(
            {
                "text/html": f'<progress value="{moved}" max="{max(self._size, 1)}"></progress> '
                f"{html.escape(text)} ({amount})",
                "text/plain": f"{text} ({amount})",
            }
        )

    def _replace(self, data: dict[str, str]) -> None:
        if self._shown is None:
            self._shown = self._call.show(data)
        else:
            self._shown.update(data)
