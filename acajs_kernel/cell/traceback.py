"""A failed cell's error, found in what the executor wrote to stderr.

In plain mode all that is known of a failure is one text: what the cell itself printed
to stderr, followed by the error. The error is V8's: the source line with a caret
below it (where V8 knows one), a headline ``Name: message``, and frames ``    at …``.
The headline may span lines, the frames may be missing, and a thrown value that is not
an error gives ``type: value``. The forms were recorded from the npm package ``nel``
1.3.0 on Node 20, the engine that the service's executor is built on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Failure", "parse_failure"]

_RED = "\x1b[0;31m"
_RESET = "\x1b[0m"

_FRAME = re.compile(r"[ \t]+at \S")

_CUT_FRAME = re.compile(r"[ \t]+(?:a|at ?)$")  # the service cuts long outputs anywhere

# Frames of Node itself and of the executor: nel runs as `node --eval`, the embedded
# pool as session_host.js. Frames of built-ins, `(<anonymous>)`, say something and stay.
_INTERNAL_FRAME = re.compile(
    r"""[ \t]+at\ (?:.*\()?           # the function, where it has a name
        (?:node:                      # Node's own modules
          |\[eval\](?:-\w+)?:\d       # nel
          |(?:.*[/\\])?session_host\.js:\d
        )""",
    re.VERBOSE,
)

# `evalmachine.<anonymous>:2`, the first line of V8's display of the source line. It is
# searched at a line's end, as the cell may have printed text without a line break.
_LOCATION = re.compile(
    r"""(?:evalmachine\.<anonymous>
          |<anonymous_script>
          |node:[\w/.-]+
          |\[eval\](?:-\w+)?
          |file://[^\s()]+
          |[^\s():]*(?::[/\\][^\s():]*)?\.[cm]?js
        ):\d+$""",
    re.VERBOSE,
)
_CARETS = re.compile(r"[ \t]*\^*[ \t]*$")  # none at all when the input ended too early
_ARROW_LINES = 4  # location, source, carets, empty line

_CODE = r"(?P<code>[ ]\[[^\]\n]+\])?"
_ERROR_NAME = r"(?:[A-Za-z_$][\w$.]*)?(?:Error|Exception)"
_THROWN_TYPE = r"bigint|boolean|function|number|object|string|symbol|undefined"
_MESSAGE = r"(?::(?:[ ](?P<message>.*))?)?$"

# Certain enough to be searched for among the cell's own output.
_CLEAR_HEADLINE = re.compile(
    rf"(?:Uncaught )?(?P<name>{_ERROR_NAME}|(?:{_THROWN_TYPE})(?=: )){_CODE}{_MESSAGE}"
)
# The same behind text that was printed without a line break.
_GLUED_HEADLINE = re.compile(rf"(?P<name>[A-Z][A-Za-z0-9]*?Error|Error){_CODE}(?=:|$){_MESSAGE}")
# Enough where the position says that the line is the headline.
_ANY_HEADLINE = re.compile(rf"(?:Uncaught )?(?P<name>[A-Za-z_$][\w$.]*){_CODE}{_MESSAGE}")
_NAMED_HEADLINE = re.compile(rf"(?P<name>[A-Za-z_$][\w$.]*){_CODE}:[ ](?P<message>.*)$")


@dataclass(frozen=True)
class Failure:
    """A failed cell's own stderr output and its error, as Jupyter's messages want them.

    Attributes:
        stream: What the cell printed to stderr before it failed, unchanged.
        ename: The error's name, such as ``TypeError``; for a thrown value its type.
        evalue: The error's message, without a code such as ``[ERR_ASSERTION]``.
        traceback: Lines to show: source line and caret, headline with the name in
            red (ANSI), and the frames outside of Node and the executor.
    """

    stream: str
    ename: str
    evalue: str
    traceback: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Start:
    """Where the error begins: a line and a column, and how many lines before its headline."""

    line: int
    column: int = 0
    arrow: int = 0

    @property
    def headline(self) -> int:
        return self.line + self.arrow


def parse_failure(stderr: str) -> Failure:
    """Split a failed execution's stderr into the cell's own output and the error.

    Args:
        stderr: The execution's whole stderr, possibly cut at its end by the service.

    Returns:
        The failure. When no error can be recognised its name is ``Error``, its message
        the last line that is not blank, and the traceback has every line. Never raises.
    """
    lines = stderr.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        evalue = "The cell failed, and the service did not say why."
        return Failure("", "Error", evalue, [_coloured("Error", f": {evalue}")])
    if len(lines) > 1 and _CUT_FRAME.match(lines[-1]) and _FRAME.match(lines[-2]):
        lines.pop()
    frames = _trailing_frames(lines)
    start = _find_start(lines, frames)
    if start is None:
        return Failure("", "Error", lines[-1].strip(), lines)
    return _build(lines, start)


def _trailing_frames(lines: list[str]) -> int:
    """Return the index of the first frame of the run of frames that ends the text.

    Properties that ``util.inspect`` shows behind the frames, ``{ … }``, belong to them.
    Without frames at the end it is the number of lines.
    """
    end = len(lines)
    if lines[-1] == "}":
        # Only the outermost error's frames open a brace that a bare `}` closes.
        for index in range(len(lines) - 1, -1, -1):
            if re.match(r" {4}at .* \{$", lines[index]):
                end = index + 1
                break
    first = end
    while first > 0 and _FRAME.match(lines[first - 1]):
        first -= 1
    return first if first < end else len(lines)


def _find_start(lines: list[str], frames: int) -> _Start | None:
    """Find where the error begins; None when nothing looks like one."""
    # Frames before the last run end an earlier error: one that the cell printed, or one
    # quoted in this error's message (as when a child process failed).
    previous = next((i for i in range(frames - 1, -1, -1) if _FRAME.match(lines[i])), -1)
    arrows = _last_arrows(lines, frames)
    if arrows and arrows[0].headline > previous:
        return arrows[0]
    bare = _clear_headline(lines, previous + 1, frames)
    if bare is None and frames == len(lines):
        bare = _last_line_headline(lines, frames)
    if bare is not None:
        return bare
    if len(arrows) > 1:
        return arrows[1]
    if arrows:
        return _clear_headline(lines, 0, arrows[0].line) or arrows[0]
    return _last_line_headline(lines, frames)


def _last_arrows(lines: list[str], frames: int) -> list[_Start]:
    """Return the last two places where V8 shows a source line, the last one first."""
    found: list[_Start] = []
    for index in range(min(frames, len(lines)) - _ARROW_LINES - 1, -1, -1):
        if lines[index + 3] or not _CARETS.match(lines[index + 2]):
            continue
        location = _LOCATION.search(lines[index])
        if location:
            found.append(_Start(index, location.start(), _ARROW_LINES))
            if len(found) > 1:
                break
    return found


def _clear_headline(lines: list[str], first: int, end: int) -> _Start | None:
    """Find the last headline without a source line in ``lines[first:end]``."""
    for index in range(end - 1, first - 1, -1):
        if _CLEAR_HEADLINE.match(lines[index]):
            return _Start(index)
    if first < end < len(lines):  # frames follow
        glued = _GLUED_HEADLINE.search(lines[end - 1])
        if glued:
            return _Start(end - 1, glued.start())
    return None


def _last_line_headline(lines: list[str], frames: int) -> _Start | None:
    """Take the line before the frames for the headline of an error with an odd name."""
    last = frames - 1
    if last < 0 or (frames == len(lines) and not _NAMED_HEADLINE.match(lines[last])):
        return None
    return _Start(last)


def _build(lines: list[str], start: _Start) -> Failure:
    """Make the failure whose error begins at ``start``."""
    column = start.column
    before = lines[: start.line]
    stream = "".join(f"{line}\n" for line in before) + lines[start.line][:column]
    arrow = [lines[start.line][column:], *lines[start.line + 1 : start.headline]]
    if not start.arrow:
        arrow = []
    headline = lines[start.headline] if start.arrow else lines[start.line][column:]
    rest = lines[start.headline + 1 :]

    frames = _trailing_frames(rest) if rest else 0
    message_lines, frame_lines = rest[:frames], rest[frames:]

    match = _ANY_HEADLINE.match(headline)
    if match:
        ename = match["name"]
        first = match["message"] or ""
        shown = _coloured(ename, headline[match.end("name") :])
    else:
        ename, first = "Error", headline
        shown = headline
    evalue = "\n".join([first, *message_lines]).rstrip()

    if arrow and arrow[0].startswith("node:"):
        arrow = []  # a line of Node's own source helps nobody
    traceback = [
        *arrow,
        shown,
        *message_lines,
        *(line for line in frame_lines if not _is_hidden(line)),
    ]
    return Failure(stream, ename, evalue, traceback)


def _is_hidden(line: str) -> bool:
    """Tell whether a frame is of Node or the executor, and opens no properties."""
    return bool(_INTERNAL_FRAME.match(line)) and not line.endswith("{")


def _coloured(name: str, rest: str) -> str:
    return f"{_RED}{name}{_RESET}{rest}"
