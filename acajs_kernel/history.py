"""What was run in this kernel, for `history_request`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import TypeAlias

__all__ = ["Entry", "History"]

Entry: TypeAlias = tuple[int, int, str] | tuple[int, int, tuple[str, str | None]]
"""Session, number of the cell in it, and its text, or text and output."""

_SESSION = 1
_SCHEMA = """
CREATE TABLE cells (
    number INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    output TEXT
)
"""


class History:
    """The cells of this kernel, in the order of their numbers.

    They are kept for the kernel's life. There is one session, the kernel's own; session 0
    of a request means it too, as in IPython.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute(_SCHEMA)

    def add(self, number: int, source: str, output: str | None) -> None:
        """Note a cell that ran, with the text of its result if it had one."""
        self._database.execute(
            "INSERT OR REPLACE INTO cells VALUES (?, ?, ?)", (number, source, output)
        )

    def tail(self, n: int, *, output: bool) -> list[Entry]:
        """Return the last `n` cells, the oldest first."""
        rows = self._database.execute(
            "SELECT number, source, output FROM cells ORDER BY number DESC LIMIT ?", (n,)
        ).fetchall()
        return _entries(reversed(rows), output=output)

    def range(self, session: int, start: int, stop: int | None, *, output: bool) -> list[Entry]:
        """Return the cells of a session from `start` up to, not including, `stop`."""
        if session not in {0, _SESSION}:
            return []
        rows = self._database.execute(
            "SELECT number, source, output FROM cells"
            " WHERE number >= ? AND (? IS NULL OR number < ?) ORDER BY number",
            (start, stop, stop),
        )
        return _entries(rows, output=output)

    def search(self, pattern: str, n: int | None, *, unique: bool, output: bool) -> list[Entry]:
        """Return the last `n` cells whose text matches a glob, the oldest first.

        Args:
            pattern: A glob over the whole text, with ``*``, ``?`` and ``[…]``.
            n: At most so many; None for all.
            unique: Return each text once, in its latest place.
            output: Whether the entries carry the results' texts.
        """
        grouping = "GROUP BY source HAVING number = MAX(number)" if unique else ""
        rows = self._database.execute(
            "SELECT number, source, output FROM cells WHERE source GLOB ?"  # noqa: S608 -- our own text
            f" {grouping} ORDER BY number DESC LIMIT ?",
            (pattern, -1 if n is None else n),
        ).fetchall()
        return _entries(reversed(rows), output=output)

    def close(self) -> None:
        """Release the database."""
        self._database.close()


def _entries(rows: Iterable[tuple[int, str, str | None]], *, output: bool) -> list[Entry]:
    entries: list[Entry] = []
    for number, source, text in rows:
        if output:
            entries.append((_SESSION, number, (source, text)))
        else:
            entries.append((_SESSION, number, source))
    return entries
