"""The tokens of a text that may not be parsed as it is, as far as repairs need them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Token", "tokens"]

_TOKEN = re.compile(
    rb"""(?P<space>(?:[ \t\x0b\x0c]|\xc2\xa0|\xef\xbb\xbf|/\*[^\n\r]*?\*/)+)"""
    rb"""|(?P<line>[\n\r]|\xe2\x80[\xa8\xa9]|//[^\n\r]*|/\*[\s\S]*?\*/)"""
    rb"""|(?P<name>[#@]?[A-Za-z_$\\\x80-\xff][\w$\\\x80-\xff]*)"""
    rb"""|(?P<literal>'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"|\.?\d[\w.]*)"""
    rb"""|(?P<sign>=>|\?\.|\+\+|--|[\s\S])"""
)
_REGEX = re.compile(rb"/(?:\\[^\n]|\[(?:\\[^\n]|[^\]\\\n])*\]|[^/\\\[\n])+/\w*")
_TEMPLATE_PART = re.compile(rb"(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(`|\$\{)?")
_BEFORE_REGEX = frozenset(b"(,=:[!&|?{};+-*%<>~^\n")
_WORDS_BEFORE_REGEX = frozenset(
    {
        b"return",
        b"typeof",
        b"case",
        b"in",
        b"of",
        b"delete",
        b"void",
        b"throw",
        b"new",
        b"await",
        b"yield",
        b"else",
        b"do",
        b"instanceof",
    }
)


class Token(NamedTuple):
    """A token of code: neither space nor comment."""

    text: bytes
    start: int
    """Where it begins, in UTF-8."""
    end: int
    after_line: bool
    """Whether a line ends between it and the token before it."""


def tokens(text: bytes) -> Iterator[Token]:
    """Yield the tokens of a text; templates by their quotes and what their holes hold."""
    position, after_line = 0, True
    previous = b""
    holes: list[int] = []  # for each open template, how many braces are open in its hole
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:  # cannot be: the last alternative takes any character
            return
        start, position = position, match.end()
        if match.lastgroup in {"space", "line"}:
            after_line = after_line or match.lastgroup == "line"
            continue
        value = previous_value = match[0]
        if value == b"/" and _begins_expression(previous):
            regex = _REGEX.match(text, start)
            if regex is not None:
                position = regex.end()
                value = previous_value = b"0"
        elif value == b"`" or (value == b"}" and holes and holes[-1] == 0):
            position, previous_value = _template_part(text, position, value, holes)
            value = b"`"
        elif holes and value in {b"{", b"}"}:
            holes[-1] += 1 if value == b"{" else -1
        yield Token(value, start, position, after_line)
        previous, after_line = previous_value, False


def _template_part(
    text: bytes, position: int, opening: bytes, holes: list[int]
) -> tuple[int, bytes]:
    """Go on to the end of a template or to its next hole; say as what it ends."""
    if opening == b"}":
        holes.pop()
    part = _TEMPLATE_PART.match(text, position)
    if part is None or part[1] != b"${":
        return (part.end() if part else position), b"`"
    holes.append(0)
    return part.end(), b"("  # an expression begins


def _begins_expression(previous: bytes) -> bool:
    return not previous or previous in _WORDS_BEFORE_REGEX or previous[-1] in _BEFORE_REGEX
