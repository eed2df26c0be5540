"""What was run in this kernel and in others before it, for `history_request`.

The semantics are IPython's: every kernel that runs something has a session number; session 0
of a request is the kernel's own, negative ones count back from it. The file is a SQLite
database that several kernels may use at once.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias, TypeVar

__all__ = ["MAXIMUM_CELLS", "Entry", "History", "history_file"]

_log = logging.getLogger("acajs_kernel")

Entry: TypeAlias = tuple[int, int, str] | tuple[int, int, tuple[str, str | None]]
"""Session, number of the cell in it, and its text, or text and output."""

MAXIMUM_CELLS = 10_000
"""How many cells are kept; the oldest go first."""

_MAXIMUM_SOURCE_CHARACTERS = 1_000_000
_MAXIMUM_OUTPUT_CHARACTERS = 10_000
_CELLS_BETWEEN_PRUNINGS = 100
_LOCK_SECONDS = 2.0  # the kernel answers nothing else meanwhile

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (session INTEGER PRIMARY KEY AUTOINCREMENT);
CREATE TABLE IF NOT EXISTS cells (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session INTEGER NOT NULL,
    number INTEGER NOT NULL,
    source TEXT NOT NULL,
    output TEXT,
    UNIQUE (session, number) ON CONFLICT REPLACE
);
"""

_Result = TypeVar("_Result")


def history_file(setting: str) -> Path | None:
    """Return the file that a setting means: "auto", "off" or a path; None for no file."""
    if setting == "off":
        return None
    if setting != "auto":
        # pathlib's own function raises for the home of a user who does not exist.
        return Path(os.path.expanduser(setting))  # noqa: PTH111 -- as above
    from jupyter_core.paths import jupyter_data_dir  # noqa: PLC0415 -- rarely needed to start

    return Path(jupyter_data_dir(), "acajs", "history.sqlite")


class History:
    """The cells of this kernel and of earlier ones.

    A file that cannot be used costs no more than the history: the kernel's own cells are
    then kept in memory, and the log says why.

    Args:
        file: Where the history is kept, for its owner's eyes only; None for the memory.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._database: sqlite3.Connection | None = None
        self._session = 0
        self._added = 0

    def add(self, number: int, source: str, output: str | None) -> None:
        """Note a cell that ran, with the text of its result if it had one."""
        if len(source) <= _MAXIMUM_SOURCE_CHARACTERS:
            cut = None if output is None else output[:_MAXIMUM_OUTPUT_CHARACTERS]
            self._use(lambda database: self._add(database, number, source, cut))

    def tail(self, n: int, *, output: bool) -> list[Entry]:
        """Return the last `n` cells of all sessions, the oldest first."""
        return self._entries(
            "SELECT session, number, source, output FROM cells"
            " ORDER BY session DESC, number DESC LIMIT ?",
            (max(n, 0),),
            output=output,
        )

    def range(self, session: int, start: int, stop: int | None, *, output: bool) -> list[Entry]:
        """Return the cells of a session from `start` up to, not including, `stop`.

        Args:
            session: A session's number; 0 for this kernel's, -1 for the one before it, and so on.
            start: The first cell's number.
            stop: The number behind the last cell's; None for all.
            output: Whether the entries carry the results' texts.
        """
        return self._entries(
            "SELECT session, number, source, output FROM cells WHERE session = ?"
            " AND number >= ? AND (? IS NULL OR number < ?) ORDER BY number DESC",
            (lambda: session if session > 0 else self._own_session() + session, start, stop, stop),
            output=output,
        )

    def search(self, pattern: str, n: int | None, *, unique: bool, output: bool) -> list[Entry]:
        """Return the last `n` cells whose text matches a glob, the oldest first.

        Args:
            pattern: A glob over the whole text, with ``*``, ``?`` and ``[…]``.
            n: At most so many; None for all.
            unique: Return each text once, in its latest place.
            output: Whether the entries carry the results' texts.
        """
        grouping = "GROUP BY source HAVING id = MAX(id)" if unique else ""
        return self._entries(
            "SELECT session, number, source, output FROM cells WHERE source GLOB ?"  # noqa: S608 -- our own text
            f" {grouping} ORDER BY session DESC, number DESC LIMIT ?",
            (pattern, -1 if n is None else max(n, 0)),
            output=output,
        )

    def close(self) -> None:
        """Release the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _own_session(self) -> int:
        """Return this kernel's session, or the number that it will probably have."""
        if self._session or self._database is None:
            return self._session
        row = self._database.execute("SELECT MAX(session) FROM sessions").fetchone()
        return int(row[0] or 0) + 1

    def _add(
        self, database: sqlite3.Connection, number: int, source: str, output: str | None
    ) -> None:
        with database:
            if not self._session:
                inserted = database.execute("INSERT INTO sessions DEFAULT VALUES")
                self._session = inserted.lastrowid or 1
            database.execute(
                "INSERT INTO cells (session, number, source, output) VALUES (?, ?, ?, ?)",
                (self._session, number, _storable(source), output and _storable(output)),
            )
            if self._added % _CELLS_BETWEEN_PRUNINGS == 0:
                database.execute(
                    "DELETE FROM cells WHERE id <= (SELECT MAX(id) FROM cells) - ?",
                    (MAXIMUM_CELLS,),
                )
        self._added += 1

    def _entries(
        self,
        query: str,
        parameters: tuple[object, ...],
        *,
        output: bool,
    ) -> list[Entry]:
        def run(database: sqlite3.Connection) -> list[tuple[int, int, str, str | None]]:
            values = [value() if callable(value) else value for value in parameters]
            return database.execute(query, values).fetchall()

        return _as_entries(reversed(self._use(run)), output=output)

    def _use(self, action: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Do something with the database: the file's, or where that fails the memory's."""
        try:
            return action(self._open())
        except (sqlite3.Error, OSError) as error:
            if self._file is None:
                raise
            _log.warning(
                "The history %s cannot be used (%s: %s). The kernel keeps the history in memory "
                "until it ends; set ACAJS_HISTORY to another file or to off.",
                self._file,
                type(error).__name__,
                error,
            )
        self._file = None
        self._session = 0
        try:
            self.close()
        except sqlite3.Error:
            self._database = None
        return action(self._open())

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            name = ":memory:"
            if self._file is not None:
                self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))
                name = str(self._file)
            database = sqlite3.connect(name, timeout=_LOCK_SECONDS, check_same_thread=False)
            try:
                database.execute("PRAGMA journal_mode=WAL")
                # A power failure may take the last cells along; it cannot damage the file.
                database.execute("PRAGMA synchronous=NORMAL")
                database.executescript(_SCHEMA)
            except BaseException:
                database.close()
                raise
            self._database = database
        return self._database


def _storable(text: str) -> str:
    """Return a text without what SQLite cannot store."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _as_entries(rows: Iterable[tuple[int, int, str, str | None]], *, output: bool) -> list[Entry]:
    entries: list[Entry] = []
    for session, number, source, text in rows:
        if output:
            entries.append((session, number, (source, text)))
        else:
            entries.append((session, number, source))
    return entries
