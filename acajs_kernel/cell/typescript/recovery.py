"""A text that the grammar does not take, with the types in it made simple.

What is found here can be nothing else than a type, as far as brackets and the tokens beside
it tell.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from acajs_kernel.cell.typescript.drafts import Draft
from acajs_kernel.cell.typescript.extents import (
    angle_end,
    arguments_end,
    bracket_end,
    skip,
    type_end,
)
from acajs_kernel.cell.typescript.tokens import Token, tokens

__all__ = ["recover"]

_NAME = re.compile(rb"#?[A-Za-z_$\\\x80-\xff][\w$\\\x80-\xff]*")
_LITERAL = re.compile(rb"['\"\d.]")
_DECLARED = frozenset({b"const", b"let", b"var"})
_BODIED = frozenset({b"class", b"namespace", b"module", b"global", b"enum", b"abstract"})
_STATEMENT_ENDS = frozenset({b";", b"}", b"{", b")", b"export", b"declare", b"default", b""})
_PARAMETER_STARTS = frozenset(
    {b"(", b",", b"public", b"private", b"protected", b"readonly", b"override", b"..."}
)
_MODIFIERS = frozenset({b"public", b"private", b"protected", b"static", b"readonly", b"abstract"})
_VALUE_ENDS = frozenset({b")", b"]", b"}", b"`", b"!", b">"})
# Names behind which an expression begins.
_NO_VALUES = frozenset(
    b"return const let var typeof await yield new case in of import export function class "
    b"delete void throw extends default else do".split()
)
_CASTS = frozenset({b"as", b"satisfies"})
# What tells that a word before it is only a name.
_AFTER_NAMES = frozenset({b":", b"(", b"=", b",", b")"})
_CLOSING = frozenset({b")", b"]", b"}"})
_NOTHING = Token(b"", 0, 0, after_line=True)


class _Bracket(NamedTuple):
    """A bracket that is open."""

    sign: bytes
    before: bytes
    """The token before it."""
    is_class: bool
    is_list: bool
    """Whether it holds the names of an import or an export."""


_OUTSIDE = _Bracket(b"", b"", is_class=False, is_list=False)


def recover(draft: Draft) -> None:
    """Replace all types that can be found by simple ones."""
    _Recovery(draft).run()


class _Recovery:
    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._source = draft.source
        self._found = [*tokens(draft.source), *[_NOTHING] * 4]
        self._opened = [_OUTSIDE]
        self._closed = _OUTSIDE  # the bracket that was closed last
        self._classes: list[int] = []  # how deep the heads of classes are whose bodies come
        self._in_import = False
        self._declaring = 0  # how deep the declaration of variables stands that is open, if any
        self._has_value = False  # whether the member of a class has come to its value

    def run(self) -> None:
        """Go through the tokens."""
        done = 0  # what lies before it is replaced already
        for index, token in enumerate(self._found[:-4]):
            previous = self._found[index - 1] if index else _NOTHING
            self._follow(index, token, previous)
            if token.start < done:
                continue
            done = max(
                done,
                self._declaration(index, token, previous)
                or self._cast(index, token, previous)
                or self._member(index, token, previous)
                or self._arguments(token, previous)
                or self._annotation(index, token)
                or done,
            )

    def _follow(self, index: int, token: Token, previous: Token) -> None:
        """Keep account of brackets, classes and imports."""
        word = token.text
        if word in {b"(", b"[", b"{"}:
            is_class = word == b"{" and self._classes[-1:] == [len(self._opened)]
            if is_class:
                self._classes.pop()
                self._has_value = False
            is_list = word == b"{" and (
                previous.text in {b"import", b"export", b"type"} or self._in_import
            )
            self._opened.append(_Bracket(word, previous.text, is_class, is_list))
        elif word in _CLOSING and len(self._opened) > 1:
            self._closed = self._opened.pop()
        elif word == b"class" and previous.text != b".":
            if self._found[index + 1].text not in _AFTER_NAMES:
                self._classes.append(len(self._opened))
        elif word == b"import":
            self._in_import = self._found[index + 1].text not in {b"(", b"."}
        elif self._in_import and word[:1] in {b"'", b'"', b";", b"="}:
            self._in_import = False
        self._follow_member(token, previous)

    def _follow_member(self, token: Token, previous: Token) -> None:
        """Keep account of declarations of variables and members of classes."""
        word, depth = token.text, len(self._opened)
        if word in _DECLARED:
            self._declaring = depth
        elif self._declaring >= depth and (
            self._declaring > depth or word == b";" or (token.after_line and previous.text != b",")
        ):
            self._declaring = 0
        if self._opened[-1].is_class:
            if word == b"=":
                self._has_value = True
            elif word == b";" or (token.after_line and _is_name(token) and _ends_value(previous)):
                self._has_value = False

    # ---- what is replaced

    def _declaration(self, index: int, token: Token, previous: Token) -> int:
        """Simplify a declaration of types; return where it ends, or 0."""
        word, following = token.text, self._found[index + 1]
        if word in {b"class", b"function"}:
            name_end = following.end if _is_name(following) else token.end
            end = self._parameters(name_end)
            return 0 if end == name_end else end
        if not token.after_line and previous.text not in _STATEMENT_ENDS:
            return 0
        end = 0
        if following.after_line or not _is_name(following):
            pass
        elif word == b"interface":
            end = self._interface(following.end)
        elif word == b"type":
            end = self._alias(following.end)
        elif word == b"declare" and not self._opened[-1].is_class:
            if following.text in _BODIED:
                end = self._empty(following.end)
            elif following.text == b"function":
                end = self._signature(self._found[index + 2].end)
            elif following.text in _DECLARED and self._found[index + 3].text == b":":
                end = self._stand_in(self._found[index + 3].end)
        return end

    def _parameters(self, offset: int) -> int:
        """Let one simple type parameter stand for all; return where they end, or the offset."""
        start = skip(self._source, offset)
        if self._source[start : start + 1] != b"<":
            return offset
        end = angle_end(self._source, start)
        if end < 0:
            return offset
        if end - start > len(b"<A>"):
            self._draft.put(start, end, b"<A", b">")
        return end

    def _empty(self, start: int) -> int:
        brace = self._source.find(b"{", start)
        end = bracket_end(self._source, brace) if brace >= 0 else -1
        if end < 0:
            return 0
        self._draft.put(brace + 1, end - 1)
        return end

    def _interface(self, offset: int) -> int:
        body = self._parameters(offset)
        while (body := skip(self._source, body)) < len(self._source):
            sign = self._source[body : body + 1]
            if sign == b"{":
                end = bracket_end(self._source, body)
                if end < 0:
                    return 0
                self._draft.put(offset, body)
                self._draft.put(body, end, b"{", b"}")
                return end
            body = angle_end(self._source, body) if sign == b"<" else body + 1
            if body < 0 or sign in {b";", b"(", b")", b"}"}:
                return 0
        return 0

    def _alias(self, offset: int) -> int:
        sign = skip(self._source, self._parameters(offset))
        return self._stand_in(sign + 1) if self._source[sign : sign + 1] == b"=" else 0

    def _signature(self, offset: int) -> int:
        opening = skip(self._source, self._parameters(offset))
        if self._source[opening : opening + 1] != b"(":
            return 0
        closed = bracket_end(self._source, opening)
        if closed < 0:
            return 0
        self._draft.put(opening + 1, closed - 1)
        colon = skip(self._source, closed)
        if self._source[colon : colon + 1] != b":":
            return closed
        return self._stand_in(colon + 1) or closed

    def _stand_in(self, offset: int) -> int:
        end = type_end(self._source, offset)
        if end < 0:
            return 0
        self._draft.stand_in(skip(self._source, offset), end)
        return end

    def _cast(self, index: int, token: Token, previous: Token) -> int:
        """Hide `as T`; let a name that only looks like it be another."""
        word = token.text
        if word not in _CASTS or previous.text in {b".", b"?."} or self._opened[-1].is_list:
            return 0
        if self._in_import or previous.text == b"*":
            return 0
        is_value = not token.after_line and (
            _ends_value(previous)
            or (previous.text in _NO_VALUES and self._found[index - 2].text in {b".", b"?."})
            or previous.text in {b"++", b"--"}
        )
        if self._opened[-1].is_class and not self._has_value:
            is_value = False
        end = type_end(self._source, token.end) if is_value else -1
        if end < 0 or (end == token.end + 1 and self._found[index + 1].text in _CLOSING):
            self._draft.put(token.start, token.end, b"_" + word[1:])
            return token.end
        self._draft.hide(token.start, end, ";" if self._draft.is_joined(end) else "")
        return end

    def _member(self, index: int, token: Token, previous: Token) -> int:
        """Let the grammar see modifiers of a member of a class that it knows not in that place."""
        place = self._opened[-2 if token.text == b"[" else -1]
        if not place.is_class:
            return 0
        word, following = token.text, self._found[index + 1]
        ends_here = following.text in {b"(", b"=", b";", b":", b"?", b"!", b"<", b"}"}
        if word == b"abstract" and ends_here:
            self._draft.put(token.start, token.end, b"_bstract")
        elif word == b"accessor" and not ends_here and not following.after_line:
            self._draft.put(token.start, token.end)
        elif (word == b"declare" and not ends_here and previous.text in _MODIFIERS) or (
            word == b"[" and previous.text in _MODIFIERS and self._is_index(index)
        ):
            while index and self._found[index - 1].text in _MODIFIERS:
                index -= 1
                self._draft.hide(self._found[index].start, self._found[index].end)
        elif word == b"*" and token.after_line and not self._has_value and _ends_value(previous):
            self._draft.put(previous.end, token.start, b";")
        else:
            return 0
        return token.end

    def _is_index(self, index: int) -> bool:
        return _is_name(self._found[index + 1]) and self._found[index + 2].text == b":"

    def _arguments(self, token: Token, previous: Token) -> int:
        """Simplify the type arguments of a call: ``f<…>(``."""
        if token.text != b"<" or not _is_name(previous):
            return 0
        end = arguments_end(self._source, token.start)
        opening = skip(self._source, end) if end >= 0 else 0
        if end - token.start <= len(b"<A>") or self._source[opening : opening + 1] != b"(":
            return 0
        self._draft.put(token.start, end, b"<A", b">")
        return end

    def _annotation(self, index: int, token: Token) -> int:
        """Simplify the type behind a colon where it can be nothing else."""
        if token.text != b":" or index == 0:
            return 0
        name_index = index - 1
        if self._found[name_index].text in {b"?", b"!"} and name_index:
            name_index -= 1
        name = self._found[name_index].text
        before = self._found[name_index - 1].text if name_index else b""
        if name in {b"]", b"}"}:
            before = self._closed.before
        if name == b")":
            end = type_end(self._source, token.end)
            following = skip(self._source, end) if end >= 0 else 0
            if end < 0 or not self._source.startswith((b"{", b"=>"), following):
                return 0
        elif before in _DECLARED or (before == b"," and self._declaring == len(self._opened)):
            pass
        elif self._opened[-1].sign != b"(" or before not in _PARAMETER_STARTS:
            return 0
        return self._stand_in(token.end)


def _is_name(token: Token) -> bool:
    return _NAME.fullmatch(token.text) is not None


def _ends_value(token: Token) -> bool:
    if token.text in _NO_VALUES:
        return False
    return token.text in _VALUE_ENDS or _is_name(token) or _LITERAL.match(token.text) is not None
