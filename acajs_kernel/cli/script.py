"""Running one script in a session, as a program of the command line."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from acajs_kernel.cli.pool_client import command_silence
from acajs_kernel.cli.streams import is_fancy
from acajs_kernel.cli.terminal import Terminal, plain_text
from acajs_kernel.errors import ConfigurationError
from acajs_kernel.runtime import programs
from acajs_kernel.session import Cell, NotebookSession, Outcome, SessionSettings
from acajs_kernel.workspace.notebook import NotebookFiles

__all__ = ["Script", "execute", "read_script"]

_CLOSE_SECONDS = 2.0
_TYPESCRIPT_SUFFIXES = frozenset({".ts", ".mts", ".cts"})
_SIGNAL_STATUS = 128
# What a shell reports of a program whose reader has gone: 128 and the number of SIGPIPE.
_CLOSED_STATUS = 141

_STATUS = "Number(process.exitCode ?? 0)"


@dataclass(frozen=True)
class Script:
    """A script to run.

    Attributes:
        code: Its text.
        name: What names it in stacks.
        is_typescript: Whether its file's name says so; any script may be TypeScript.
    """

    code: str
    name: str
    is_typescript: bool = False


def read_script(file: str) -> Script:
    """Read a script from a file, or from standard input for ``-``.

    Raises:
        ConfigurationError: It cannot be read, or is no text.
    """
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        code = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(
            f"The script {file} cannot be read: {reason}.",
            remedy="Name a file of JavaScript or TypeScript, or - for standard input.",
        ) from error
    # The line of a shell keeps its place, so that errors name the right lines.
    code = re.sub(r"\A#!", "//", code)
    name = "[stdin]" if file == "-" else re.sub(r"[\s()]", "_", Path(file).name)
    return Script(code, name, Path(file).suffix in _TYPESCRIPT_SUFFIXES)


async def execute(script: Script, settings: SessionSettings, *, print_value: bool) -> int:
    """Run a script until nothing is left to do, and return the status to exit with.

    Raises:
        AcaJsError: The session could not be opened, or is gone.
    """
    run = _Run(settings, shows_values=print_value)
    try:
        return await run.run(script)
    finally:
        await run.close()


class _Run:
    """One script and its session."""

    def __init__(self, settings: SessionSettings, *, shows_values: bool) -> None:
        self._terminal = Terminal(on_closed=self._interrupt, shows_values=shows_values)
        self._notebook = NotebookSession(
            replace(settings, colors=is_fancy(sys.stderr)),
            key=b"",
            frontend=self._terminal,
            silence=command_silence(),
            files=lambda: NotebookFiles(
                command=lambda _: "run the script again with ACAJS_WORKSPACE=copy", otherwise=""
            ),
        )
        # The session may know the cells of an earlier command.
        self._name = secrets.token_hex(4)
        self._task: asyncio.Task[int] | None = None
        self._interrupting: asyncio.Task[None] | None = None
        self._interrupted_status = 0

    async def run(self, script: Script) -> int:
        self._task = asyncio.ensure_future(self._run(script))
        with _on_signals(self._interrupt_by_signal):
            try:
                return await self._task
            except asyncio.CancelledError:
                if self._interrupting is None:
                    raise
                return self._interrupted_status

    async def _run(self, script: Script) -> int:
        questions = {"pending": programs.call("pending"), "status": _STATUS}
        outcome = await self._notebook.execute(
            Cell(
                f"{self._name}-script",
                script.code,
                number=1,
                label=script.name,
                expressions=questions,
                allow_stdin=True,
                language="typescript" if script.is_typescript else "javascript",
            )
        )
        if outcome.error is None and _number(outcome, "pending"):
            # As Node does, the script ends when nothing is left that could call it back.
            waiting = f"void await {programs.call('pending', {'waits': True})}"
            outcome = await self._notebook.execute(
                Cell(f"{self._name}-end", waiting, number=2, expressions=questions)
            )
        return self._status(outcome)

    def _status(self, outcome: Outcome) -> int:
        if self._terminal.is_closed:
            return _CLOSED_STATUS
        if outcome.exit_code is not None:
            return outcome.exit_code  # as with Node, the script has said what it had to say
        if outcome.error is None:
            return _number(outcome, "status")
        error = outcome.error
        self._terminal.show_error("\n".join(error.traceback) or f"{error.ename}: {error.evalue}")
        return self._interrupted_status or 1

    def _interrupt_by_signal(self, number: int) -> None:
        self._interrupted_status = _SIGNAL_STATUS + number
        self._interrupt()

    def _interrupt(self) -> None:
        """Interrupt the script; the second time, stop waiting for it."""
        if self._interrupting is None:
            self._interrupting = asyncio.ensure_future(self._notebook.interrupt())
        elif self._task is not None:
            self._task.cancel()

    async def close(self) -> None:
        """End the session unless it is to be kept, in a bounded time."""
        if self._interrupting is not None:
            self._interrupting.cancel()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._notebook.close(restart=False), _CLOSE_SECONDS)


def _number(outcome: Outcome, name: str) -> int:
    """Return the number that an expression gave; 0 in plain mode, which evaluates none."""
    result: Mapping[str, Any] = outcome.expressions.get(name) or {}
    text = plain_text(str(result.get("data", {}).get("text/plain", "")))
    return int(text) if text.isdecimal() else 0


@contextlib.contextmanager
def _on_signals(act: Callable[[int], None]) -> Iterator[None]:
    """Call back in the event loop at Ctrl-C, and where the process is asked to end."""
    loop = asyncio.get_running_loop()
    former = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        former[number] = signal.signal(number, lambda got, _: loop.call_soon_threadsafe(act, got))
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
