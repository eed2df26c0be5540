"""A text in the form in which the grammar is to see it: as long as the source, byte by byte."""

from __future__ import annotations

import re

from acajs_kernel.cell.typescript.extents import skip

__all__ = ["Draft"]

_NOT_LINE_END = re.compile(rb"[^\n\r]")
_LINE_END = re.compile(rb"[\n\r]|\xe2\x80[\xa8\xa9]")
_SIMPLE = re.compile(rb"[\w$]+")
_LEAST = 2  # a stand-in needs two quotes
# What would go on a type, or call it, where TypeScript has ended it with its line.
_JOINED = (b"(", b"[", b"`", b"<")


class Draft:
    """A text for the parser, changed without moving anything.

    Args:
        source: The text, in UTF-8.

    Attributes:
        source: The text as it was.
        text: The text for the parser.
        blanks: What is only type and not seen by the parser: ranges of the text, and what
            takes the place of the first character.
    """

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.text = bytearray(source)
        self.blanks: list[tuple[int, int, str]] = []

    def put(self, start: int, end: int, text: bytes = b"", last: bytes = b"") -> bool:
        """Put a text, spaces and a last text in the place of another; lines end where they did.

        Returns:
            Whether anything changed.
        """
        spaces = _NOT_LINE_END.sub(b" ", self.source[start + len(text) : end - len(last)])
        replacement = text + spaces + last
        if self.text[start:end] == replacement:
            return False
        self.text[start:end] = replacement
        return True

    def hide(self, start: int, end: int, first: str = "") -> None:
        """Take a range that is only type out of the parser's sight, to be blanked all the same."""
        self.put(start, end, first.encode())
        self.blanks.append((start, end, first))

    def stand_in(self, start: int, end: int) -> bool:
        """Let a simple type stand for another, which ends where its line does if need be.

        Returns:
            Whether anything changed.
        """
        changed = False
        if end - start >= _LEAST and not _SIMPLE.fullmatch(self.source, start, end):
            changed = self.put(start, end, b"`", b"`")
        return self.part(end) or changed

    def part(self, offset: int) -> bool:
        """End a statement or a member where its line ends, though more seems to follow.

        Returns:
            Whether anything changed.
        """
        token = skip(self.source, offset)
        return self.is_joined(offset) and self.put(offset, token, b";")

    def is_joined(self, offset: int) -> bool:
        """Tell whether behind a type a line begins with what would call, index or tag it."""
        token = skip(self.source, offset)
        if not self.source.startswith(_JOINED, token):
            return False
        return _LINE_END.search(self.source, offset, token) is not None
