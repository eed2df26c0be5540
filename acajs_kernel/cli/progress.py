"""Showing on standard error what a command waits for and what it has done."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

import typer

if TYPE_CHECKING:
    from rich.status import Status

__all__ = ["ProgressLines", "can_show", "is_fancy"]


def is_fancy(stream: TextIO) -> bool:
    """Tell whether colours and lines that change belong on a stream.

    NO_COLOR (https://no-color.org) counts when it is set to anything but an empty text.
    """
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def can_show(stream: TextIO, text: str) -> bool:
    """Tell whether a stream's encoding has every character of a text."""
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


class ProgressLines:
    """One line for each step that is done; on a terminal also what is being waited for.

    Use it with ``with``.
    """

    def __init__(self) -> None:
        self._status: Status | None = None
        self._mark = "✓" if can_show(sys.stderr, "✓") else "+"
        self._reported = ""

    def __enter__(self) -> ProgressLines:  # noqa: PYI034 - Self needs Python 3.11
        if is_fancy(sys.stderr):
            from rich.console import Console  # noqa: PLC0415 -- plain output does without

            self._status = Console(stderr=True, highlight=False).status("…")
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def done(self, text: str) -> None:
        """Show a step that is done."""
        self._reported = ""
        if self._status is None:
            typer.echo(f"{self._mark} {text}", err=True)
            return
        from rich.text import Text  # noqa: PLC0415 -- as above

        self._status.update("…")
        self._status.console.print(Text.assemble((f"{self._mark} ", "green"), text))

    def report(self, text: str) -> None:
        """Show what is being waited for: a clause, then a colon and how long it has been."""
        if self._status is not None:
            from rich.markup import escape  # noqa: PLC0415 -- as above

            self._status.update(escape(text))
            return
        what = text.partition(": ")[0]
        if what != self._reported:  # a log needs no line for every few seconds
            self._reported = what
            typer.echo(f"  {what} …", err=True)
