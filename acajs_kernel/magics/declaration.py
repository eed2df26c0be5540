"""What a magic declares of itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from acajs_kernel.magics.call import Call

__all__ = ["Completes", "Magic"]

Completes: TypeAlias = Literal["nothing", "code", "session files", "local files", "magics"]
"""What the editor offers for a magic's arguments beside its `Magic.words`."""


@dataclass(frozen=True)
class Magic:
    """One magic.

    Attributes:
        name: Its name, without signs.
        usage: The ways to write it, such as ``%echo WORD…``; one that begins with ``%%``
            makes it a magic of whole cells.
        summary: One sentence, in Markdown.
        run: What it does.
        where: Whether its work is done in the session or in the kernel, on the user's machine.
        needs_rich: Whether it needs the rich runtime.
        details: Further sentences for its help, in Markdown.
        words: Words that the editor offers for its first argument.
        completes: What else the editor offers for its arguments.
    """

    name: str
    usage: tuple[str, ...]
    summary: str
    run: Callable[[Call], Awaitable[None]]
    where: Literal["session", "kernel"]
    needs_rich: bool = False
    details: str = ""
    words: tuple[str, ...] = ()
    completes: Completes = "nothing"

    @property
    def is_line_magic(self) -> bool:
        """Whether it may stand on a line, as ``%name``."""
        return any(not form.startswith("%%") for form in self.usage)

    @property
    def is_cell_magic(self) -> bool:
        """Whether it may take a whole cell, as ``%%name``."""
        return any(form.startswith("%%") for form in self.usage)
