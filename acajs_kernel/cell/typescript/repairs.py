"""What the grammar does not know, made known to it by other text of the same length.

The grammar sees neither that a type ends with its line, nor what some newer forms mean.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from acajs_kernel.cell.typescript.extents import (
    angle_end,
    arguments_end,
    bracket_end,
    skip,
    type_end,
)
from acajs_kernel.cell.typescript.tokens import Token, tokens

if TYPE_CHECKING:
    from tree_sitter import Node

    from acajs_kernel.cell.typescript.drafts import Draft

__all__ = ["adapt", "repair", "settle"]

_NAME = rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*"
_IS_NAME = re.compile(_NAME)
# A word without which nothing is to be done, a pattern whose groups are replaced, and by
# what. In strings and comments it does no harm.
_PATTERNS: tuple[tuple[bytes, re.Pattern[bytes], tuple[bytes, ...]], ...] = (
    (b"using", re.compile(rb"(?<![.\w$])(await[ \t]+)?(using)(?=[ \t]+(?!of\b|in\b)" + _NAME + rb"\s*(?::|=(?![=>])|of\b|!))"), (b"", b"const")),
    (b" as", re.compile(rb"(?<![.\w$])(?:let|const|var)[ \t]+(as)\b(?=\s*[=:;])"), (b"_",)),
    (b"type", re.compile(rb"""(?<![.\w$])export\s+type(\s+\*[^;"']*?)(?=\bfrom\s*["'])"""), (b" {}",)),
    (b"abstract", re.compile(rb"(?<![.\w$])export\s+default\s+(abstract)\s+class\b"), (b"",)),
)
_TAGGED = re.compile(rb">[ \t]*`")
_LOOK_BACK = 4000  # bytes in which the type arguments of a template must begin
_SUSPICIOUS = re.compile(rb"(?<![.\w$])(?:as|satisfies)\b|[\n\r\xa8\xa9]\s*[(\[<`/]")
_CASTS = frozenset({"as_expression", "satisfies_expression"})
_TYPED = frozenset({"type_annotation", "type_alias_declaration"})
_DECLARED = frozenset({b"const", b"let", b"var"})
_BODIED = frozenset({b"class", b"namespace", b"module", b"global", b"enum", b"abstract"})
_STATEMENT_ENDS = frozenset({b";", b"}", b"{", b")", b"export", b"declare", b"default", b""})
_MODIFIERS = frozenset({b"public", b"private", b"protected", b"readonly", b"override", b"..."})
_VALUE_ENDS = frozenset({b")", b"]", b"}", b"`", b"!", b">"})
_CLOSING = {b")": b"(", b"]": b"[", b"}": b"{"}


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
                    draft.put(start, previous.end)
                    draft.blanks.append((start, previous.end))
                    break
        previous = token


# ---- where a tree is there


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


# ---- where there is none


def repair(draft: Draft) -> None:
    """Replace all types that can be found without a tree by simple ones."""
    source = draft.source
    done = 0  # what lies before it is replaced already
    found = [*tokens(source), *[Token(b"", len(source), len(source), after_line=True)] * 4]
    opened: list[tuple[bytes, bytes]] = []  # brackets that are open, and what stands before each
    previous = Token(b"", 0, 0, after_line=True)
    before_closed = b""
    for index, token in enumerate(found[:-4]):
        if token.text in {b"(", b"[", b"{"}:
            opened.append((token.text, previous.text))
        elif token.text in _CLOSING and opened:
            before_closed = opened.pop()[1]
        if token.start >= done:
            done = max(
                done,
                _replace_declaration(draft, found, index, previous)
                or _replace_cast(draft, token, previous)
                or _replace_arguments(draft, token, previous)
                or _replace_annotation(draft, found, index, opened, before_closed)
                or done,
            )
        previous = token


def _is_name(token: Token) -> bool:
    return _IS_NAME.fullmatch(token.text) is not None


def _parameters(draft: Draft, offset: int) -> int:
    """Let one simple type parameter stand for all; return where they end, or the offset."""
    start = skip(draft.source, offset)
    if draft.source[start : start + 1] != b"<":
        return offset
    end = angle_end(draft.source, start)
    if end < 0:
        return offset
    if end - start > len(b"<A>"):
        draft.put(start, end, b"<A", b">")
    return end


def _empty(draft: Draft, start: int) -> int:
    """Empty the block that begins at or behind an offset; return where it ends, or 0."""
    brace = draft.source.find(b"{", start)
    end = bracket_end(draft.source, brace) if brace >= 0 else -1
    if end < 0:
        return 0
    draft.put(brace + 1, end - 1)
    return end


def _replace_declaration(draft: Draft, found: list[Token], index: int, previous: Token) -> int:
    """Simplify a declaration of types; return where it ends, or 0."""
    token, following = found[index], found[index + 1]
    word = token.text
    if word in {b"class", b"function"}:
        name_end = following.end if _is_name(following) else token.end
        parameters_end = _parameters(draft, name_end)
        return 0 if parameters_end == name_end else parameters_end
    if not token.after_line and previous.text not in _STATEMENT_ENDS:
        return 0
    if word == b"interface" and _is_name(following) and not following.after_line:
        return _replace_interface(draft, following.end)
    if word == b"type" and _is_name(following) and not following.after_line:
        return _replace_alias(draft, following.end)
    if word == b"declare" and not following.after_line:
        if following.text in _BODIED:
            return _empty(draft, following.end)
        if following.text == b"function":
            return _replace_signature(draft, found[index + 2].end)
        if following.text in _DECLARED and found[index + 3].text == b":":
            return _stand_in(draft, found[index + 3].end)
    return 0


def _replace_interface(draft: Draft, offset: int) -> int:
    body = _parameters(draft, offset)
    while (body := skip(draft.source, body)) < len(draft.source):
        sign = draft.source[body : body + 1]
        if sign == b"{":
            end = bracket_end(draft.source, body)
            if end < 0:
                return 0
            draft.put(offset, body)
            draft.put(body, end, b"{", b"}")
            return end
        body = angle_end(draft.source, body) if sign == b"<" else body + 1
        if body < 0 or sign in {b";", b"(", b")", b"}"}:
            return 0
    return 0


def _replace_alias(draft: Draft, offset: int) -> int:
    sign = skip(draft.source, _parameters(draft, offset))
    if draft.source[sign : sign + 1] != b"=":
        return 0
    return _stand_in(draft, sign + 1)


def _replace_signature(draft: Draft, offset: int) -> int:
    opening = skip(draft.source, _parameters(draft, offset))
    if draft.source[opening : opening + 1] != b"(":
        return 0
    closed = bracket_end(draft.source, opening)
    if closed < 0:
        return 0
    draft.put(opening + 1, closed - 1)
    colon = skip(draft.source, closed)
    if draft.source[colon : colon + 1] != b":":
        return closed
    return _stand_in(draft, colon + 1) or closed


def _stand_in(draft: Draft, offset: int) -> int:
    end = type_end(draft.source, offset)
    if end < 0:
        return 0
    draft.stand_in(skip(draft.source, offset), end)
    return end


def _replace_cast(draft: Draft, token: Token, previous: Token) -> int:
    if token.text not in {b"as", b"satisfies"} or token.after_line:
        return 0
    if not (previous.text in _VALUE_ENDS or previous.text[:1].isalnum() or _is_name(previous) or previous.text[:1] in b"'\""):
        return 0
    return _stand_in(draft, token.end)


def _replace_arguments(draft: Draft, token: Token, previous: Token) -> int:
    """Simplify the type arguments of a call: ``f<…>(``."""
    if token.text != b"<" or not _is_name(previous):
        return 0
    end = arguments_end(draft.source, token.start)
    if end - token.start <= len(b"<A>") or draft.source[skip(draft.source, end) :][:1] != b"(":
        return 0
    draft.put(token.start, end, b"<A", b">")
    return end


def _replace_annotation(
    draft: Draft,
    found: list[Token],
    index: int,
    opened: list[tuple[bytes, bytes]],
    before_closed: bytes,
) -> int:
    """Simplify the type behind a colon where it can be nothing else."""
    token = found[index]
    if token.text != b":" or index == 0:
        return 0
    name = found[index - 1]
    if name.text in {b"?", b"!"} and index > 1:
        name = found[index - 2]
        before = found[index - 3].text if index > 2 else b""  # noqa: PLR2004 - the third from here
    else:
        before = found[index - 2].text if index > 1 else b""
    if name.text == b")":
        end = type_end(draft.source, token.end)
        following = skip(draft.source, end) if end >= 0 else 0
        if end < 0 or not draft.source.startswith((b"{", b"=>"), following):
            return 0
    elif before in _DECLARED or name.text in {b"]", b"}"} and before_closed in _DECLARED:
        pass
    elif not opened or opened[-1][0] != b"(":
        return 0
    elif (before_closed if name.text in {b"]", b"}"} else before) not in {b"(", b",", *_MODIFIERS}:
        return 0
    return _stand_in(draft, token.end)
