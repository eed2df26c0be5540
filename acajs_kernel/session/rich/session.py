"""Rich mode: cells run in the session's runner, and the kernel polls for what they show.

The service runs the executions of one session strictly one after another, so no request
may wait long; and any answer may be lost. The agent keeps every event until it is
acknowledged, so that whatever the network does, no cell runs twice and no output is lost,
repeated or reordered.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from acajs_kernel.cell.declarations import Declarations
from acajs_kernel.cell.repl import for_repl
from acajs_kernel.errors import (
    AcaJsError,
    AgentUnavailableError,
    CodeFailedError,
    PoolError,
    SessionError,
    SessionLostError,
)
from acajs_kernel.session.events import (
    Cell,
    CommMessage,
    Completions,
    Error,
    Outcome,
)
from acajs_kernel.session.rich.agent import Agent
from acajs_kernel.session.rich.comms import CommChannel
from acajs_kernel.session.rich.endings import abandoned, loss
from acajs_kernel.session.rich.input import Questions
from acajs_kernel.session.rich.polling import waiting_fields
from acajs_kernel.session.rich.receiving import TYPED, Receiver, aborted
from acajs_kernel.session.rich.watching import Watch
from acajs_kernel.session.stopping import stop_session

if TYPE_CHECKING:
    from acajs_kernel.pool import PoolClient
    from acajs_kernel.session.frontend import Frontend

__all__ = ["RichSession"]

_Answer = TypeVar("_Answer")

_log = logging.getLogger("acajs_kernel")

_INTERRUPT_SECONDS = 4.0  # the agent needs at most 2 s; the rest is for the network
_CLOSE_SECONDS = 1.5
_EXPRESSION = "__acajs_json__(VALUE\n)"


class RichSession:
    """One notebook's session, used through the agent and its runner.

    Args:
        pool: The client of the pool; the session does not close it.
        identifier: The session's identifier, a secret.
        pinned: The user named the identifier: the session outlives the kernel, and its
            variables are kept when a kernel attaches.
        timeout_seconds: Bound of one execution, at most the service's 220 s. Cells may
            take longer: each is many executions.
        colors: Whether texts of values and errors have the escape sequences of colours.
        has_own_files: Its files go with it: it does not work in the notebook's folder.
        frontend: Told what cells show and what the user should know; asked for input.
    """

    mode = "rich"

    def __init__(
        self,
        pool: PoolClient,
        identifier: str,
        *,
        pinned: bool,
        timeout_seconds: int = 220,
        colors: bool = True,
        has_own_files: bool = True,
        frontend: Frontend,
    ) -> None:
        self._pool = pool
        self._identifier = identifier
        self._pinned = pinned
        self._colors = colors
        self._has_own_files = has_own_files
        self._frontend = frontend
        self._agent = Agent(pool, identifier, timeout_seconds=timeout_seconds)
        self._comms = CommChannel(self._ask, frontend.comm)
        self._watch = Watch(self._fetch, self._comms)
        self._questions = Questions(frontend.ask, self._answer)
        self._receiver = Receiver(
            frontend=frontend,
            questions=self._questions,
            comms=self._comms,
            watch=self._watch,
        )
        self._declarations = Declarations()
        self._needs: list[str] = []
        self._life: tuple[object, int] = (None, 0)
        self._running: str | None = None
        self._given_up: asyncio.Future[None] | None = None
        self._lost = False
        self._begun = False
        self._is_preparing = False
        self.node_version = ""
        self.folder = ""

    async def open(self) -> None:
        """Allocate the session and take over its agent, installing it where it is missing.

        Raises:
            AgentUnavailableError: The session cannot run the agent.
            PoolError: The pool cannot be used.
        """
        hello = await self._agent.hello(fresh=not self._pinned, settings={"colors": self._colors})
        if "refused" in hello:
            raise AgentUnavailableError(
                f"The session cannot run the agent: {hello.get('message', hello['refused'])}",
                remedy="Cells can run in plain mode, with ACAJS_RUNTIME=plain or auto.",
            )
        self._receiver.seen = 0
        self._lost = False
        self._questions.forget()
        if not self._pinned:
            self._declarations.clear()
        self._take(hello)
        self.folder = str(hello.get("folder", ""))
        self.node_version = str(hello.get("node", "")).removeprefix("v")

    def needs_part(self, name: str) -> None:
        """Have a part of the runtime ready for every cell that runs from now on.

        The next cell's request brings it, and so does that of the first cell after the session
        was replaced. A new runner gets it from the agent.

        Args:
            name: That of a file in ``runtime/parts``.
        """
        if name not in self._needs:
            self._needs.append(name)

    async def execute(self, cell: Cell) -> Outcome:
        """Run a cell once.

        Raises:
            SessionLostError: The session was replaced. The cell did not run on the new one.
            PoolError: The pool cannot be used; the agent may still be running the cell.
        """
        self._given_up = asyncio.get_running_loop().create_future()
        self._running = cell.key
        self._begun = False
        self._receiver.begin(cell.key)
        self._watch.pause()
        self._watch.is_active = False
        try:
            if not await self._prepare():
                return Outcome(error=aborted({}))
            return await self._run(cell)
        finally:
            self._running = None
            self._receiver.end()
            self._watch.resume()

    async def _prepare(self) -> bool:
        """Do what comes before a cell; False if an interrupt came, which ends the wait."""
        given_up = self._given_up
        assert given_up is not None  # noqa: S101 -- execute() has just made it
        self._is_preparing = True
        try:
            if self._lost:
                await self._unless_given_up(self.open())
            if self._comms.is_sending:
                await self._unless_given_up(self._comms.flush())
        finally:
            self._is_preparing = False
        return not given_up.done()

    async def _run(self, cell: Cell) -> Outcome:
        try:
            return await self._run_as_what_it_is(cell)
        except SessionLostError as error:
            self._lost = True
            self._comms.close(cell.key)
            raise loss(was_running=self._begun, has_own_files=self._has_own_files) from error
        except PoolError as error:
            if self._begun or error.may_have_run:
                has_begun = "had begun" if self._begun else "may have begun"
                error.message += (
                    f" The cell {has_begun} in the session. It was not stopped there; whatever "
                    f"it still shows comes with the next cell."
                )
            raise

    async def _run_as_what_it_is(self, cell: Cell) -> Outcome:
        """Run a cell as JavaScript, and as TypeScript if it is that and V8 has refused it.

        What V8 does not compile has not run, so that no cell runs twice.
        """
        outcome = None
        if cell.language == "javascript":
            outcome = await self._run_to_its_end(cell)
            if outcome.error is None or outcome.error.is_compiled:
                return outcome
        from acajs_kernel.session.typescript import erased  # noqa: PLC0415 -- most cells are not

        typed = erased(cell)
        if isinstance(typed, Error):
            return Outcome(error=typed)
        if typed is None:
            return outcome or await self._run_to_its_end(cell)
        if outcome is not None:
            typed = typed._replace(key=cell.key + TYPED)
            self._running, self._begun = typed.key, False
            self._receiver.begin(typed.key)
        return await self._run_to_its_end(typed)

    async def evaluate(self, cell: Cell) -> Any:  # noqa: ANN401 -- JSON
        """Return the value of a cell that is one expression as JSON; nothing is shown.

        Raises:
            CodeFailedError: The expression threw, or was interrupted.
            SessionLostError: As for `execute`.
            PoolError: As for `execute`.
        """
        expression = _EXPRESSION.replace("VALUE", cell.code)
        asking = cell._replace(code="", silent=True, expressions={"value": expression})
        outcome = await self.execute(asking)
        if outcome.error is not None:
            raise outcome.error.as_exception()
        value = outcome.expressions["value"]
        if value["status"] != "ok":
            raise CodeFailedError(value["ename"], value["evalue"], value.get("traceback", ()))
        return json.loads(value["data"]["text/plain"])

    async def _run_to_its_end(self, cell: Cell) -> Outcome:
        code = self._declarations.admit(for_repl(cell.code))
        request: dict[str, Any] = {
            "op": "run",
            "cell": cell.key,
            "code": code,
            "label": cell.label or f"In[{cell.number}]",
            "expressions": dict(cell.expressions),
            "stdin": cell.allow_stdin,
        }
        if self._needs:
            request["needs"] = list(self._needs)
        source = cell.source or cell.code
        if code != source:
            request["source"] = source
        while True:
            answer = await self._unless_given_up(self._ask(**request))
            if answer is None:
                return self._receiver.outcome or abandoned()
            self._begun = True
            if self._receiver.outcome is not None:
                error = self._receiver.outcome.error
                if error is not None and error.is_compiled:
                    self._declarations.threw()
                elif error is not None:
                    self._declarations.refused()
                return self._receiver.outcome
            if "refused" in answer:
                raise SessionError(
                    f"The session refused the cell: {answer.get('message', answer['refused'])}",
                    remedy="Restart the kernel to take the session over again.",
                )
            if not answer.get("more") and cell.key not in (
                answer.get("running"),
                *(answer.get("queued") or ()),
            ):
                raise SessionError(
                    "The session does not know the cell that it was told to run.",
                    remedy="Restart the kernel.",
                )
            await self._unless_given_up(self._attend_frontend())
            request = {"op": "poll", "cell": cell.key}

    async def _attend_frontend(self) -> None:
        """Do what comes between two polls: ask what waits, and let what was shown be read."""
        await self._questions.settle()
        await self._frontend.pause()

    async def _ask(self, op: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
        waits = waiting_fields(self._agent.round_trip_seconds)
        answer = await self._agent.ask(op, **{**waits, **fields})
        self._take(answer)
        return answer

    def _take(self, answer: dict[str, Any]) -> None:
        self._receiver.take(answer)
        self._agent.acknowledged = self._receiver.seen
        life = (answer.get("epoch", self._life[0]), self._receiver.restarts)
        if life != self._life:
            self._life = life
            self._declarations.clear()
        if self._comms.is_waiting:
            self._watch.begin()

    async def _fetch(self) -> bool:
        """Fetch what has come since; False if that is nothing."""
        seen = self._receiver.seen
        await self._ask("poll", wait=0)
        return self._receiver.seen > seen

    async def _answer(self, token: str, fields: dict[str, str]) -> None:
        await self._ask("input", token=token, wait=0, **fields)

    async def _unless_given_up(self, request: Awaitable[_Answer]) -> _Answer | None:
        """Await a request, but no longer than an unanswered interrupt allows."""
        assert self._given_up is not None  # noqa: S101 -- execute() has just made it
        task = asyncio.ensure_future(request)
        either: set[asyncio.Future[Any]] = {task, self._given_up}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not task.done():
            task.cancel()
            return None
        return task.result()

    # ---- comms

    def send_comm(self, key: str, message: CommMessage) -> None:
        """Hand on a frontend's message, also while a cell runs; it is not waited for."""
        self._comms.post(key, message)

    # ---- what the editor asks

    async def complete(self, code: str, cursor: int) -> Completions | None:
        """Return completions at a cursor in code points; None while a cell runs."""
        if self._running is not None:
            return None  # the request would queue behind those of the cell
        # Imported here because no cell needs it to run.
        from acajs_kernel.session.editor.completing import complete  # noqa: PLC0415

        return await complete(self._ask, code, cursor)

    async def inspect(self, code: str, cursor: int, detail: int) -> Mapping[str, Any] | None:
        """Describe what is at a cursor in code points as a MIME bundle; else None."""
        if self._running is not None:
            return None
        from acajs_kernel.session.editor.describing import inspect  # noqa: PLC0415 -- as above

        return await inspect(self._ask, code, cursor, detail)

    # ---- control

    async def interrupt(self) -> None:
        """End the running cell or a comm's callback, keeping variables; else do nothing."""
        cell, given_up = self._running, self._given_up
        if cell is None or given_up is None:
            if self._comms.is_waiting:
                await self._is_answered(self._ask("interrupt", wait=0))
            return
        self._questions.cancel()
        if self._is_preparing:
            if not given_up.done():
                given_up.set_result(None)
            return
        is_answered = await self._is_answered(self._interrupt(cell))
        # It may have overtaken the cell, whose request is not worth waiting for then.
        is_over = not is_answered or (not self._begun and self._receiver.outcome is not None)
        if is_over and self._running == cell and not given_up.done():
            given_up.set_result(None)

    async def _is_answered(self, request: Awaitable[object]) -> bool:
        """Send an interrupt, and tell whether the session has taken it in time."""
        try:
            await asyncio.wait_for(request, _INTERRUPT_SECONDS)
        except (AcaJsError, asyncio.TimeoutError) as error:
            _log.warning("the interrupt was not answered: %s", error)
            return False
        return True

    async def _interrupt(self, cell: str) -> None:
        busy_with = self._receiver.busy_with
        if busy_with not in {None, cell}:
            # An earlier cell whose requests have failed still runs, and this one waits for it.
            await self._ask("interrupt", cell=busy_with, wait=0)
        await self._ask("interrupt", cell=cell, wait=1000)

    def set_timeout(self, seconds: int) -> None:
        """Bound one execution; a cell is as many of them as it needs."""
        self._agent.set_timeout(seconds)

    async def restart(self) -> None:
        """Replace the runner: variables go, the session and its files stay.

        Raises:
            PoolError: The pool cannot be used.
        """
        try:
            answer = await self._ask("restart")
        except SessionLostError:
            await self.open()  # a fresh session has no variables either
            return
        if "refused" in answer:
            raise SessionError(
                f"The JavaScript runtime was not restarted: {answer.get('message')}",
                remedy="Restart the kernel.",
            )

    async def ping(self) -> None:
        """Renew the session's life, and fetch what callbacks have printed since.

        A question that a cell has asked is taken back where its session turns out to be lost:
        nobody waits for the answer any more, and the cell ends.
        """
        try:
            await self._fetch()
        except SessionLostError:
            self._questions.cancel()
            raise

    async def close(self, *, restart: bool) -> None:
        """Give up the session: end it, or leave it clean or reattachable.

        A session that the user named is kept. At a restart the session stays too, with its
        runner replaced, instead of a second one of the pool being spent.
        """
        self._watch.stop()
        try:
            if restart:
                await asyncio.wait_for(self._ask("restart", wait=0), _CLOSE_SECONDS)
            elif not self._pinned:
                await stop_session(self._pool, self._identifier)
        except (AcaJsError, asyncio.TimeoutError) as error:
            _log.info("the session was not left as it should be: %s", error)
