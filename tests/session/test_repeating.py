"""What is done again on a fresh session, and the interrupt that ends it."""

from __future__ import annotations

import asyncio

import pytest

from acajs_kernel.errors import CodeFailedError, SessionLostError, TransferError
from acajs_kernel.session import Cell, Error, Outcome, interruption
from acajs_kernel.session.repeating import Earlier

_SECONDS = 30


class _Doing:
    """Remembers two cells with an action between them, and does them again."""

    def __init__(self) -> None:
        self.earlier = Earlier()
        self.done: list[str] = []
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.failure: Exception | None = None
        self.outcome = Outcome()
        self.earlier.remember(Cell("a", "1", number=1))
        self.earlier.remember(self._act)
        self.earlier.remember(Cell("b", "2", number=2))

    async def _act(self) -> None:
        self.begun.set()
        await self.may_end.wait()
        if self.failure is not None:
            raise self.failure
        self.done.append("action")

    async def _execute(self, cell: Cell) -> Outcome:
        self.done.append(cell.code)
        return self.outcome if cell.code == "2" else Outcome()

    def begin(self) -> asyncio.Task[None]:
        """Begin to do everything again."""
        return asyncio.create_task(self.earlier.repeat(self._execute, Cell("c", "3", number=3)))


async def test_cells_and_actions_are_done_again_in_their_order() -> None:
    """And are remembered for the next time."""
    doing = _Doing()
    doing.may_end.set()
    for _ in range(2):
        await doing.begin()
        assert doing.done == ["1", "action", "2"]
        assert not doing.earlier.interrupt()
        doing.done.clear()
    assert len(doing.earlier) == 3


async def test_an_interrupt_ends_an_action_that_is_done_again() -> None:
    """An upload may take minutes; what stands behind it is not begun."""
    doing = _Doing()
    repeating = doing.begin()
    await asyncio.wait_for(doing.begun.wait(), _SECONDS)
    assert doing.earlier.interrupt()
    with pytest.raises(CodeFailedError, match="was interrupted on it") as caught:
        await asyncio.wait_for(repeating, _SECONDS)
    assert caught.value.ename == "KeyboardInterrupt"
    assert "did not run" in caught.value.evalue
    assert doing.done == ["1"]
    assert not doing.earlier.interrupt()


async def test_an_interrupt_that_an_action_meets_as_it_ends_holds() -> None:
    """Whatever the action makes of it."""
    for failure in (None, TransferError("cut off")):
        doing = _Doing()
        doing.failure = failure
        repeating = doing.begin()
        await asyncio.wait_for(doing.begun.wait(), _SECONDS)
        doing.may_end.set()
        assert doing.earlier.interrupt()
        with pytest.raises(CodeFailedError, match="was interrupted on it"):
            await asyncio.wait_for(repeating, _SECONDS)
        assert "2" not in doing.done


async def test_an_action_is_cancelled_with_what_waits_for_it() -> None:
    """The end of a kernel is no interrupt."""
    doing = _Doing()
    repeating = doing.begin()
    await asyncio.wait_for(doing.begun.wait(), _SECONDS)
    repeating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await repeating
    assert not doing.earlier.interrupt()


async def test_an_interrupted_cell_is_told_as_an_interrupt() -> None:
    """It has not failed."""
    doing = _Doing()
    doing.may_end.set()
    doing.outcome = Outcome(error=interruption("by the user"))
    with pytest.raises(CodeFailedError, match=r"In\[2\] was interrupted on it"):
        await doing.begin()


@pytest.mark.parametrize("failure", [TransferError("There is no a.csv."), OSError("no a.csv")])
async def test_an_action_that_fails_says_why_it_was_done(failure: Exception) -> None:
    """The cell that shows the error has nothing to do with the file that is missing."""
    doing = _Doing()
    doing.failure = failure
    doing.may_end.set()
    with pytest.raises(SessionLostError, match=r"fresh one, and an upload .* failed .*a\.csv"):
        await doing.begin()
    assert doing.done == ["1"]


async def test_a_cell_that_fails_is_named() -> None:
    """With its error."""
    doing = _Doing()
    doing.may_end.set()
    doing.outcome = Outcome(error=Error("TypeError", "x is null", ()))
    with pytest.raises(SessionLostError, match=r"In\[2\] failed .*TypeError: x is null"):
        await doing.begin()
