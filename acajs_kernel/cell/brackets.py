"""What a text of JavaScript leaves open at its end: brackets, a template, a comment.

A syntax tree of unfinished text says little about its end, as the parser's error
recovery may join tokens in any way. This scan of tokens does: it knows just enough of
JavaScript's lexical grammar (ECMA-262, section 12) to skip what brackets mean nothing in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Frame", "OpenEnd", "scan"]

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|//[^\n\r\u2028\u2029]*|\A\#![^\n\r]*|/\*(?:(?!\*/)[\s\S])*\*/)
  | (?P<comment>/\*[\s\S]*)
  | (?P<string>"(?:[^"\\\n\r]|\\(?:\r\n|[\s\S]))*"|'(?:[^'\\\n\r]|\\(?:\r\n|[\s\S]))*')
  | (?P<open_string>(?:"(?:[^"\\\n\r]|\\(?:\r\n|[\s\S]))*|'(?:[^'\\\n\r]|\\(?:\r\n|[\s\S]))*)\\?\Z)
  | (?P<bad>["'])
  | (?P<word>(?:[\w$\#]|[^\x00-\x7f]|\\u)+)
  | (?P<mark>=>|\?\.(?!\d)|\?\?|\+\+|--|\.\.\.|[\s\S])
    """,
    re.VERBOSE,
)
_REGULAR_EXPRESSION = re.compile(
    r"/(?![*/])(?:[^/\\\[\n\r]|\\[^\n\r]|\[(?:[^\]\\\n\r]|\\[^\n\r])*\])+/\w*"
)
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?P<end>`|\$\{|\\?\Z)")
_CLOSED_BY = {"(": ")", "[": "]", "{": "}", "${": "}"}
_STATEMENT_HEADS = frozenset({"if", "while", "for", "with", "await"})
# After these words a slash begins a regular expression; after others it divides.
_OPERATOR_WORDS = frozenset(
    {"await", "case", "delete", "do", "else", "in", "instanceof", "new", "of", "return"}
    | {"throw", "typeof", "void", "yield"}
)


@dataclass(frozen=True)
class Frame:
    """A bracket that is open at the end.

    Attributes:
        opener: One of ``( [ { ${`` and the backtick of a template.
        before: Up to four tokens before it, the nearest last.
    """

    opener: str
    before: tuple[str, ...]

    @property
    def closer(self) -> str:
        """What closes it."""
        return _CLOSED_BY.get(self.opener, "`")


@dataclass
class OpenEnd:
    """What is open at the end of a text.

    Attributes:
        frames: The open brackets, the innermost last.
        closer: What ends a comment or a string that the text ends in; else empty.
        is_broken: Whether brackets do not match, or a string or regular expression
            ends with its line: nothing that follows can mend that.
        tokens: The tokens, comments left out, strings as ``""``, expressions as ``/``.
        comments: Where comments stand: the offsets of their first character and their end.
    """

    frames: list[Frame] = field(default_factory=list)
    closer: str = ""
    is_broken: bool = False
    tokens: list[str] = field(default_factory=list)
    comments: list[tuple[int, int]] = field(default_factory=list)


def scan(source: str) -> OpenEnd:
    """Return what a text leaves open at its end."""
    end = OpenEnd()
    position = 0
    regex_may_follow = True
    while position < len(source) and not end.is_broken:
        if end.frames and end.frames[-1].opener == "`":
            position = _template(source, position, end)
            regex_may_follow = bool(end.frames) and end.frames[-1].opener == "${"
            continue
        match = _TOKEN.match(source, position)
        if match is None:  # pragma: no cover - the last alternative matches anything
            break
        position = match.end()
        kind, text = match.lastgroup, match[0]
        if kind == "blank":
            if text[0] == "/":
                end.comments.append(match.span())
            continue
        if kind == "comment":
            end.closer = "*/"
        elif kind == "open_string" and _continues(text):
            end.closer = ("\n" if text.endswith("\\") else "") + text[0]
            end.tokens.append('""')
        elif kind in {"bad", "open_string"}:
            end.is_broken = True
        elif kind == "mark" and text == "/" and regex_may_follow:
            position = _regular_expression(source, match.start(), end)
            regex_may_follow = False
        else:
            regex_may_follow = _token("" if kind == "string" else text, end)
    return end


def _continues(string: str) -> bool:
    """Tell whether an unfinished string ends in a line continuation."""
    text = string.removesuffix("\n").removesuffix("\r")
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _template(source: str, position: int, end: OpenEnd) -> int:
    """Scan a template's text up to its end or its next substitution."""
    match = _TEMPLATE.match(source, position)
    if match is None:  # pragma: no cover - the end of the text matches
        return len(source)
    if match["end"] == "`":
        end.frames.pop()
        end.tokens.append('""')
    elif match["end"] == "${":
        end.frames.append(Frame("${", ()))
        end.tokens.append("${")
    elif match["end"]:
        end.closer = "\\"  # a backslash that waits for the character it escapes
    return match.end()


def _regular_expression(source: str, position: int, end: OpenEnd) -> int:
    """Scan a regular expression, which must end on its line."""
    match = _REGULAR_EXPRESSION.match(source, position)
    if match is None:
        end.is_broken = True
        return position
    end.tokens.append("/x/")
    return match.end()


def _token(text: str, end: OpenEnd) -> bool:
    """Take in a token; return whether a slash behind it begins a regular expression."""
    before = tuple(end.tokens[-4:])
    end.tokens.append(text or '""')
    if text in {"(", "[", "{", "`"}:
        end.frames.append(Frame(text, before))
        return True
    if text in {")", "]", "}"}:
        return _close(text, end)
    if not text or text in {"++", "--", "."}:
        return False
    is_word = text[0].isalnum() or text[0] in "_$#\\" or text[0] > "\x7f"
    is_property = bool(before) and before[-1] in {".", "?."}
    return not is_word or (text in _OPERATOR_WORDS and not is_property)


def _close(closer: str, end: OpenEnd) -> bool:
    """Take in a closing bracket; return as above."""
    if not end.frames or end.frames[-1].closer != closer:
        end.is_broken = True
        return False
    frame = end.frames.pop()
    if frame.opener == "(":
        return bool(frame.before) and frame.before[-1] in _STATEMENT_HEADS
    # Behind a block; behind an object a slash at all is a rare thing.
    return frame.opener == "{"
