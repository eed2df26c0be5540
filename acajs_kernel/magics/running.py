"""Running a cell that holds magics: its parts in their order, up to the first that fails."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from acajs_kernel.cell.magics import MagicPart, Part, ScriptPart, doubtful_commands, split_cell
from acajs_kernel.errors import CodeFailedError, MagicError
from acajs_kernel.magics import PART_SEPARATOR
from acajs_kernel.magics.call import Call, interrupted
from acajs_kernel.magics.declaration import Magic
from acajs_kernel.magics.registry import find_magic, magics
from acajs_kernel.session import Cell, Error, Frontend, NotebookSession, Outcome

__all__ = ["MagicCell"]

_Result = TypeVar("_Result")

_UNDEFINED = re.compile(r"(\w+) is not defined\Z")


class MagicCell:
    """Runs one cell.

    Args:
        cell: The cell; its parts run as cells whose keys are made of its own, see
            `acajs_kernel.magics.cell_key`.
        notebook: The notebook's session.
        frontend: Shows what the parts show, and asks, with the key of the part.
    """

    def __init__(
        self,
        cell: Cell,
        notebook: NotebookSession,
        *,
        frontend: Frontend,
    ) -> None:
        self.notebook = notebook
        self.frontend = frontend
        self.payload: list[dict[str, Any]] = []
        self._cell = cell
        self._parts = 0
        self._task: asyncio.Task[Outcome] | None = None
        self._is_in_session = False
        self._is_interrupted = False

    async def run(self) -> Outcome:
        """Run the cell, and return how it ended.

        Raises:
            AcaJsError: A part failed otherwise than by an error of the user's code.
        """
        self._task = asyncio.ensure_future(
            self.run_source(self._cell.code, expressions=self._cell.expressions, shows_result=True)
        )
        try:
            return await self._task
        except CodeFailedError as error:
            return _failed(error)
        except asyncio.CancelledError:
            if not self._is_interrupted:
                self._task.cancel()
                raise
            return _failed(interrupted())

    async def interrupt(self) -> None:
        """End the cell: the code that runs in the session, else the magic's own work."""
        self._is_interrupted = True
        if self._is_in_session:
            await self.notebook.interrupt()
        elif self._task is not None:
            self._task.cancel()

    async def in_session(self, work: Awaitable[_Result]) -> _Result:
        """Await work that an interrupt ends through the session."""
        task = asyncio.ensure_future(work)
        if self._is_interrupted:
            task.cancel()
            raise interrupted()
        self._is_in_session = True
        try:
            return await task
        finally:
            self._is_in_session = False

    async def run_source(
        self, source: str, *, expressions: Mapping[str, str], shows_result: bool
    ) -> Outcome:
        """Run JavaScript and magics, up to the first part that fails.

        Raises:
            AcaJsError: As for `run`.
        """
        parts = await self._split(source)
        calls = [
            find_magic(part.name, sign="%" if part.body is None else "%%")
            if isinstance(part, MagicPart)
            else None
            for part in parts
        ]
        outcome = Outcome()
        for position, (part, magic) in enumerate(zip(parts, calls, strict=True)):
            is_last = position == len(parts) - 1
            takes_expressions = is_last and magic is None
            cell = self._part_cell(
                part.code,
                shows_result=is_last and shows_result,
                expressions=expressions if takes_expressions else {},
            )
            if magic is not None and isinstance(part, MagicPart):
                await self._call(magic, part, cell)
            else:
                outcome = await self._execute(cell)
                if outcome.error is not None:
                    return outcome._replace(error=_explained(outcome.error, part))
            expressions = {} if takes_expressions else expressions
        if expressions:
            outcome = await self._execute(self._part_cell("", expressions=expressions))
        return outcome

    async def _split(self, source: str) -> list[Part]:
        """Take a cell apart; words that may be commands are looked up in the session."""
        parts = split_cell(source)
        if any(isinstance(part, MagicPart) and part.body is not None for part in parts):
            return parts
        doubtful = sorted(doubtful_commands(source))
        if not doubtful:
            return parts
        # No array, nor names of the words': cells may have changed what those are.
        types = ", ".join(f"w{index}: typeof {word}" for index, word in enumerate(doubtful))
        asking = self._part_cell(f"({{ __proto__: null, {types} }})")
        found = await self.in_session(self.notebook.evaluate(asking))
        unknown = {word for index, word in enumerate(doubtful) if found[f"w{index}"] == "undefined"}
        return split_cell(source, frozenset(unknown))

    async def _call(self, magic: Magic, part: MagicPart, cell: Cell) -> None:
        if magic.needs_rich and self.notebook.settings.runtime == "plain":
            raise _needs_rich(magic)
        call = Call(magic, part, cell, self, is_alone=self._is_alone(part))
        if magic.needs_rich:
            await call.access()  # opens the session, which decides on the mode
            if self.notebook.mode != "rich":
                raise _needs_rich(magic)
        await magic.run(call)
        if call.next_input is not None:
            self.payload = [call.next_input]

    def _is_alone(self, part: MagicPart) -> bool:
        lines = self._cell.code.strip().split("\n")
        return part.body is not None or len(lines) == 1

    async def _execute(self, cell: Cell) -> Outcome:
        return await self.in_session(self.notebook.execute(cell))

    def _part_cell(self, code: str, **changes: Any) -> Cell:  # noqa: ANN401 -- a cell's own types
        self._parts += 1
        key = f"{self._cell.key}{PART_SEPARATOR}{self._parts}"
        settings = {"expressions": {}, **changes}
        return self._cell._replace(key=key, code=code, source=self._cell.code, **settings)


def _needs_rich(magic: Magic) -> MagicError:
    return MagicError(
        f"%{magic.name} needs the rich runtime, but cells run in plain mode.",
        remedy="%runtime rich switches to it; variables are lost.",
    )


def _failed(error: CodeFailedError) -> Outcome:
    return Outcome(error=Error(error.ename, error.evalue, error.traceback))


_MISPLACED = re.compile(r"^[^\S\n]*%%\w", re.MULTILINE)


def _explained(error: Error, part: Part) -> Error:
    """Add why a line that looks like a magic was JavaScript, where that made the error."""
    if error.ename == "SyntaxError" and _MISPLACED.search(part.code):
        hint = "A magic with %% takes a whole cell: put it on the cell's first line."
        return error._replace(traceback=(*error.traceback, hint))
    match = _UNDEFINED.search(error.evalue) if error.ename == "ReferenceError" else None
    if match is None or not isinstance(part, ScriptPart):
        return error
    name, hint = match[1], ""
    if name in magics() and _begins_a_line(f"%{name}", part.code):
        hint = (
            f"JavaScript read % as the remainder operator, continuing the line above. End that "
            f"line with a semicolon to use the magic %{name}."
        )
    elif _begins_a_line(f"!{name}", part.code):
        hint = f"JavaScript read ! as negation. %sh {name} always runs a command."
    return error._replace(traceback=(*error.traceback, hint)) if hint else error


def _begins_a_line(text: str, code: str) -> bool:
    return re.search(rf"^[^\S\n]*{re.escape(text)}\b", code, re.MULTILINE) is not None
