"""Changes to a text that keep its lines, and its columns wherever that is possible."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["Edits"]

_NOT_LINE_TERMINATOR = re.compile("[^\n\r\u2028\u2029]")
_TRIVIA = re.compile(rb"(?:\s|\xc2\xa0|\xef\xbb\xbf|\xe2\x80[\xa8\xa9]|/\*[\s\S]*?\*/|//[^\n\r]*)*")
_LAST_OF_ONE_UNIT = "\uffff"


def _space(match: re.Match[str]) -> str:
    # Columns count UTF-16 units.
    return "  " if match[0] > _LAST_OF_ONE_UNIT else " "


class Edits:
    """Replacements in a text, by offset in UTF-8.

    Of two blanks of one range the first counts, and a larger range swallows those within it.

    Args:
        source: The text.
    """

    def __init__(self, source: str) -> None:
        self.text = source.encode("utf-8", "surrogatepass")
        self._replacements: dict[tuple[int, int], str] = {}

    def of(self, node: Node) -> str:
        """Return a node's text."""
        return self.slice(node.start_byte, node.end_byte)

    def slice(self, start: int, end: int) -> str:
        """Return the text between two offsets."""
        return self.text[start:end].decode("utf-8", "surrogatepass")

    def replace(self, start: int, end: int, replacement: str) -> None:
        """Put a text in the place of another."""
        self._replacements[start, end] = replacement

    def insert(self, offset: int, text: str) -> None:
        """Put a text before an offset, behind what was inserted there already."""
        self._replacements[offset, offset] = self._replacements.get((offset, offset), "") + text

    def blank(self, start: int, end: int, *, first: str = "", last: str = "") -> None:
        """Put spaces for a text, and other characters for its first and last if given.

        Line terminators stay. `first` and `last` take the places of characters that do not
        end a line.
        """
        text = self.slice(start, end)
        spaces = _NOT_LINE_TERMINATOR.sub(" " if text.isascii() else _space, text)
        self._replacements.setdefault(
            (start, end), first + spaces[len(first) : len(spaces) - len(last)] + last
        )

    def collapse(self, start: int, end: int, replacement: str) -> None:
        """Put a text in the place of another, and behind it the line breaks of that."""
        breaks = _NOT_LINE_TERMINATOR.sub("", self.slice(start, end))
        self.replace(start, end, replacement + breaks)

    def blank_node(self, node: Node, *, first: str = "") -> None:
        """Put spaces for a node's text."""
        self.blank(node.start_byte, node.end_byte, first=first)

    def next_token(self, offset: int) -> int:
        """Return where the first token behind an offset begins."""
        match = _TRIVIA.match(self.text, offset)
        return match.end() if match else offset

    def has_line_break(self, start: int, end: int) -> bool:
        """Tell whether a line ends between two offsets."""
        return bool(re.search("[\n\r\u2028\u2029]", self.slice(start, end)))

    def apply(self) -> str:
        """Return the changed text."""
        parts: list[bytes] = []
        position = 0
        # Of two at one offset the insertion comes first, and of two that overlap the larger.
        for (start, end), replacement in sorted(
            self._replacements.items(),
            key=lambda item: (item[0][0], item[0][1] > item[0][0], -item[0][1]),
        ):
            if start < position:
                continue
            parts += [self.text[position:start], replacement.encode("utf-8", "surrogatepass")]
            position = end
        parts.append(self.text[position:])
        return b"".join(parts).decode("utf-8", "surrogatepass")
