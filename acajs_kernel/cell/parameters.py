"""What a cell of parameters declares, as its text says it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acajs_kernel.cell.bindings import declared_by, text_of
from acajs_kernel.cell.syntax import parse

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["DeclaredParameter", "declared_parameters"]

_SEPARATORS = re.compile(r"[\s,;]*")
_LINE_BREAK = re.compile(r"\s*\n\s*")


@dataclass(frozen=True)
class DeclaredParameter:
    """A variable that a cell declares at its top level.

    Attributes:
        name: Its name.
        keyword: ``let``, ``const`` or ``var``.
        default: The expression of its first value, on one line and without comments.
        comment: What a comment behind the declaration says, on the same line.
    """

    name: str
    keyword: str
    default: str
    comment: str


def declared_parameters(source: str) -> list[DeclaredParameter]:
    """Return the variables that a cell declares, in order; statements with blocks are left out."""
    root = parse(source, keeps_comments=True)
    comments = sorted(_comments(root), key=lambda comment: comment.start_byte)
    return [
        DeclaredParameter(
            name=binding.name,
            keyword=text_of(declaration.children[0]),
            default=_default(declarator.child_by_field_name("value"), binding.path),
            comment=_comment_behind(declarator, comments, root),
        )
        for declaration in root.named_children
        if declaration.type in {"lexical_declaration", "variable_declaration"}
        for declarator in declaration.named_children
        if declarator.type == "variable_declarator"
        for binding in declared_by(declarator)
    ]


def _comments(node: Node) -> Iterator[Node]:
    if node.type == "comment":
        yield node
    for child in node.children:
        yield from _comments(child)


def _default(value: Node | None, path: str) -> str:
    if value is None:
        return "undefined"
    text = value.text or b""
    for comment in reversed(list(_comments(value))):
        start, end = comment.start_byte - value.start_byte, comment.end_byte - value.start_byte
        text = text[:start] + text[end:]
    return _LINE_BREAK.sub(" ", text.decode("utf-8", "replace")) + path


def _comment_behind(declarator: Node, comments: Sequence[Node], root: Node) -> str:
    """Return the comment behind a declarator, or that which ends its line."""
    text = root.text or b""
    for comment in comments:
        is_behind = comment.start_byte >= declarator.end_byte
        if not is_behind or comment.start_point.row != declarator.end_point.row:
            continue
        shown = text_of(comment)
        if shown.startswith("//"):
            return shown[2:].strip()
        between = text[declarator.end_byte : comment.start_byte].decode("utf-8", "replace")
        if _SEPARATORS.fullmatch(between):
            return _LINE_BREAK.sub(" ", shown[2:-2].strip(" *\n"))
    return ""
