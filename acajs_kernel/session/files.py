"""What a notebook's session is told of the files beside the notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from acajs_kernel.session.connecting import SessionAccess, SessionSettings
    from acajs_kernel.session.events import Error

__all__ = ["BesideNotebook"]


class BesideNotebook(Protocol):
    """The files beside a notebook."""

    async def prepare(
        self, settings: SessionSettings, access: SessionAccess, say: Callable[[str], None]
    ) -> None:
        """Do what comes before a cell: copy what has changed."""

    def forget(self) -> None:
        """Suppose nothing of what is in the session: it may be another one."""

    def explain(self, error: Error, settings: SessionSettings, session_folder: str) -> Error:
        """Add what to do about an error, where a file beside the notebook would help."""
