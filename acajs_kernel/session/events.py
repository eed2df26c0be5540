"""What happens while a cell runs, in Jupyter's terms but without its transport.

Named tuples, because every launch makes all of these classes: making a frozen dataclass
takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from acajs_kernel.errors import CodeFailedError

__all__ = [
    "Cell",
    "ClearOutput",
    "CommEvent",
    "CommHandled",
    "CommMessage",
    "CommsClosed",
    "Completion",
    "Completions",
    "DisplayData",
    "Error",
    "Event",
    "ExecuteResult",
    "InputRequest",
    "Message",
    "Outcome",
    "Stream",
    "interruption",
    "unheard",
]

MimeBundle: TypeAlias = Mapping[str, Any]


class Cell(NamedTuple):
    """One cell to run.

    Attributes:
        key: Names this execution; events of the cell carry it. Unique within a kernel.
        code: The user's text.
        number: The execution count shown as ``In[number]``.
        silent: Whether the frontend wants no output at all.
        expressions: The request's ``user_expressions``: name to code.
        allow_stdin: Whether the frontend answers input requests.
        source: The whole text that the user ran, if `code` is only a part of it, every line
            where it stands there; else empty.
        shows_result: Whether the value is shown.
        is_repeated: Whether it is run again on a session that has replaced the notebook's.
        label: What names the cell in stacks; empty for ``In[number]``. Without blanks.
        language: What a text is that could be either; JavaScript may still turn out to be
            TypeScript, because it is nothing else.
    """

    key: str
    code: str
    number: int = 0
    silent: bool = False
    expressions: Mapping[str, str] = {}
    allow_stdin: bool = False
    source: str = ""
    shows_result: bool = True
    is_repeated: bool = True
    label: str = ""
    language: Literal["javascript", "typescript"] = "javascript"


class Stream(NamedTuple):
    """Text that the cell printed."""

    name: Literal["stdout", "stderr"]
    text: str


class DisplayData(NamedTuple):
    """Something shown, or an update of what was shown under the same `display_id`."""

    data: MimeBundle
    metadata: Mapping[str, Any] = {}
    display_id: str = ""
    update: bool = False


class ClearOutput(NamedTuple):
    """Everything shown so far goes; with `wait` when the next output comes."""

    wait: bool = False


class ExecuteResult(NamedTuple):
    """The cell's value."""

    data: MimeBundle
    metadata: Mapping[str, Any] = {}


class Error(NamedTuple):
    """The cell failed.

    Attributes:
        ename: The error's name.
        evalue: Its message.
        traceback: The lines to show, the headline included.
        is_compiled: False where V8 has refused the cell's text, so that none of it has run.
    """

    ename: str
    evalue: str
    traceback: Sequence[str] = ()
    is_compiled: bool = True

    def as_exception(self) -> CodeFailedError:
        """Return the same as an exception, to be raised."""
        return CodeFailedError(self.ename, self.evalue, self.traceback)


INTERRUPTION = "KeyboardInterrupt"
"""The name of the error of what an interrupt has ended, as IPython has it."""


def interruption(text: str) -> Error:
    """Make the error of what an interrupt has ended.

    Args:
        text: What that means; the headline ends with it.
    """
    return Error(INTERRUPTION, text, (f"\x1b[31m{INTERRUPTION}\x1b[39m: {text}",))


class InputRequest(NamedTuple):
    """The cell waits for a line from the user."""

    prompt: str
    password: bool = False


class Message(NamedTuple):
    """A message of any other type, which the cell's code publishes as it is."""

    type: str
    content: Mapping[str, Any] = {}


class CommMessage(NamedTuple):
    """A message of a comm, of the frontend's or of the session's code.

    Attributes:
        type: What it does to the comm.
        comm_id: Names the comm on both sides.
        target: Who is to take an opened comm.
        data: What JSON can hold.
        metadata: As in any message of Jupyter's.
        buffers: Binary data beside it.
    """

    type: Literal["open", "msg", "close"]
    comm_id: str
    target: str = ""
    data: Any = None
    metadata: Mapping[str, Any] = {}
    buffers: Sequence[bytes] = ()


@dataclass(frozen=True)
class CommHandled:
    """The callbacks of a message of the frontend's have returned, or never will."""


@dataclass(frozen=True)
class CommsClosed:
    """The code that all comms so far belonged to is gone."""


CommEvent: TypeAlias = CommMessage | CommHandled | CommsClosed


def unheard(message: CommMessage) -> Iterator[CommEvent]:
    """Give what becomes of a frontend's message that no session's code can take.

    A comm that it opens is closed.
    """
    if message.type == "open":
        yield CommMessage("close", message.comm_id)
    yield CommHandled()


Event: TypeAlias = Stream | DisplayData | ClearOutput | ExecuteResult | Error | Message


class Outcome(NamedTuple):
    """How a cell ended.

    Attributes:
        error: Why it failed, or None.
        expressions: The evaluated ``user_expressions``, as the protocol shapes them.
        seconds: How long the code ran in the session, or None where that is unknown.
        processor_seconds: The processor time of the session's process meanwhile, of the
            user's code and of the system's, or None where that is unknown.
        exit_code: What the cell ended its process with, as ``process.exit()`` does; None
            when it did not.
    """

    error: Error | None = None
    expressions: Mapping[str, Any] = {}
    seconds: float | None = None
    processor_seconds: tuple[float, float] | None = None
    exit_code: int | None = None


class Completion(NamedTuple):
    """One way to complete a name; `type` is such as "function" or "property"."""

    text: str
    type: str = ""


class Completions(NamedTuple):
    """The ways to complete a name.

    Attributes:
        matches: What may stand instead of the text from `start` to `end`.
        start: Offset in the cell, in code points.
        end: Offset in the cell, in code points.
    """

    matches: Sequence[Completion]
    start: int
    end: int
