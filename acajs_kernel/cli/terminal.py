"""What a script shows, on the standard streams; and its questions, from standard input."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import io
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TextIO

from acajs_kernel.cli.streams import is_fancy
from acajs_kernel.errors import SessionError
from acajs_kernel.session import (
    DisplayData,
    Event,
    ExecuteResult,
    InputRequest,
    QuietFrontend,
    Stream,
)

__all__ = ["Terminal", "plain_text"]

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def plain_text(text: str) -> str:
    """Return a text without the escape sequences of colours."""
    return _ESCAPE.sub("", text)


class Terminal(QuietFrontend):
    """The standard streams of this process.

    Args:
        on_closed: Called once when nobody reads the output any more.
        shows_values: Whether the value of the last expression is shown.
    """

    def __init__(self, *, on_closed: Callable[[], None], shows_values: bool) -> None:
        self._on_closed = on_closed
        self._shows_values = shows_values
        self.is_closed = False
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # JavaScript has strings that no encoding has.
                stream.reconfigure(errors="replace")

    def show(self, _key: str, event: Event) -> None:
        """Show what a cell shows, at once; for anything but text, its text form."""
        if isinstance(event, Stream):
            self._write(sys.stderr if event.name == "stderr" else sys.stdout, event.text)
        elif isinstance(event, DisplayData) or (
            isinstance(event, ExecuteResult) and self._shows_values
        ):
            self._write(sys.stdout, f"{self._text(event.data)}\n")

    def show_error(self, traceback: str) -> None:
        """Show an error on standard error."""
        self._write(sys.stderr, f"{traceback if is_fancy(sys.stderr) else plain_text(traceback)}\n")

    async def ask(self, _key: str, request: InputRequest) -> str:
        """Read a line from standard input; its prompt goes to standard error.

        Raises:
            SessionError: Standard input has ended.
        """
        self._write(sys.stderr, request.prompt)
        with _restored_terminal():
            line = await _in_thread(lambda: _read_line(password=request.password))
        if not line:
            raise SessionError(
                f"The script asked {request.prompt.strip()!r}, but standard input has ended.",
                remedy="Give an answer to each question as a line of standard input.",
            )
        return line.rstrip("\r\n")

    def _text(self, data: Mapping[str, Any]) -> str:
        text = next(
            (str(data[mime]) for mime in ("text/plain", "text/markdown") if mime in data),
            f"[{', '.join(data)}]",
        )
        return text if is_fancy(sys.stdout) else plain_text(text)

    def _write(self, stream: TextIO, text: str) -> None:
        if self.is_closed:
            return
        try:
            stream.write(text)
            stream.flush()
        except BrokenPipeError:
            self.is_closed = True
            # Python flushes once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            self._on_closed()


@contextlib.contextmanager
def _restored_terminal() -> Iterator[None]:
    """Leave the terminal as it was, also if nobody waits any more for a password."""
    if sys.platform == "win32" or not sys.stdin.isatty():
        yield
        return
    import termios  # noqa: PLC0415 -- only there is one

    former = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, former)


def _read_line(*, password: bool) -> str:
    if password and sys.stdin.isatty():
        return f"{getpass.getpass('')}\n"
    return sys.stdin.readline()


async def _in_thread(read: Callable[[], str]) -> str:
    """Await what blocks, in a thread that does not keep Python from ending."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[str] = loop.create_future()

    def settle(line: str) -> None:
        if not answered.done():
            answered.set_result(line)

    def work() -> None:
        try:
            line = read()
        except (OSError, ValueError, EOFError):
            line = ""  # closed: as at its end
        try:
            loop.call_soon_threadsafe(settle, line)
        except RuntimeError:
            return  # the loop has ended meanwhile

    threading.Thread(target=work, name="acajs-stdin", daemon=True).start()
    return await answered
