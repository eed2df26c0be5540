"""What a magic is given when it runs, and what it may do."""

from __future__ import annotations

import asyncio
import logging
import secrets
import shlex
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from acajs_kernel.errors import AcaJsError, CodeFailedError, MagicError
from acajs_kernel.session import (
    Cell,
    DisplayData,
    Event,
    Frontend,
    InputRequest,
    NotebookSession,
    Outcome,
    SessionAccess,
    Stream,
    interruption,
)

if TYPE_CHECKING:
    from acajs_kernel.cell.magics import MagicPart
    from acajs_kernel.magics.declaration import Magic

__all__ = ["Call", "Host", "Shown", "interrupted"]

_log = logging.getLogger("acajs_kernel")

_CLEAN_UP_SECONDS = 5.0
_Result = TypeVar("_Result")


def interrupted() -> CodeFailedError:
    """Make the error with which an interrupted cell ends."""
    return interruption("The cell was interrupted.").as_exception()


class Host(Protocol):
    """What runs the magics of a cell."""

    @property
    def notebook(self) -> NotebookSession:
        """The notebook's session."""

    @property
    def frontend(self) -> Frontend:
        """Shows what the parts show, and asks, with the key of the part."""

    async def run_source(
        self, source: str, *, expressions: Mapping[str, str], shows_result: bool
    ) -> Outcome:
        """Run JavaScript and magics."""

    async def in_session(self, work: Awaitable[_Result]) -> _Result:
        """Await what an interrupt ends through the session."""


class Shown:
    """Something shown, which can be replaced while the cell runs and afterwards."""

    def __init__(self, publish: Callable[[Event], None]) -> None:
        self._publish = publish
        self._identifier = secrets.token_hex(8)
        self._is_shown = False

    def update(self, data: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> None:
        """Show a MIME bundle in the place of what is shown."""
        event = DisplayData(
            data, metadata or {}, display_id=self._identifier, update=self._is_shown
        )
        self._is_shown = True
        self._publish(event)


class Call:
    """One use of a magic.

    Attributes:
        magic: The declaration.
        arguments: What stands behind the name on its line, without outer blanks.
        body: For ``%%name`` the lines below, else None.
        code: The body, else the arguments, with blanks before them, so that every line and
            column is where it stands in the cell: what to run as JavaScript.
        is_alone: Whether the cell holds nothing else.
        notebook: The notebook's session: its settings, its mode, restarting it.
    """

    def __init__(
        self, magic: Magic, part: MagicPart, cell: Cell, host: Host, *, is_alone: bool
    ) -> None:
        self.magic = magic
        self.arguments = part.arguments
        self.body = part.body
        self.code = part.code
        self.is_alone = is_alone
        self.notebook = host.notebook
        self.next_input: dict[str, Any] | None = None
        self._cell = cell
        self._host = host
        self._runs = 0

    # ---- arguments

    def words(self) -> list[str]:
        """Split the arguments as a shell does.

        Raises:
            MagicError: A quotation mark is not closed.
        """
        try:
            return shlex.split(self.arguments)
        except ValueError as error:
            raise self.misuse(f"The arguments cannot be split into words: {error}.") from error

    def misuse(self, message: str) -> MagicError:
        """Make the error for arguments that a magic cannot use, to be raised."""
        forms = " or ".join(self.magic.usage)
        return MagicError(
            f"%{self.magic.name}: {message}",
            remedy=f"Usage: {forms}. More with %{self.magic.name}?",
        )

    # ---- output

    def print(self, text: str, *, is_error: bool = False) -> None:
        """Show text at once, on stdout or stderr; lines end with their own line feeds."""
        self._publish(Stream("stderr" if is_error else "stdout", text))

    def show(self, data: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> Shown:
        """Show a MIME bundle; what is returned can replace it."""
        shown = Shown(self._publish)
        shown.update(data, metadata)
        return shown

    def set_next_input(self, text: str, *, replace_cell: bool) -> None:
        """Put text into this cell, or into a new one below it, once the cell has ended.

        A frontend takes only the last such text of a cell.
        """
        self.next_input = {"source": "set_next_input", "text": text, "replace": replace_cell}

    @property
    def allows_questions(self) -> bool:
        """Whether the frontend answers questions."""
        return self._cell.allow_stdin

    async def ask(self, prompt: str, *, password: bool = False) -> str:
        """Ask the user for a line; a password is not shown while it is typed.

        Raises:
            MagicError: The frontend does not answer questions.
        """
        if not self._cell.allow_stdin:
            raise MagicError(
                f"%{self.magic.name} has a question, but this frontend cannot answer it.",
                remedy=f"Give it as an argument: {' or '.join(self.magic.usage)}.",
            )
        return await self._host.frontend.ask(self._cell.key, InputRequest(prompt, password))

    def _publish(self, event: Event) -> None:
        self._host.frontend.show(self._cell.key, event)

    # ---- the session

    async def execute(
        self, code: str, *, is_repeated: bool = True, is_typescript: bool = False
    ) -> Outcome:
        """Run JavaScript as a part of the cell: what it shows is shown as it comes.

        Args:
            code: JavaScript; `code` of the call keeps lines and columns.
            is_repeated: Whether it runs again on a session that has replaced this one.
            is_typescript: Whether what could be both is TypeScript.

        Returns:
            How it ended, which is well, with the time that it took.

        Raises:
            CodeFailedError: It threw, or was interrupted.
            AcaJsError: The session cannot run it.
        """
        cell = self._part(code)._replace(is_repeated=is_repeated)
        if is_typescript:
            cell = cell._replace(language="typescript")
        outcome = await self._host.in_session(self.notebook.execute(cell))
        if outcome.error is not None:
            raise outcome.error.as_exception()
        return outcome

    async def run_cell(self, source: str) -> None:
        """Run a text as if it were a separate cell, including its magics.

        Raises:
            CodeFailedError: JavaScript in it threw, or was interrupted.
            AcaJsError: As for `execute`, or a magic failed.
        """
        shows_result = self._cell.shows_result
        outcome = await self._host.run_source(source, expressions={}, shows_result=shows_result)
        if outcome.error is not None:
            raise outcome.error.as_exception()

    async def evaluate(self, expression: str) -> Any:  # noqa: ANN401 -- JSON
        """Return the value of a JavaScript expression as JSON; nothing is shown.

        ``await`` may stand in it. It must have no effect that has to outlive the session.

        Raises:
            CodeFailedError: It threw, or was interrupted.
            AcaJsError: The session cannot run it.
        """
        cell = self._part(expression)._replace(silent=True, source="")
        return await self._host.in_session(self.notebook.evaluate(cell))

    async def access(self) -> SessionAccess:
        """Open the session, and return the pool's client and the session's identifier.

        The identifier is a secret; `acajs_kernel.pool.shorten_identifier` makes it one for
        people.

        Raises:
            AcaJsError: The session cannot be opened.
        """
        access = await self._host.in_session(self.notebook.access())
        if access is None:
            raise interrupted()
        return access

    async def clean_up(self, expression: str) -> None:
        """Evaluate something when the magic ends, also when it was interrupted.

        It may take 5 s; what goes wrong is logged, not raised.
        """
        cell = self._part(expression)._replace(silent=True, source="")
        try:
            await asyncio.wait_for(self.notebook.evaluate(cell), _CLEAN_UP_SECONDS)
        except (AcaJsError, asyncio.TimeoutError) as error:
            _log.info("%%%s was not cleaned up: %s", self.magic.name, error)

    def repeat_if_lost(self, action: Callable[[], Awaitable[None]]) -> None:
        """Remember what is to be done again if another session replaces this one.

        Used where the kernel's ``on_session_loss`` is ``replay``. The action has no cell to
        show anything in.
        """
        self.notebook.repeat_if_lost(action)

    def _part(self, code: str) -> Cell:
        self._runs += 1
        return self._cell._replace(key=f"{self._cell.key}.{self._runs}", code=code)
