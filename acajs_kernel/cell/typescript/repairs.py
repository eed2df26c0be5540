"""What the grammar does not know, made known to it by other text of the same length.

The grammar sees neither that a type ends with its line, nor what some newer forms mean.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from acajs_kernel.cell.typescript.extents import (
    arguments_end,
    skip,
    type_end,
)
from acajs_kernel.cell.typescript.tokens import Token, tokens

if TYPE_CHECKING:
    from tree_sitter import Node

    from acajs_kernel.cell.typescript.drafts import Draft

__all__ = ["adapt", "settle"]

_NAME = rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*"
# What stands behind `using` where it declares a variable.
_DECLARES = rb"[ \t]+(?!of\b|in\b)" + _NAME + rb"\s*(?::|=(?![=>])|of\b|!)"
# A word without which nothing is to be done, a pattern whose groups are replaced, and by
# what. In strings and comments it does no harm.
_PATTERNS: tuple[tuple[bytes, re.Pattern[bytes], tuple[bytes, ...]], ...] = (
    (
        b"using",
        re.compile(rb"(?<![.\w$])(await[ \t]+)?(using)(?=" + _DECLARES + rb")"),
        (b"", b"const"),
    ),
    (b"using", re.compile(rb"(?<![\w$])(using)(?![\w$])(?!" + _DECLARES + rb")"), (b"_sing",)),
    (b" as", re.compile(rb"(?<![.\w$])(?:let|const|var)[ \t]+(as)\b(?=\s*[=:;])"), (b"_s",)),
    (
        b"type as",
        re.compile(rb"(?<=[{,])\s*type\s+(as)(?=\s*[,}]|\s+as\s+(?!as\b)" + _NAME + rb"\s*[,}])"),
        (b"_s",),
    ),
    (
        b"type",
        re.compile(rb"""(?<![.\w$])export\s+type(\s+\*[^;"']*?)(?=\bfrom\s*["'])"""),
        (b" {}",),
    ),
    (b"abstract", re.compile(rb"(?<![.\w$])export\s+default\s+(abstract)\s+class\b"), (b"",)),
)
_TAGGED = re.compile(rb">[ \t]*`")
_LOOK_BACK = 4000  # bytes in which the type arguments of a template must begin
_SUSPICIOUS = re.compile(rb"(?<![.\w$])(?:as|satisfies)\b|[\n\r\xa8\xa9]\s*[(\[<`/]")
_CASTS = frozenset({"as_expression", "satisfies_expression"})
_TYPED = frozenset({"type_annotation", "type_alias_declaration"})


def adapt(draft: Draft) -> None:
    """Replace what the grammar would not take, or take for something else."""
    for word, pattern, replacements in _PATTERNS:
        if word in draft.source:
            for match in pattern.finditer(draft.source):
                for group, replacement in enumerate(replacements, 1):
                    if match[group] is not None:
                        draft.put(*match.span(group), replacement)
    if _TAGGED.search(draft.source):
        _hide_tagged(draft)


def _hide_tagged(draft: Draft) -> None:
    """Hide the type arguments of templates: ``f<T>`…```."""
    previous = Token(b"", 0, 0, after_line=True)
    for token in tokens(draft.source):
        if previous.text == b">" and draft.source[token.start : token.start + 1] == b"`":
            start = token.start
            while (start := draft.source.rfind(b"<", max(0, token.start - _LOOK_BACK), start)) >= 0:
                if arguments_end(draft.source, start) == previous.end:
                    draft.hide(start, previous.end)
                    break
        previous = token


def settle(root: Node, draft: Draft) -> bool:
    """Let the types of a tree end where TypeScript ends them; tell whether one did not."""
    if not _SUSPICIOUS.search(draft.source):
        return False
    changed = False
    waiting = [root]
    while waiting:
        node = waiting.pop()
        kind = node.type
        if kind in _CASTS:
            changed = _settle_type(node.children[1].end_byte, node.end_byte, draft) or changed
        elif kind in _TYPED:
            sign = next((child for child in node.children if child.type in {":", "="}), None)
            value = node.child_by_field_name("value") or node.children[-1]
            if sign is not None:
                changed = _settle_type(sign.end_byte, value.end_byte, draft) or changed
        elif kind == "call_expression":
            changed = _part_call(node, draft) or changed
        if node.named_child_count:
            waiting += node.children
    return changed


def _settle_type(start: int, end: int, draft: Draft) -> bool:
    wanted = type_end(draft.source, start)
    if wanted < 0 or wanted == end:
        return False
    return draft.stand_in(skip(draft.source, start), wanted)


def _part_call(node: Node, draft: Draft) -> bool:
    """Part `x as T` from the line below, which would call or tag it."""
    function = node.child_by_field_name("function")
    if function is None or function.type not in _CASTS:
        return False
    return draft.part(function.end_byte)
