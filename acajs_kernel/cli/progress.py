"""Showing on standard error what a command waits for and what it has done."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

import typer

from acajs_kernel.cli.streams import can_show, is_fancy

if TYPE_CHECKING:
    from rich.status import Status

__all__ = ["ProgressLines"]


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
