"""Plain mode: a cell's text goes unchanged to the service, its answer comes back whole.

This is the project's contract in its simplest form. It needs nothing but the service's
execution call, so it works against any pool, in any language.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from acajs_kernel.cell.traceback import parse_failure
from acajs_kernel.errors import AcaJsError, SessionLostError
from acajs_kernel.runtime.programs import evaluation
from acajs_kernel.runtime.surrogates import without_lone_surrogates
from acajs_kernel.session.events import (
    Cell,
    CommMessage,
    Error,
    ExecuteResult,
    Outcome,
    Stream,
    unheard,
)
from acajs_kernel.session.plain.result import result_bundle
from acajs_kernel.session.stopping import stop_session

if TYPE_CHECKING:
    from acajs_kernel.pool import Execution, PoolClient
    from acajs_kernel.session.frontend import Frontend

__all__ = ["INTERRUPTED", "PlainSession"]

_log = logging.getLogger("acajs_kernel")

# The service's proxy probes its interpreter, which does not answer while a cell blocks it, and
# counts it as unhealthy after 120 s.
_LONG_SECONDS = 110
_LONG = (
    f"This cell has been running for {_LONG_SECONDS} s. The service may give up a session that is "
    "busy for 120 s, with its variables: do the work in shorter cells, or use the rich runtime.\n"
)
_NODE_VERSION = "process.version"
_NOTHING = "undefined"
_UNSUPPORTED = (
    "user_expressions need the rich runtime: plain mode has one execution per cell, "
    "and an extra one could change what the next cell sees."
)

_DECLARED_AGAIN = re.compile(r"Identifier '.+' has already been declared")
_ONCE = (
    "Plain mode cannot declare a name again with const, let or class. Declare it with let or",
    "var and assign to it, as a parameter of papermill must be, or use the rich runtime, where",
    "const, let and class can be declared again by a later cell.",
)

INTERRUPTED = Error(
    "KeyboardInterrupt",
    "The wait was ended. The code may still be running in the session: plain mode cannot "
    "stop it, and later cells wait for its end. Restart the kernel to get rid of it.",
    (
        "\x1b[31mKeyboardInterrupt\x1b[39m: The wait was ended.",
        "The code may still be running in the session: plain mode cannot stop it, and later",
        "cells wait for its end. Restart the kernel to get rid of it.",
    ),
)
"""What an interrupted cell of plain mode ends with."""


class PlainSession:
    """One notebook's session, used through plain executions only.

    Args:
        pool: The client of the pool; the session does not close it.
        identifier: The session's identifier, a secret.
        pinned: The user named the identifier: the session outlives the kernel.
        timeout_seconds: Bound of one execution, at most the service's 220 s.
        has_own_files: Its files go with it: it does not work in the notebook's folder.
        frontend: Told what cells show and what the user should know.
        sleep: Pauses for so many seconds; tests replace it.
    """

    mode = "plain"

    def __init__(
        self,
        pool: PoolClient,
        identifier: str,
        *,
        pinned: bool,
        timeout_seconds: int,
        has_own_files: bool = True,
        frontend: Frontend,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._pool = pool
        self._identifier = identifier
        self._pinned = pinned
        self._timeout_seconds = timeout_seconds
        self._has_own_files = has_own_files
        self._frontend = frontend
        self._sleep = sleep
        self._guid = ""  # of the session, where the service tells it
        self._was_replaced = False
        self._running: asyncio.Task[Outcome] | None = None
        self._interrupted = False
        self.node_version = ""
        self.folder = ""

    async def open(self) -> None:
        """Allocate the session and learn its Node version.

        A session of an earlier kernel under the same derived identifier (its kernel was
        killed, or its deletion was lost) is stopped first: a started kernel is clean.

        Raises:
            PoolError: The pool cannot be used.
        """
        if not self._pinned:
            await stop_session(self._pool, self._identifier)
        execution = await self._execute_own(_NODE_VERSION)
        version = execution.result if execution.status == "Succeeded" else ""
        if isinstance(version, str):
            self.node_version = version.strip("'\"").removeprefix("v")

    async def execute(self, cell: Cell) -> Outcome:
        """Run a cell once.

        Raises:
            SessionLostError: The session was replaced since the last cell. This one did not run.
            PoolError: The service did not run the cell, or its fate is unknown.
        """
        return await self._until_interrupted(self._execute(cell))

    async def _until_interrupted(self, work: Coroutine[Any, Any, Outcome]) -> Outcome:
        """Await work of the session's, which an interrupt ends."""
        self._interrupted = False
        self._running = asyncio.create_task(work)
        try:
            return await self._running
        except asyncio.CancelledError:
            if not self._interrupted:
                raise
            return Outcome(error=INTERRUPTED)
        finally:
            self._running.cancel()
            self._running = None

    async def _execute(self, cell: Cell) -> Outcome:
        if not cell.code.strip():  # the service takes no empty code; consoles ask only to evaluate
            return Outcome(expressions={name: _unsupported() for name in cell.expressions})
        cell_or_error = _as_javascript(cell)
        if isinstance(cell_or_error, Error):
            return Outcome(error=cell_or_error)
        execution = await self._execute_for(cell.key, cell_or_error.code)
        stdout = without_lone_surrogates(execution.stdout)
        stderr = without_lone_surrogates(execution.stderr)
        if stdout:
            self._frontend.show(cell.key, Stream("stdout", stdout))
        if execution.status == "Failed":
            failure = parse_failure(stderr)
            if failure.stream:
                self._frontend.show(cell.key, Stream("stderr", failure.stream))
            remedy = _ONCE if _DECLARED_AGAIN.fullmatch(failure.evalue) else ()
            traceback = (*failure.traceback, *remedy)
            return Outcome(error=Error(failure.ename, failure.evalue, traceback))
        if stderr:
            self._frontend.show(cell.key, Stream("stderr", stderr))
        bundle = without_lone_surrogates(result_bundle(execution.result))
        if bundle is not None:
            self._frontend.show(cell.key, ExecuteResult(bundle))
        milliseconds = execution.duration_milliseconds
        return Outcome(
            expressions={name: _unsupported() for name in cell.expressions},
            seconds=None if milliseconds is None else milliseconds / 1000,
        )

    async def evaluate(self, cell: Cell) -> Any:  # noqa: ANN401 -- JSON
        """Return the value of a cell that is one expression as JSON; nothing is shown.

        Raises:
            CodeFailedError: The expression threw, or was interrupted.
            PoolError: As for `execute`.
        """
        values: list[Any] = []
        code = evaluation(cell.code)
        outcome = await self._until_interrupted(self._evaluate(cell.key, code, values.append))
        if outcome.error is not None:
            raise outcome.error.as_exception()
        return values[0]

    async def _evaluate(self, key: str, code: str, use: Callable[[Any], None]) -> Outcome:
        execution = await self._execute_for(key, code)
        answer = execution.result
        if isinstance(answer, str):  # the service makes JSON values of texts that are JSON
            try:
                answer = json.loads(answer)
            except ValueError:
                answer = None
        if execution.status == "Failed" or not isinstance(answer, dict):
            failure = parse_failure(execution.stderr)
            return Outcome(error=Error(failure.ename, failure.evalue, tuple(failure.traceback)))
        if "ename" in answer:
            name, message = str(answer["ename"]), str(answer["evalue"])
            return Outcome(error=Error(name, message, (f"{name}: {message}",)))
        use(answer["value"])
        return Outcome()

    async def _execute_for(self, key: str, code: str) -> Execution:
        """Run a cell's code, and say what its user should know of the session."""
        if self._was_replaced:
            self._was_replaced = False
            files = ", and files in the session too" if self._has_own_files else ""
            raise SessionLostError(
                "The session was replaced by a fresh one: it had cooled down, was stopped, or "
                f"failed. Variables are gone{files}. This cell did not run.",
                remedy="Run the cells again from the top. ACAJS_ON_SESSION_LOSS=replay does that "
                "by itself.",
            )
        warning = asyncio.create_task(self._warn(key))
        try:
            execution = await self._pool.execute(
                self._identifier, code, timeout_seconds=self._timeout_seconds
            )
        finally:
            warning.cancel()
        if self._is_replaced(execution):
            self._frontend.notice(
                key,
                "The session was replaced by a fresh one: it had cooled down, was stopped, or "
                "failed. Variables are gone; this cell ran on the fresh session. Run the cells "
                "above it again.",
            )
        return execution

    async def _warn(self, key: str) -> None:
        """Say what may become of a cell that runs for long; not of the embedded pool's."""
        if not self._pool.endpoint.is_loopback:
            await self._sleep(_LONG_SECONDS)
            self._frontend.show(key, Stream("stderr", _LONG))

    async def _execute_own(self, code: str) -> Execution:
        """Run code of our own, which changes nothing, and take the session as it is."""
        execution = await self._pool.execute(
            self._identifier, code, timeout_seconds=30, repeatable=True
        )
        self._guid = execution.session_guid or self._guid
        return execution

    def _is_replaced(self, execution: Execution) -> bool:
        """Tell whether an execution ran on another session than the last one.

        The service says that it allocated the session; nothing documents the header, so that
        it does not count where the session is known to be the same.
        """
        before, self._guid = self._guid, execution.session_guid or self._guid
        return execution.is_new_session and not (before and execution.session_guid == before)

    def set_timeout(self, seconds: int) -> None:
        """Bound one execution."""
        self._timeout_seconds = seconds

    async def restart(self) -> None:
        """Replace the session: its interpreter cannot be restarted alone.

        Raises:
            PoolError: The pool cannot be used.
        """
        await stop_session(self._pool, self._identifier)
        self._was_replaced = False
        await self._execute_own(_NOTHING)

    async def interrupt(self) -> None:
        """End the wait for the running cell, at once; its code may keep running in the session."""
        if self._running is not None:
            self._interrupted = True
            self._running.cancel()

    async def ping(self) -> None:
        """Renew the session's life, with an execution that shows and changes nothing.

        Where it finds another session the next cell fails without running.
        """
        execution = await self._pool.execute(
            self._identifier, _NOTHING, timeout_seconds=30, repeatable=True
        )
        self._was_replaced = self._is_replaced(execution) or self._was_replaced

    def send_comm(self, key: str, message: CommMessage) -> None:
        """Close a comm that the frontend opens: no callback could hear of it."""
        for event in unheard(message):
            self._frontend.comm(key, event)

    async def complete(self, code: str, cursor: int) -> None:
        """Complete nothing: an evaluation of the service's could have side effects."""

    async def inspect(self, code: str, cursor: int, detail: int) -> None:
        """Describe nothing, for the same reason."""

    async def close(self, *, restart: bool) -> None:
        """Stop the session, so that it does not count until it cools down.

        A pinned session is kept, unless the kernel restarts: then it must be clean.
        """
        await self.interrupt()
        if restart or not self._pinned:
            try:
                await stop_session(self._pool, self._identifier)
            except AcaJsError as error:
                _log.info("the session was not stopped: %s", error.message)


def _as_javascript(cell: Cell) -> Cell | Error:
    """Return a cell as what is sent: JavaScript unchanged, TypeScript without its types."""
    # Imported here because launching the kernel must not wait for it.
    from acajs_kernel.session.typescript import erased, is_typescript_only  # noqa: PLC0415

    if cell.language == "typescript" or is_typescript_only(cell.code):
        return erased(cell) or cell
    return cell


def _unsupported() -> dict[str, Any]:
    return {
        "status": "error",
        "ename": "NotSupported",
        "evalue": _UNSUPPORTED,
        "traceback": [],
    }
