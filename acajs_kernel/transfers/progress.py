"""How far transfers are, for whoever shows it."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Observer", "Silent", "format_size"]

_UNIT = 1024


class Observer(Protocol):
    """Told about the progress of a transfer, one file after another."""

    def begin(self, files: int, size: int) -> None:
        """This many files, with this many bytes, are about to be moved."""

    def start(self, name: str, size: int) -> None:
        """A file is being moved."""

    def move(self, count: int) -> None:
        """This many bytes of this file have been moved; after a failure, fewer than before."""

    def end(self) -> None:
        """Nothing more is moved, whether all went well or not."""


class Silent:
    """Shows nothing."""

    def begin(self, files: int, size: int) -> None:
        """Show nothing."""

    def start(self, name: str, size: int) -> None:
        """Show nothing."""

    def move(self, count: int) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Show nothing."""


def format_size(size: int | None) -> str:
    """Return a size in bytes for people, such as ``1.5 MB``, in units of 1,024."""
    if size is None:
        return ""
    value = float(size)
    for unit in ("B", "KB", "MB"):
        if value < _UNIT:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= _UNIT
    return f"{value:.1f} GB"
