"""Whether a cell's text is complete, for consoles that ask before they run it.

Text is complete if it parses, and incomplete if something written below it makes it
parse: a small set of continuations is tried, shaped by what the text leaves open.
Both verdicts other than incomplete make a console run the text, so an error that only
V8 finds (a ``break`` outside of a loop, a name declared twice) may count as complete.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from acajs_kernel.cell.bindings import FUNCTIONS
from acajs_kernel.cell.brackets import Frame, OpenEnd, scan
from acajs_kernel.cell.syntax import parse
from acajs_kernel.cell.typed import may_be_typed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

__all__ = ["Completeness", "check_completeness", "is_program"]

_INDENT = "  "
_PARSED_CHARACTERS = 400_000
"""How much text one question may have parsed: a bound of about a tenth of a second."""

_FEWEST_CONTINUATIONS = 8

# What may have to follow the last token, the likeliest first.
_TAILS = (
    *("", "x", ";", "{}", "x:x", ":x", "(){}", "x(){}", "x{}", "=x", "x=x"),
    *("finally{}", "while(0)", ";while(0)", "{}finally{}", "(x);", "(x){}", "(;;);"),
    *("from'm'", "'m'", "x from'm'", "{}from'm'", ";;", ";", "of x", "x of x"),
    *("x:", ":", "class x{}", "x class x{}", "=>x", "x=>x"),
)

# A tag of JSX, a `return` outside of functions, a `try` alone, a declaration without the
# initialiser that it must have.
_DOUBTFUL = re.compile(rb"<|\b(?:return|try|const|let|var)\b")

# A remainder that begins its line.
_REMAINDER = re.compile(rb"^[^\S\n]*(%)", re.MULTILINE)


@dataclass(frozen=True)
class Completeness:
    """A verdict on a cell's text.

    Attributes:
        status: As in Jupyter's ``is_complete_reply``.
        indent: For an incomplete text the blanks that its next line should begin with.
    """

    status: Literal["complete", "incomplete", "invalid"]
    indent: str = ""


def check_completeness(source: str) -> Completeness:
    """Tell whether a cell's text is complete, incomplete or wrong.

    Args:
        source: A cell's JavaScript or TypeScript.

    Returns:
        The verdict. Long unfinished text with an error in it may count as incomplete
        until its brackets are closed.
    """
    verdict = _check(source, _is_javascript)
    if verdict.status == "invalid" and may_be_typed(source):
        # Imported here because the grammar is not loaded for JavaScript.
        from acajs_kernel.cell.typescript import is_typescript  # noqa: PLC0415

        return _check(source, is_typescript)
    return verdict


def _is_javascript(source: str) -> bool:
    return _is_accepted(parse(source))


def _check(source: str, is_accepted: Callable[[str], bool]) -> Completeness:
    end = scan(source)
    if end.is_broken:
        return Completeness("invalid")
    if not end.frames and not end.closer and is_accepted(source):
        return Completeness("complete")
    attempts = max(_FEWEST_CONTINUATIONS, _PARSED_CHARACTERS // (len(source) + 1))
    continuations = _continuations(end)
    for text in itertools.islice(continuations, attempts):
        if is_accepted(source + text):
            return Completeness("incomplete", _indent(source, end))
    if (end.frames or end.closer) and next(continuations, None) is not None:
        # Not all were tried. To ask for more does less harm than to run half a cell.
        return Completeness("incomplete", _indent(source, end))
    return Completeness("invalid")


def is_program(source: str) -> bool:
    """Tell whether a text is JavaScript that V8 may accept, as it stands."""
    root = parse(source)
    if not _is_accepted(root):
        return False
    signs = (
        root.descendant_for_byte_range(*match.span(1))
        for match in _REMAINDER.finditer(root.text or b"")
    )
    return not any(node is not None and _goes_on_declaration(node) for node in signs)


def _goes_on_declaration(operator: Node) -> bool:
    """Tell whether an operator stands behind what is no expression in JavaScript.

    An expression statement begins neither with a function nor with a class or a block
    (ECMA-262, section 14.5); the grammar lets it, if an operator follows on the next line.
    """
    node: Node | None = operator
    while node is not None and node.type != "expression_statement":
        node = node.parent
    if operator.type != "%" or node is None:
        return False
    while node.children:
        node = node.children[0]
    following = node.next_sibling
    return node.type in {"function", "class", "{"} or (
        node.type == "async" and following is not None and following.type == "function"
    )


def _continuations(end: OpenEnd) -> Iterator[str]:
    """Yield texts that may complete what is open, the likeliest first."""
    is_conditional = "?" in end.tokens
    frames = list(reversed(end.frames))
    choices = [_after(frame, is_conditional=is_conditional) for frame in frames]
    first = end.closer
    in_template = bool(frames) and frames[0].opener == "`"
    for glue in itertools.product(*choices):
        closing = [f"{frame.closer}{text}\n" for frame, text in zip(frames, glue, strict=True)]
        for tail in _TAILS if not in_template else ("",):
            # What the user writes comes on a new line.
            line = "" if in_template else f"\n{tail}\n"
            yield first + line + "".join(closing)


def _after(frame: Frame, *, is_conditional: bool) -> tuple[str, ...]:
    """Return what may have to follow a bracket once it is closed, the likeliest first."""
    before = ("", "", "", "", *frame.before)
    fixed = _after_statement(frame.opener, before)
    if fixed:
        return fixed
    last = before[-1]
    choices = [""]
    if frame.opener == "(":
        choices += ["{}", "=>{}"]
        if "@" in before[-2:]:
            choices.append("class x{}")
    elif last in {"let", "const", "var"}:
        choices.append("=x")
    elif frame.opener == "[" and last in {"{", ",", ";", "}", "get", "set", "static", "async", "*"}:
        choices += [":x", "(){}"]
    if is_conditional:
        choices.append(":x")
    return tuple(choices)


def _after_statement(opener: str, before: tuple[str, ...]) -> tuple[str, ...]:
    """Return what must follow a bracket that belongs to a statement; empty for others."""
    last = before[-1]
    if opener in {"${", "`"}:
        return ("",)
    if before[-2] in {".", "?."}:
        return ()  # a method's name, as in `promise.catch(`
    if opener == "(" and ("function" in before[-3:] or last in {"switch", "catch"}):
        return ("{}",)
    if opener == "(" and (
        last in {"if", "while", "with", "for"} or before[-2:] == ("for", "await")
    ):
        return (";",)
    if opener == "{" and last == "," and before[-3] == "import":
        return ("from'm'",)
    words = {"try": "finally{}", "do": "while(0)", "import": "from'm'"}
    return (words[last],) if opener == "{" and last in words else ()


def _is_accepted(root: Node) -> bool:
    """Tell whether a tree is one of a program that V8 may accept."""
    if root.has_error:
        return False
    text = root.text or b""
    return not any(
        (node := root.descendant_for_byte_range(*match.span())) is not None
        and node.type == match[0].decode()
        and _is_refused(node)
        for match in _DOUBTFUL.finditer(text)
    )


def _is_refused(token: Node) -> bool:
    """Tell whether a token stands in what the grammar knows and V8 does not."""
    parent = token.parent
    if parent is None:
        return False
    if token.type == "<":
        return parent.type.startswith("jsx_")
    if token.type == "return":
        node: Node | None = parent
        while node is not None and node.type not in FUNCTIONS:
            node = node.parent
        return node is None
    if token.type == "try":
        fields = (parent.child_by_field_name(name) for name in ("handler", "finalizer"))
        return all(field is None for field in fields)
    return any(
        child.type == "variable_declarator"
        and child.child_by_field_name("value") is None
        and (token.type == "const" or child.children[0].type.endswith("_pattern"))
        for child in parent.children
    )


def _indent(source: str, end: OpenEnd) -> str:
    """Return the blanks for the next line: the last line's, and more behind a bracket."""
    if end.frames and end.frames[-1].opener == "`":
        return ""  # they would become part of the string
    lines = [line for line in source.splitlines() if line.strip()]
    if not lines:
        return ""
    blanks = lines[-1][: len(lines[-1]) - len(lines[-1].lstrip())]
    opens = bool(end.frames) and not end.closer and end.tokens[-1:] == [end.frames[-1].opener]
    return blanks + _INDENT if opens else blanks
