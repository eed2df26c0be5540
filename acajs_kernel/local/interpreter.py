"""A session's interpreter: executions one after another, in order of arrival."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acajs_kernel.errors import LocalPoolError

from .node import check_node_version
from .rest import RestError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from .session_process import Message, SessionProcess

__all__ = ["Interpreter", "Outcome"]

_START_SECONDS = 30.0
_MAXIMUM_STREAM_CHARACTERS = 128 * 1024 * 1024

_logger = logging.getLogger("acajs_kernel")


@dataclass(frozen=True)
class Outcome:
    """How an execution ended.

    Args:
        succeeded: Whether the code ran to its end without an error.
        stdout: All that it printed.
        stderr: All that it printed there, and the error where there was one.
        mime: The result's MIME bundle; empty where there is none.
        milliseconds: How long it ran.
    """

    succeeded: bool
    stdout: str
    stderr: str
    mime: dict[str, object]
    milliseconds: int


class _Stream:
    """Text that arrives in pieces, up to a bound beyond which it is dropped."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._room = _MAXIMUM_STREAM_CHARACTERS

    def add(self, piece: str) -> None:
        if self._room > 0:
            self._pieces.append(piece[: self._room])
            self._room -= len(piece)

    def text(self) -> str:
        return "".join(self._pieces)


@dataclass(eq=False)
class _Execution:
    number: int
    code: str
    answer: asyncio.Future[Outcome | RestError]
    stdout: _Stream = field(default_factory=_Stream)
    stderr: _Stream = field(default_factory=_Stream)
    started_at: float = 0.0
    line: int = 0

    def settle(self, answer: Outcome | RestError) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)

    def outcome(self, *, succeeded: bool, mime: dict[str, object], error: str = "") -> Outcome:
        stderr = self.stderr.text()
        if error and stderr and not stderr.endswith("\n"):
            stderr += "\n"
        return Outcome(
            succeeded=succeeded,
            stdout=self.stdout.text(),
            stderr=stderr + error,
            mime=mime,
            milliseconds=round((time.monotonic() - self.started_at) * 1000),
        )


class Interpreter:
    """Runs one session's code.

    As on the service, code that exceeds its time limit is not stopped: its request is
    answered, and later executions wait behind it. Unlike there, where a request for an
    interpreter that ended runs into its time limit, that is answered at once.

    Args:
        take_process: Gives a started Node process.
        on_unusable: Called when the process could not be started.
    """

    def __init__(
        self,
        take_process: Callable[[], Awaitable[SessionProcess]],
        on_unusable: Callable[[], None],
    ) -> None:
        self._take_process = take_process
        self._on_unusable = on_unusable
        self._loop = asyncio.get_running_loop()
        self._process: asyncio.Future[SessionProcess | RestError] = self._loop.create_future()
        self._starting: asyncio.Task[None] | None = None
        self._start_limit: asyncio.TimerHandle | None = None
        self._online = False
        self._end: str | None = None
        self._failure: RestError | None = None
        self._waiting: deque[_Execution] = deque()
        self._running: _Execution | None = None
        self._count = 0

    def start(self) -> None:
        """Begin to start the process; everything else waits for it."""
        self._starting = self._loop.create_task(self._start())

    async def data_folder(self) -> Path:
        """The folder of the session's files.

        Raises:
            RestError: The session could not be started or was stopped.
        """
        return (await self._started()).data_folder

    async def upload_folder(self) -> Path:
        """The folder where uploads grow; raises as ``data_folder`` does."""
        return (await self._started()).upload_folder

    async def execute(self, code: str, timeout_seconds: float) -> Outcome:
        """Run code after everything that came before it.

        Args:
            code: JavaScript.
            timeout_seconds: How long to wait, for its turn and for its end.

        Raises:
            RestError: 408 when the time is over, 409 when the session was stopped
                meanwhile, 500 when it could not be started.
        """
        if self._failure is not None:
            raise self._failure
        self._count += 1
        execution = _Execution(self._count, code, self._loop.create_future())
        self._waiting.append(execution)
        self._proceed()
        try:
            done, _ = await asyncio.wait({execution.answer}, timeout=timeout_seconds)
        finally:
            # Also when the caller was cancelled: code that nobody waits for any more and
            # that has not begun does not begin.
            has_begun = execution not in self._waiting
            if not has_begun:
                self._waiting.remove(execution)
        if not done:
            execution.answer.cancel()
            raise _timed_out(timeout_seconds, has_begun=has_begun)
        answer = execution.answer.result()
        if isinstance(answer, RestError):
            raise answer
        return answer

    async def stop(self) -> SessionProcess | None:
        """Kill the process, and answer every execution that is still open.

        Returns:
            The process, whose end can be waited for; None if it was never started.
        """
        self._fail(RestError(409, "SessionStopped", "The session was stopped in the meantime."))
        if self._starting is not None:
            await asyncio.wait({self._starting})
        process = await self._process
        if isinstance(process, RestError):
            return None
        process.stop()
        return process

    async def _start(self) -> None:
        try:
            process = await self._take_process()
        except (OSError, ValueError) as error:  # ValueError: a variable holds a null character
            failure = RestError(
                500, "SessionStartFailed", f"The embedded pool could not start Node.js: {error}."
            )
            self._process.set_result(failure)
            self._give_up(failure)
            return
        self._process.set_result(process)
        if self._failure is None:
            self._start_limit = self._loop.call_later(
                _START_SECONDS,
                self._give_up,
                RestError(
                    500,
                    "SessionStartFailed",
                    f"The embedded pool started Node.js, but it was not ready after "
                    f"{_START_SECONDS:g} seconds.",
                ),
            )
        process.attach(self._loop, self._on_messages, self._on_end)

    async def _started(self) -> SessionProcess:
        process = await asyncio.shield(self._process)
        if isinstance(process, RestError):
            raise process
        return process

    def _proceed(self) -> None:
        """Start the next execution if none runs, or answer all when none can run."""
        if self._end is not None:
            while self._waiting:
                execution = self._waiting.popleft()
                execution.started_at = time.monotonic()
                execution.settle(
                    execution.outcome(succeeded=False, mime={}, error=_ended(self._end))
                )
            return
        if not self._online or self._running is not None or not self._waiting:
            return
        process = self._process.result()
        if isinstance(process, RestError):
            return
        execution = self._running = self._waiting.popleft()
        execution.started_at = time.monotonic()
        execution.line = process.send({"id": execution.number, "code": execution.code})

    def _on_messages(self, messages: list[Message]) -> None:
        for message in messages:
            if "status" in message:
                self._on_online(message)
            elif "unreadable" in message:
                self._on_unreadable(message["unreadable"])
            else:
                self._on_output(message)

    def _on_online(self, message: Message) -> None:
        if self._start_limit is not None:
            self._start_limit.cancel()
        process = self._process.result()
        if self._failure is not None or isinstance(process, RestError):
            return
        try:
            check_node_version(str(message.get("node")), process.node)
        except LocalPoolError as error:
            self._give_up(RestError(500, "SessionStartFailed", str(error)))
            return
        self._online = True
        self._proceed()

    def _on_unreadable(self, line: object) -> None:
        execution = self._running
        if execution is None or execution.line != line:
            return
        self._running = None
        execution.settle(
            RestError(
                500,
                "MessageDamaged",
                "The code reached the session's interpreter damaged and was not run.",
            )
        )
        self._proceed()

    def _on_output(self, message: Message) -> None:
        execution = self._running
        # Without an id it is an uncaught error, which counts as the running code's output.
        if execution is None or message.get("id", execution.number) != execution.number:
            return
        if not execution.answer.done():  # else the request is gone and nobody reads it
            for name, stream in (("stdout", execution.stdout), ("stderr", execution.stderr)):
                text = message.get(name)
                if isinstance(text, str):
                    stream.add(text)
        if message.get("end") is not True:
            return
        self._running = None
        error = message.get("error")
        if isinstance(error, dict):
            execution.settle(execution.outcome(succeeded=False, mime={}, error=_error_text(error)))
        else:
            mime = message.get("mime")
            execution.settle(
                execution.outcome(succeeded=True, mime=mime if isinstance(mime, dict) else {})
            )
        self._proceed()

    def _on_end(self, description: str) -> None:
        if self._start_limit is not None:
            self._start_limit.cancel()
        if self._failure is not None:
            return
        if not self._online:
            self._give_up(
                RestError(
                    500,
                    "SessionStartFailed",
                    f"The embedded pool started Node.js, but it ended at once ({description}).",
                )
            )
            return
        self._end = description
        execution, self._running = self._running, None
        if execution is not None:
            execution.settle(execution.outcome(succeeded=False, mime={}, error=_ended(description)))
        self._proceed()

    def _give_up(self, failure: RestError) -> None:
        _logger.error("%s", failure.message)
        self._fail(failure)
        self._on_unusable()

    def _fail(self, failure: RestError) -> None:
        self._failure = self._failure or failure
        if self._start_limit is not None:
            self._start_limit.cancel()
        if self._running is not None:
            self._running.settle(failure)
        while self._waiting:
            self._waiting.popleft().settle(failure)


def _timed_out(seconds: float, *, has_begun: bool) -> RestError:
    if has_begun:
        text = (
            f"The code did not end within {seconds:g} seconds. It was not stopped, and later "
            "executions of this session wait for it; stop the session to end it."
        )
    else:
        text = (
            f"The code waited {seconds:g} seconds for earlier executions of its session to end "
            "and was not run."
        )
    return RestError(408, "ExecutionTimeout", text)


def _ended(description: str) -> str:
    return (
        f"The session's interpreter ended ({description}). Stop the session: the next request "
        "gets a fresh one, without the variables of this one and files of its own.\n"
    )


def _error_text(error: Message) -> str:
    """The text that the service gives for an error: its traceback, name and message first."""
    traceback = error.get("traceback")
    if isinstance(traceback, list) and traceback:
        return "\n".join(str(line) for line in traceback)
    return f"{error.get('ename', 'Error')}: {error.get('evalue', '')}"
