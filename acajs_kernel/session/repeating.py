"""What has succeeded in a notebook's session, to be done again on one that replaces it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from acajs_kernel.errors import AcaJsError, CodeFailedError, SessionLostError
from acajs_kernel.session.events import INTERRUPTION, Cell, Outcome, interruption

__all__ = ["Action", "Earlier"]

Action: TypeAlias = Callable[[], Awaitable[None]]
"""Something other than a cell that is to be done again; an interrupt cancels it."""


class Earlier:
    """The cells and actions that have succeeded, in their order."""

    def __init__(self) -> None:
        self._done: list[Cell | Action] = []
        self._acting: asyncio.Future[None] | None = None
        self._is_interrupted = False

    def __len__(self) -> int:
        return len(self._done)

    def remember(self, done: Cell | Action) -> None:
        """Add what has succeeded."""
        self._done.append(done)

    def forget(self) -> None:
        """Drop everything."""
        self._done.clear()

    async def repeat(self, execute: Callable[[Cell], Awaitable[Outcome]], cell: Cell) -> None:
        """Do everything again, unseen, before a cell.

        What is not reached is forgotten.

        Args:
            execute: Runs a cell on the fresh session.
            cell: The cell that has found the session replaced.

        Raises:
            SessionLostError: Something failed this time.
            CodeFailedError: An interrupt has ended it.
        """
        done, self._done = self._done, []
        for each in done:
            if isinstance(each, Cell):
                await _repeat(execute, each, cell)
            else:
                await self._act(each)
            self._done.append(each)

    def interrupt(self) -> bool:
        """End the action that is being done again; False if there is none.

        A cell that is run again is interrupted as any other.
        """
        if self._acting is None:
            return False
        self._is_interrupted = True
        self._acting.cancel()
        return True

    async def _act(self, action: Action) -> None:
        self._is_interrupted = False
        self._acting = asyncio.ensure_future(action())
        try:
            await self._acting
        except asyncio.CancelledError:
            if not self._is_interrupted:
                raise
        except (AcaJsError, OSError) as error:
            if not self._is_interrupted:
                raise _failure(_AN_ACTION, str(error)) from error
        finally:
            self._acting.cancel()
            self._acting = None
        if self._is_interrupted:
            raise _interruption(_AN_ACTION)


_AN_ACTION = "an upload or an installation"
_NOT_RUN = "The cells behind it, and this one, did not run."


def _interruption(what: str) -> CodeFailedError:
    text = f"The session was replaced by a fresh one, and {what} was interrupted on it. {_NOT_RUN}"
    return interruption(text).as_exception()


def _failure(what: str, why: str) -> SessionLostError:
    return SessionLostError(
        f"The session was replaced by a fresh one, and {what} failed when it was done again: "
        f"{why} {_NOT_RUN}",
        remedy="Run the cells again from the top.",
    )


async def _repeat(execute: Callable[[Cell], Awaitable[Outcome]], done: Cell, cell: Cell) -> None:
    again = done._replace(
        key=f"again/{cell.key}/{done.key}",  # nobody shows what a cell of this key shows
        silent=True,
        expressions={},
        allow_stdin=False,
    )
    outcome = await execute(again)
    if outcome.error is None:
        return
    name = f"In[{done.number}]"
    if outcome.error.ename == INTERRUPTION:
        raise _interruption(name)
    raise _failure(name, f"{outcome.error.ename}: {outcome.error.evalue}")
