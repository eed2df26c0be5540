"""What has succeeded in a notebook's session, to be done again on one that replaces it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from acajs_kernel.errors import SessionLostError
from acajs_kernel.session.events import Cell, Outcome

__all__ = ["Action", "Earlier"]

Action: TypeAlias = Callable[[], Awaitable[None]]
"""Something other than a cell that is to be done again."""


class Earlier:
    """The cells and actions that have succeeded, in their order."""

    def __init__(self) -> None:
        self._done: list[Cell | Action] = []

    def __len__(self) -> int:
        return len(self._done)

    def remember(self, done: Cell | Action) -> None:
        """Add what has succeeded."""
        self._done.append(done)

    def forget(self) -> None:
        """Drop everything."""
        self._done.clear()

    async def repeat(self, execute: Callable[[Cell], Awaitable[Outcome]], cell: Cell) -> None:
        """Do everything again before a cell, without showing output.

        What is not reached is forgotten.

        Args:
            execute: Runs a cell on the fresh session.
            cell: The cell that has found the session replaced.

        Raises:
            SessionLostError: A cell failed this time.
        """
        done, self._done = self._done, []
        for each in done:
            if isinstance(each, Cell):
                await _repeat(execute, each, cell)
            else:
                await each()
            self._done.append(each)


async def _repeat(execute: Callable[[Cell], Awaitable[Outcome]], done: Cell, cell: Cell) -> None:
    again = done._replace(
        key=f"again/{cell.key}/{done.key}",  # nobody shows what a cell of this key shows
        silent=True,
        expressions={},
        allow_stdin=False,
    )
    outcome = await execute(again)
    if outcome.error is not None:
        raise SessionLostError(
            f"The session was replaced by a fresh one, and In[{done.number}] failed when "
            f"it was run again: {outcome.error.ename}: {outcome.error.evalue} "
            "The cells after it, and this one, did not run.",
            remedy="Run the cells again from the top.",
        )
