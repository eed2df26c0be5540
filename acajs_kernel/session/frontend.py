"""Who uses a session: what it is told, and asked, while cells run.

Whatever opens a session implements `Frontend`: the kernel, the command line, the doctor, and
any program without Jupyter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from acajs_kernel.session.events import Stream

if TYPE_CHECKING:
    from acajs_kernel.session.events import CommEvent, Event, InputRequest

__all__ = ["Frontend", "QuietFrontend"]


class Frontend(Protocol):
    """The user's side of a session. All of it is called in the session's event loop."""

    def show(self, key: str, event: Event) -> None:
        """Show what a cell, or a callback that it has left, prints or displays.

        Args:
            key: Names the cell.
            event: What to show.
        """

    async def ask(self, key: str, request: InputRequest) -> str:
        """Return the line that the user answers; an interrupt cancels it."""

    async def pause(self) -> None:
        """Return when what was shown has been taken up; only then more of a cell is fetched."""

    def comm(self, key: str, event: CommEvent) -> None:
        """Take what the session's code does to comms, with the key of the cell or message."""

    def notice(self, key: str, text: str) -> None:
        """Say what the user should know about the session.

        Args:
            key: Names the cell below which it belongs; empty for whichever runs, or comes next.
            text: Whole lines, or one without its end.
        """


class QuietFrontend:
    """A frontend that shows nothing, answers with empty lines, and never makes a cell wait.

    A base for those that do some of it.
    """

    def show(self, key: str, event: Event) -> None:
        """Show nothing."""

    async def ask(self, _key: str, _request: InputRequest) -> str:
        """Answer as a user does who only presses Enter."""
        return ""

    async def pause(self) -> None:
        """Wait for nothing."""

    def comm(self, key: str, event: CommEvent) -> None:
        """Take no comms."""

    def notice(self, key: str, text: str) -> None:
        """Show a notice as the cell's standard error."""
        self.show(key, Stream("stderr", text))
