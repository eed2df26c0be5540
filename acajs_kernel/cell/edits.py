"""Changes of a text by offsets in UTF-8, made all at once."""

from __future__ import annotations

from acajs_kernel.cell.syntax import encode

__all__ = ["Edits"]


class Edits:
    """Replacements and insertions; replacements do not overlap."""

    def __init__(self) -> None:
        self._all: list[tuple[int, int, int, str]] = []

    def __bool__(self) -> bool:
        return bool(self._all)

    def replace(self, start: int, end: int, text: str) -> None:
        """Put a text for another."""
        self._all.append((start, 4, end, text))

    def open(self, offset: int, text: str) -> None:
        """Insert what begins something; of several at one place the first comes first."""
        self._all.append((offset, 3, offset, text))

    def precede(self, offset: int, text: str) -> None:
        """Insert what comes before all that begins at a place."""
        self._all.append((offset, 2, offset, text))

    def close(self, offset: int, text: str, *, outer: bool = False) -> None:
        """Insert what ends something: before what begins there, the outer last."""
        self._all.append((offset, int(outer), offset, text))

    def apply(self, source: str) -> str:
        """Return the changed text."""
        text = encode(source)
        parts: list[bytes] = []
        position = 0
        for start, _, end, replacement in sorted(self._all, key=lambda edit: edit[:2]):
            parts += [text[position:start], encode(replacement)]
            position = end
        return b"".join([*parts, text[position:]]).decode("utf-8", "surrogatepass")
