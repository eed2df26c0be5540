"""One notebook's remote session: which pool, which identifier, which way of running cells."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from acajs_kernel.errors import (
    AcaJsError,
    CodeFailedError,
    SessionLostError,
)
from acajs_kernel.session.connecting import Listener, SessionAccess, SessionSettings
from acajs_kernel.session.events import (
    Cell,
    CommMessage,
    Completions,
    Error,
    Outcome,
    interruption,
    unheard,
)
from acajs_kernel.session.lifetime import Lifetime
from acajs_kernel.session.relay import Relay
from acajs_kernel.session.repeating import Action, Earlier

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from acajs_kernel.http.silence import Silence
    from acajs_kernel.session.files import BesideNotebook
    from acajs_kernel.session.frontend import Frontend
    from acajs_kernel.session.opening import Session

__all__ = ["NotebookSession", "SessionSettings"]

_log = logging.getLogger("acajs_kernel")

_QUESTION_SECONDS = 3.0  # for the session to answer the editor, before what is known must do
_UNASKED_SECONDS = 10.0  # for which a session that did not answer is not asked again
_TEXTS_KEPT = 100  # cells whose names are completed while the session cannot be asked

_INTERRUPTED_WAIT = interruption("The wait for the session was ended; the cell did not run.")


_Result = TypeVar("_Result")


class NotebookSession:
    """One notebook's session, from its first request to its end.

    `open` starts everything and may fail; its failure is kept and raised again by the first
    `execute`, which is where a user sees it; the `execute` after that tries again.

    Args:
        settings: The kernel's settings.
        key: The secret of the kernel's connection file, from which the identifier is derived.
        frontend: Told what cells show and what the user should know; asked for input.
        silence: Bounds the time for which the pool may say nothing.
        files: Gives the files beside the notebook, when they first count; None where nothing
            is known of any.
    """

    def __init__(
        self,
        settings: SessionSettings,
        *,
        key: bytes,
        frontend: Frontend,
        silence: Silence | None = None,
        files: Callable[[], BesideNotebook] | None = None,
    ) -> None:
        self._relay = Relay(frontend, idle=self._idle)
        self._lifetime = Lifetime(
            settings,
            key=key,
            frontend=self._relay,
            listener=Listener(self._relay.report_wait, self._notify, silence),
        )
        self._find_files = files
        self._files: BesideNotebook | None = None
        self._bringing: asyncio.Task[None] | None = None
        self._unasked_until = 0.0
        self._earlier = Earlier()
        self._texts: deque[str] = deque(maxlen=_TEXTS_KEPT)
        self._comms: deque[tuple[str, CommMessage]] = deque()  # for the session that is opened

    @property
    def files(self) -> BesideNotebook | None:
        """The files beside the notebook; None where nothing is known of any."""
        if self._files is None and self._find_files is not None:
            self._files = self._find_files()
        return self._files

    @property
    def settings(self) -> SessionSettings:
        """What holds now; magics may have changed some of it."""
        return self._lifetime.settings

    @property
    def mode(self) -> str:
        """How cells run: "rich" or "plain"; empty until that is known."""
        return self._lifetime.session.mode if self._lifetime.session is not None else ""

    @property
    def pool_name(self) -> str:
        """The pool in use, for people."""
        return self._lifetime.settings.endpoint or "the embedded pool on the local Node"

    @property
    def node_version(self) -> str:
        """The Node version of the session, such as "20.20.2"; empty until it is known."""
        return self._lifetime.session.node_version if self._lifetime.session is not None else ""

    def start(self) -> None:
        """Begin to open the session, without waiting for it."""
        self._lifetime.start()

    async def wait_opened(self, seconds: float) -> None:
        """Wait until the session is open or could not be opened, or for so long since it began."""
        await self._lifetime.wait_opened(seconds)

    async def execute(self, cell: Cell) -> Outcome:
        """Run a cell once, and return how it ended.

        Raises:
            AcaJsError: The session could not be opened, or the cell could not be run, or
                it is unknown whether it was.
        """
        if not cell.silent:
            self._texts.append(cell.code)
        try:
            outcome = await self._perform(cell, lambda session: session.execute(cell))
            outcome = self._explained(outcome)
        except CodeFailedError as error:
            return Outcome(error=Error(error.ename, error.evalue, error.traceback))
        finally:
            self._unasked_until = 0.0  # it answers, or has been interrupted
        if outcome.error is None and cell.is_repeated and not cell.silent:
            self.repeat_if_lost(cell)
        return outcome

    async def evaluate(self, cell: Cell) -> Any:  # noqa: ANN401 -- JSON
        """Return the value of a cell that is one expression as JSON; nothing is shown.

        Raises:
            CodeFailedError: The expression threw, or was interrupted.
            AcaJsError: As for `execute`.
        """
        return await self._perform(cell, lambda session: session.evaluate(cell))

    async def _perform(self, cell: Cell, act: Callable[[Session], Awaitable[_Result]]) -> _Result:
        """Act on the session, or on the one that has replaced it.

        Raises:
            CodeFailedError: An interrupt has ended the wait for the session, or what was to be
                done before.
            AcaJsError: As for `execute`.
        """
        self._lifetime.begin_use()
        self._relay.begin(cell)
        try:
            session = await self._lifetime.ready()
            if session is None:
                raise _INTERRUPTED_WAIT.as_exception()
            self._deliver_comms()
            await self._bring_files()
            try:
                return await act(session)
            except SessionLostError as error:
                self._forget_files()
                # A cell that had begun may have done things that must not happen twice.
                if error.was_running or self._lifetime.settings.on_session_loss == "error":
                    raise
                await self._bring_files()
                await self._start_afresh(session, cell)
                return await act(session)
        finally:
            self._relay.end()
            self._lifetime.end_use()

    async def _bring_files(self) -> None:
        """Bring to the session what has changed beside the notebook, if the settings want it so.

        Raises:
            CodeFailedError: An interrupt has ended it.
            AcaJsError: The files did not get there.
        """
        settings, access = self._lifetime.settings, self._lifetime.access
        if access is None or settings.workspace in {"auto", "off"} or self.files is None:
            return
        bringing = self.files.prepare(settings, access, self._notify)
        self._bringing = asyncio.ensure_future(bringing)
        try:
            await asyncio.wait({self._bringing})
            if self._bringing.cancelled():
                raise _INTERRUPTED_WAIT.as_exception()
            self._bringing.result()
        except asyncio.CancelledError:
            self._bringing.cancel()
            raise
        finally:
            self._bringing = None

    def _explained(self, outcome: Outcome) -> Outcome:
        session = self._lifetime.session
        if outcome.error is None or self.files is None or session is None:
            return outcome
        settings = self._lifetime.settings
        return outcome._replace(error=self.files.explain(outcome.error, settings, session.folder))

    def repeat_if_lost(self, done: Cell | Action) -> None:
        """Remember what is to be done again on a fresh session, if the settings want it so."""
        if self._lifetime.settings.on_session_loss == "replay":
            self._earlier.remember(done)

    async def _start_afresh(self, session: Session, cell: Cell) -> None:
        """Prepare the fresh session that has replaced the notebook's own for a cell."""
        if self._lifetime.settings.on_session_loss == "restart":
            self._earlier.forget()
            self._notify(
                "The session was replaced by a fresh one: it had cooled down, was stopped, or "
                "failed. Variables are gone; this cell runs in the fresh session."
            )
            return
        self._notify(
            "The session was replaced by a fresh one: it had cooled down, was stopped, or "
            f"failed. Running the {len(self._earlier)} earlier successful cells again."
        )
        await self._earlier.repeat(session.execute, cell)

    def _idle(self) -> AbstractContextManager[None]:
        return self._lifetime.idle()

    def _notify(self, text: str) -> None:
        """Tell the user something: below the running cell, else below the next one."""
        self._relay.notice("", text)

    async def interrupt(self) -> None:
        """End the running cell, or what it waits for."""
        if self._earlier.interrupt():
            return
        if self._bringing is not None:
            self._bringing.cancel()
            return
        if not self._lifetime.interrupt() and self._lifetime.session is not None:
            await self._lifetime.session.interrupt()

    def send_comm(self, key: str, message: CommMessage) -> None:
        """Hand on a frontend's message of a comm, without waiting for anything.

        What becomes of it comes as events; also that there is no session to take it.
        """
        opening = self._lifetime.start()
        self._comms.append((key, message))
        if opening.done():
            self._deliver_comms()
        elif len(self._comms) == 1:
            opening.add_done_callback(lambda _: self._deliver_comms())

    def _deliver_comms(self) -> None:
        session = self._lifetime.session
        while self._comms:
            key, message = self._comms.popleft()
            if session is not None:
                session.send_comm(key, message)
                continue
            for event in unheard(message):
                self._relay.comm(key, event)
        if not self._relay.is_running:
            self._lifetime.end_use()

    async def complete(self, code: str, cursor: int) -> Completions:
        """Return completions at a cursor (in code points).

        From the live session; while it runs a cell, is not open yet or cannot be reached, from
        what is known without it: the cells' texts, the language and the builtins.
        """
        # Imported here because launching the kernel must not wait for it.
        from acajs_kernel.session.editor.completing import known_completions  # noqa: PLC0415

        live = await self._ask_session(lambda session: session.complete(code, cursor))
        return live or known_completions(code, cursor, tuple(self._texts))

    async def inspect(self, code: str, cursor: int, detail: int) -> Mapping[str, Any] | None:
        """Describe what is at a cursor (in code points) as a MIME bundle, or None.

        From the live session, else from what is known without it: the builtins.
        """
        # Imported here because launching the kernel must not wait for it.
        from acajs_kernel.cell.completion import wanted_expression  # noqa: PLC0415
        from acajs_kernel.session.editor.describing import describe_known  # noqa: PLC0415

        live = await self._ask_session(lambda session: session.inspect(code, cursor, detail))
        return live or describe_known(wanted_expression(code, cursor))

    async def _ask_session(
        self, question: Callable[[Session], Awaitable[_Result | None]]
    ) -> _Result | None:
        """Ask the session what the editor wants to know; None where it does not answer in time.

        One that did not is left alone for a while: an editor asks at each keystroke.
        """
        session = self._lifetime.session
        if session is None or time.monotonic() < self._unasked_until:
            return None
        try:
            answer = await asyncio.wait_for(question(session), _QUESTION_SECONDS)
        except asyncio.TimeoutError:
            self._unasked_until = time.monotonic() + _UNASKED_SECONDS
            _log.info("the session has not answered the editor for %g s", _QUESTION_SECONDS)
        except AcaJsError as error:
            _log.info("the session did not answer the editor: %s", error.message)
        else:
            return answer
        return None

    # ---- what magics change

    async def access(self) -> SessionAccess | None:
        """Return what reaches the session's files; None if an interrupt ended the wait for it.

        Raises:
            AcaJsError: The session could not be opened.
        """
        return self._lifetime.access if await self._lifetime.ready() is not None else None

    async def restart(self) -> None:
        """Begin with no variables, in the same session where that is possible.

        Raises:
            AcaJsError: The session could not be opened, or not be restarted.
        """
        session = await self._lifetime.ready()
        self._forget()
        if session is not None:
            await session.restart()

    async def change(self, **changes: Any) -> None:  # noqa: ANN401 -- the settings' own types
        """Leave the session, and open one with other settings; `access` waits for that.

        A session that the user had named lives on; any other is stopped.

        Args:
            changes: Attributes of `SessionSettings`.
        """
        await self._leave()
        self._set(**changes)
        self.start()

    async def stop(self) -> None:
        """End the session, also one that the user had named; the next cell opens a fresh one.

        Raises:
            PoolError: The pool does not stop it.
        """
        if self._lifetime.settings.endpoint and self._lifetime.access is not None:
            from acajs_kernel.session.stopping import stop_session  # noqa: PLC0415 -- as above

            await stop_session(self._lifetime.access.pool, self._lifetime.access.identifier)
        await self._leave()

    def choose_runtime(self, runtime: str) -> None:
        """Set how the next session runs its cells; this one does not change."""
        self._set(runtime=runtime)

    def choose_workspace(self, workspace: str) -> None:
        """Set how cells reach the files beside the notebook, on a pool elsewhere."""
        self._set(workspace=workspace)

    def set_timeout(self, seconds: int) -> None:
        """Set the bound of one execution, 1 to 220 seconds."""
        self._set(timeout_seconds=seconds)
        if self._lifetime.session is not None:
            self._lifetime.session.set_timeout(seconds)

    def keep_alive_for(self, minutes: float) -> None:
        """Set how many minutes an idle session is kept alive; 0 turns that off."""
        self._set(keepalive_minutes=minutes)
        self._lifetime.end_use()
        self._lifetime.keep_alive()

    def _set(self, **changes: Any) -> None:  # noqa: ANN401 -- the settings' own types
        self._lifetime.settings = replace(self._lifetime.settings, **changes)

    async def _leave(self) -> None:
        await self._lifetime.leave()
        self._forget()

    def _forget(self) -> None:
        """Forget what cells have made."""
        self._earlier.forget()
        self._texts.clear()
        self._forget_files()

    def _forget_files(self) -> None:
        """Suppose no copies in the session: it may be another one."""
        if self._files is not None:
            self._files.forget()

    async def close(self, *, restart: bool) -> None:
        """End the session as far as it should end, and release everything else.

        Args:
            restart: The kernel is about to start again for the same notebook.
        """
        await self._lifetime.close(restart=restart)
