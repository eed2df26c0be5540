"""How far a type reaches in a text, by TypeScript's rules for where a type ends.

The syntax tree's grammar lets some types end too early and others go on into the next line;
the compiler decides by the functions ``parseType`` and below of its ``parser.ts``.
"""

from __future__ import annotations

import re

__all__ = ["NAME", "TRIVIA", "angle_end", "arguments_end", "bracket_end", "skip", "type_end"]

TRIVIA = re.compile(
    rb"(?:[\s\x00]|\xc2\xa0|\xef\xbb\xbf|\xe2\x80[\xa8\xa9]|/\*[\s\S]*?\*/|//[^\n\r]*)*"
)
"""Spaces, line ends and comments, in UTF-8."""

NAME = re.compile(rb"[A-Za-z_$\\\x80-\xff][\w$\\\x80-\xff]*")
"""A name, in UTF-8."""

_LINE_END = re.compile(rb"[\n\r]|\xe2\x80[\xa8\xa9]")
_STRING = re.compile(rb"""'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*\"""")
_NUMBER = re.compile(
    rb"-?\s*(?:0[xXbBoO][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)n?"
)
_INTERESTING = re.compile(rb"""/\*[\s\S]*?\*/|//[^\n\r]*|=>|[()\[\]{}<>'"`]""")
_CLOSING = {b"(": b")", b"[": b"]", b"{": b"}", b"<": b">"}
_CLOSED = frozenset(_CLOSING.values())
_QUOTES = frozenset({b"'", b'"', b"`"})
_PREFIXES = frozenset({b"keyof", b"unique", b"readonly", b"infer"})
_KEYWORDS = frozenset({b"extends", b"implements", b"of", b"in", b"instanceof"})


def skip(text: bytes, offset: int) -> int:
    """Return where the first token behind an offset begins."""
    match = TRIVIA.match(text, offset)
    return match.end() if match else offset


def _on_line(text: bytes, offset: int) -> int:
    """Return where the next token begins, or the end of the text where a line ends before it."""
    token = skip(text, offset)
    return len(text) if _LINE_END.search(text, offset, token) else token


def template_end(text: bytes, offset: int) -> int:
    """Return where a template that begins at an offset ends; -1 where it does not."""
    position = offset + 1
    while position < len(text):
        character = text[position : position + 1]
        if character == b"\\":
            position += 2
        elif character == b"`":
            return position + 1
        elif text.startswith(b"${", position):
            position = bracket_end(text, position + 1)
            if position < 0:
                return -1
        else:
            position += 1
    return -1


def bracket_end(text: bytes, offset: int, *, angles: bool = False) -> int:
    """Return where the bracket that opens at an offset is closed; -1 where it is not.

    Args:
        text: The text, in UTF-8.
        offset: Where the bracket stands.
        angles: Whether `<` and `>` are brackets too, as among types.
    """
    expected = [_CLOSING[text[offset : offset + 1]]]
    position = offset + 1
    while match := _INTERESTING.search(text, position):
        token, position = match[0], match.end()
        if token in _QUOTES:
            position = _literal_end(text, match.start())
        elif token in {b"<", b">"} and not angles:
            continue
        elif token in _CLOSING:
            expected.append(_CLOSING[token])
        elif token in _CLOSED:
            if token != expected.pop():
                position = -1
            elif not expected:
                return position
        if position < 0:
            break
    return -1


def _literal_end(text: bytes, offset: int) -> int:
    if text[offset : offset + 1] == b"`":
        return template_end(text, offset)
    string = _STRING.match(text, offset)
    return string.end() if string else -1


def angle_end(text: bytes, offset: int) -> int:
    """Return where a list of type parameters or arguments ends; -1 where it does not."""
    return bracket_end(text, offset, angles=True)


def arguments_end(text: bytes, offset: int) -> int:
    """Return where `<A, B>` ends if it is nothing but types; -1 otherwise."""
    position = offset + 1
    while True:
        position = type_end(text, position)
        if position < 0:
            return -1
        position = skip(text, position) + 1
        separator = text[position - 1 : position]
        if separator == b">":
            return position
        if separator != b",":
            return -1


def type_end(text: bytes, offset: int, *, conditional: bool = True) -> int:
    """Return where the type behind an offset ends; -1 where there is none.

    Args:
        text: The text, in UTF-8.
        offset: Where the type begins, or spaces and comments before it.
        conditional: Whether it may be `A extends B ? C : D`.
    """
    position = _function_end(text, skip(text, offset))
    if position is not None:
        return position
    end = _union_end(text, offset)
    if end < 0 or not conditional:
        return end
    token = _on_line(text, end)
    if _word(text, token) != b"extends":
        return end
    return _conditional_end(text, end, token)


def _conditional_end(text: bytes, end: int, token: int) -> int:
    """Return where `A extends B ? C : D` ends, or `A` where it is not that."""
    test = type_end(text, token + len(b"extends"), conditional=False)
    if test < 0:
        return -1
    question = skip(text, test)
    if text[question : question + 1] != b"?":
        return end
    first = type_end(text, question + 1)
    colon = skip(text, first) if first >= 0 else -1
    if colon < 0 or text[colon : colon + 1] != b":":
        return -1
    return type_end(text, colon + 1)


def _word(text: bytes, offset: int) -> bytes:
    match = NAME.match(text, offset)
    return match[0] if match else b""


def _function_end(text: bytes, position: int) -> int | None:
    """Return where a type of a function ends; None where there is another type."""
    start = position
    if _word(text, position) == b"abstract":
        position = skip(text, position + len(b"abstract"))
    if _word(text, position) == b"new":
        position = skip(text, position + len(b"new"))
    if text[position : position + 1] == b"<":
        position = skip(text, max(position, angle_end(text, position)))
    if text[position : position + 1] != b"(" or (
        position == start and not _begins_parameters(text, position)
    ):
        return None
    closed = bracket_end(text, position)
    arrow = skip(text, closed) if closed >= 0 else 0
    return type_end(text, arrow + 2) if text.startswith(b"=>", arrow) else None


def _begins_parameters(text: bytes, position: int) -> bool:
    """Tell whether a parenthesis begins the parameters of a function rather than a type."""
    token = skip(text, position + 1)
    if text.startswith((b")", b"..."), token):
        return True
    if text[token : token + 1] in {b"[", b"{"}:
        end = bracket_end(text, token)
    else:
        name = NAME.match(text, token)
        end = name.end() if name else -1
    if end < 0:
        return False
    token = skip(text, end)
    sign = text[token : token + 1]
    if sign == b")":
        return text.startswith(b"=>", skip(text, token + 1))
    return sign in {b":", b",", b"?", b"="}


def _union_end(text: bytes, offset: int) -> int:
    position = skip(text, offset)
    if text[position : position + 1] in {b"|", b"&"}:
        position += 1
    while True:
        start = skip(text, position)
        function = _function_end(text, start)
        end = _operand_end(text, start) if function is None else function
        if end < 0:
            return -1
        operator = skip(text, end)
        character = text[operator : operator + 1]
        following = text[operator + 1 : operator + 2]
        if character not in {b"|", b"&"} or following in {character, b"="}:
            return end
        position = operator + 1


def _prefixed_end(text: bytes, position: int, word: bytes) -> int:
    """Return where `keyof T` and its like end, or the word where it is but a name."""
    end = _operand_end(text, skip(text, position + len(word)))
    if end < 0:
        return position + len(word)
    token = skip(text, end)
    if word == b"infer" and _word(text, token) == b"extends":
        return max(end, type_end(text, token + len(b"extends"), conditional=False))
    return end


def _operand_end(text: bytes, position: int) -> int:
    word = _word(text, position)
    if word in _PREFIXES:
        return _prefixed_end(text, position, word)
    if word in {b"asserts", b"typeof"}:
        operand = (
            _on_line(text, position + len(word))
            if word == b"asserts"
            else skip(text, position + len(word))
        )
        if _word(text, operand) and _word(text, operand) != b"is":
            return _operand_end(text, operand)
    end = _primary_end(text, position)
    while end >= 0:
        token = _on_line(text, end)
        if text[token : token + 1] != b"[":
            break
        end = bracket_end(text, token)
    if end >= 0 and word:
        token = _on_line(text, end)
        if _word(text, token) == b"is":
            return type_end(text, token + len(b"is"))
    return end


def _primary_end(text: bytes, position: int) -> int:
    character = text[position : position + 1]
    if character in {b"(", b"[", b"{"}:
        return bracket_end(text, position)
    if character in _QUOTES:
        return _literal_end(text, position)
    number = _NUMBER.match(text, position)
    return number.end() if number else _name_end(text, position)


def _name_end(text: bytes, position: int) -> int:
    """Return where `A.B<C>` or `import("a").B<C>` ends."""
    name = NAME.match(text, position)
    if name is None or name[0] in _KEYWORDS:
        return -1
    end = name.end()
    if name[0] == b"import":
        call = skip(text, end)
        end = bracket_end(text, call) if text[call : call + 1] == b"(" else -1
    while end >= 0:
        dot = skip(text, end)
        if text[dot : dot + 1] != b"." or text[dot + 1 : dot + 2] == b".":
            break
        part = NAME.match(text, skip(text, dot + 1))
        if part is None:
            break
        end = part.end()
    angle = _on_line(text, end) if end >= 0 else 0
    if end >= 0 and text[angle : angle + 1] == b"<":
        end = max(end, arguments_end(text, angle))
    return end
