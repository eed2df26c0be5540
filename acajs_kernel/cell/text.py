"""Offsets in a cell's text: Jupyter counts code points, JavaScript UTF-16 units."""

from __future__ import annotations

__all__ = ["code_point_offset", "utf16_offset"]


def utf16_offset(text: str, offset: int) -> int:
    """Return the offset in UTF-16 units of an offset in code points."""
    head = text[:offset]
    return len(head) + sum(character > "\uffff" for character in head)


def code_point_offset(text: str, offset: int) -> int:
    """Return the offset in code points of an offset in UTF-16 units.

    An offset between the halves of a surrogate pair counts as behind the character.
    """
    units = 0
    for index, character in enumerate(text):
        if units >= offset:
            return index
        units += 2 if character > "\uffff" else 1
    return len(text)
