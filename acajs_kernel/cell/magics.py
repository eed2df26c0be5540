"""A cell's text taken apart: JavaScript, `%` magics and `!` commands.

JavaScript wins wherever it can: a text that is a program as a whole holds no magic, nor is a
line a magic that continues what stands before it (a remainder, a template, a comment). Only
lines remain on which V8 would report a syntax error.

One reading is chosen by what the session holds: ``!ls`` is JavaScript, but one that can only
fail if nothing is called ``ls``. The caller says which names mean nothing; see
`doubtful_commands`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from acajs_kernel.cell.brackets import scan
from acajs_kernel.cell.completeness import is_program

__all__ = ["MagicPart", "Part", "ScriptPart", "doubtful_commands", "split_cell"]

SHELL = "sh"
"""The magic that a line with ``!`` calls."""

_SIGN = re.compile(r"(?P<blanks>[^\S\n]*)(?:%(?P<name>[^\W\d]\w*)(?=\s|\Z)|!(?!=)(?=\s*\S))")
_CELL_SIGN = re.compile(r"[^\S\n]*%%(?P<name>[^\W\d]\w*)(?=\s|\Z)(?P<rest>[^\n]*)\n?")
_LEADING = re.compile(r"(?:[^\S\n]*(?://[^\n]*)?\n)*")
# A word, and what may follow the name of a program on its line: options, paths, files.
_COMMAND = re.compile(
    r"[^\S\n]*!\s*(?P<word>[^\W\d][\w$]*)(?:-\w+)*(?:\s+(?:[-/<>]|\|(?!\|))[^\n]*|\s*)\Z"
)
_LINES_AHEAD = 4
_LOOKED_AT_CHARACTERS = 1_000_000
"""How much text one cell may have looked at: a bound of about a second."""


@dataclass(frozen=True)
class ScriptPart:
    """JavaScript of a cell.

    Attributes:
        code: The text, every line and column where it stands in the cell.
        line: The line of the cell on which it begins, from 1.
    """

    code: str
    line: int


@dataclass(frozen=True)
class MagicPart:
    """A magic of a cell.

    Attributes:
        name: Its name, without signs.
        arguments: What stands behind the name on its line, without outer blanks.
        body: For ``%%name`` the lines below, else None.
        line: The line of the cell on which it stands, from 1.
        column: How many characters stand before the arguments on their line.
    """

    name: str
    arguments: str
    body: str | None
    line: int
    column: int

    @property
    def code(self) -> str:
        """The body, else the arguments, every line and column where it stands in the cell."""
        if self.body is not None:
            return "\n" * self.line + self.body
        return "\n" * (self.line - 1) + " " * self.column + self.arguments


Part = ScriptPart | MagicPart


def split_cell(source: str, commands: frozenset[str] = frozenset()) -> list[Part]:
    """Return a cell's parts in their order, without those that hold nothing.

    Args:
        source: The cell's text.
        commands: Words that mean nothing in JavaScript here, so that ``!word`` is a command.
    """
    leading = _LEADING.match(source)
    start = leading.end() if leading else 0
    whole = _CELL_SIGN.match(source, start)
    if whole:
        rest = whole["rest"]
        return [
            MagicPart(
                whole["name"],
                rest.strip(),
                source[whole.end() :],
                source.count("\n", 0, start) + 1,
                whole.start("rest") - start + len(rest) - len(rest.lstrip()),
            )
        ]
    if not commands and is_program(source):
        return [ScriptPart(source, 1)]
    return _Lines(source, commands).parts()


def doubtful_commands(source: str) -> frozenset[str]:
    """Return the words that decide how lines such as ``!ls`` are read.

    Such a line is JavaScript as well as a command. A word that stands elsewhere in the
    cell's text too, or that JavaScript gives a meaning, is not among them: it is JavaScript.
    """
    commands = [match["word"] for line in source.split("\n") if (match := _COMMAND.match(line))]
    return frozenset(
        word
        for word in set(commands) - _WORDS
        if len(re.findall(rf"(?<![\w$]){re.escape(word)}(?![\w$])", source)) == commands.count(word)
    )


# Words that are no names, or values without any declaration.
_WORDS = frozenset(
    {"async", "await", "class", "delete", "false", "function", "import", "new", "null", "super"}
    | {"this", "true", "typeof", "undefined", "void", "yield"}
)


class _Lines:
    """Goes through a cell line by line."""

    def __init__(self, source: str, commands: frozenset[str]) -> None:
        self._lines = source.split("\n")
        self._commands = commands
        self._parts: list[Part] = []
        self._begin = 0  # the first line of the JavaScript that is being gathered
        self._inside = ""  # what ends the template or comment that lines up to here leave open
        self._looked_at = 0

    def parts(self) -> list[Part]:
        """Return the parts of the whole."""
        number = 0
        while number < len(self._lines):
            sign = _SIGN.match(self._lines[number])
            if sign is None or not self._is_magic(number):
                number += 1
                continue
            self._end_script(number)
            number = self._add_magic(number, sign)
            self._begin = number
            self._inside = ""
        self._end_script(number)
        return self._parts

    def _end_script(self, number: int) -> None:
        code = "\n".join(self._lines[self._begin : number])
        end = scan(code)
        if end.tokens or end.is_broken or end.closer:  # else there are blanks and comments only
            self._parts.append(ScriptPart("\n" * self._begin + code, self._begin + 1))

    def _add_magic(self, number: int, sign: re.Match[str]) -> int:
        """Add the magic of a line, and return the number of the line behind it."""
        following = number + 1
        text = self._lines[number].rstrip("\r")
        while text.endswith("\\") and following < len(self._lines):
            text = f"{text[:-1]} {self._lines[following].strip()}"
            following += 1
        rest = text[sign.end() :]
        column = sign.end() + len(rest) - len(rest.lstrip())
        name = sign["name"] or SHELL
        self._parts.append(MagicPart(name, rest.strip(), None, number + 1, column))
        return following

    def _is_magic(self, number: int) -> bool:
        """Tell whether a line that begins with a sign is no JavaScript."""
        before = "\n".join(self._lines[self._begin : number])
        line = self._lines[number]
        if self._inside and self._inside not in before[-self._unseen(number) :]:
            return False
        self._looked_at += len(before)
        if self._looked_at > _LOOKED_AT_CHARACTERS:
            return False
        end = scan(before)
        self._seen = number
        inner = end.frames[-1].opener if end.frames else ""
        self._inside = "*/" if end.closer == "*/" else "`" if inner == "`" else ""
        if end.is_broken or end.closer or end.frames:
            return False
        command = _COMMAND.match(line)
        if command and command["word"] in self._commands:
            return True
        return not any(is_program(text) for text in self._readings(before, number))

    def _unseen(self, number: int) -> int:
        return sum(len(line) + 1 for line in self._lines[self._seen : number])

    def _readings(self, before: str, number: int) -> Iterator[str]:
        """Yield texts that end in a line, or behind what the line may leave open."""
        text = before
        yielded = 0
        for line in self._lines[number:]:
            text = f"{text}\n{line}"
            self._looked_at += len(text)
            end = scan(text)
            if end.is_broken or self._looked_at > _LOOKED_AT_CHARACTERS:
                return
            if end.frames or end.closer:
                continue
            yield text
            yielded += 1
            if yielded == _LINES_AHEAD:
                return
