"""The files beside one notebook, whichever way its session has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acajs_kernel.session import Error, SessionAccess, SessionSettings
from acajs_kernel.workspace.hints import explain_missing, upload_command

if TYPE_CHECKING:
    from acajs_kernel.workspace.copies import Copies
    from acajs_kernel.workspace.survey import Survey

__all__ = ["NotebookFiles", "Report"]

_COPY_MAGIC = "Or have what lies there copied before each cell: %workspace copy"


@dataclass(frozen=True)
class Report:
    """How a session stands to the files beside the notebook.

    Attributes:
        way: ``in place``, ``copies`` or ``own``.
        folder: The notebook's folder; None where there is none any more.
        in_step: How many files are the same in the session.
        survey: What there was at the last look; None where nothing is copied.
    """

    way: str
    folder: Path | None
    in_step: int = 0
    survey: Survey | None = None


class NotebookFiles:
    """Brings files to a session where the settings say so, and explains errors about others.

    Args:
        command: Returns what the user does to send a file.
        otherwise: Another way to do it, a sentence.
    """

    def __init__(
        self,
        *,
        command: Callable[[str], str] = upload_command,
        otherwise: str = _COPY_MAGIC,
    ) -> None:
        self._command = command
        self._otherwise = otherwise
        self._copies: Copies | None = None
        self._made_for: tuple[object, ...] = ()

    def copies_of(self, settings: SessionSettings) -> Copies | None:
        """Return what copies files as the settings say; None where nothing is copied."""
        way, folder = settings.working_folder
        if way != "copies" or folder is None:
            self._copies, self._made_for = None, ()
            return None
        wanted = (folder, settings.workspace_files, settings.workspace_bytes)
        if self._copies is None or self._made_for != wanted:
            # Imported here because most sessions need no copies.
            from acajs_kernel.workspace.copies import Copies  # noqa: PLC0415
            from acajs_kernel.workspace.survey import Limits  # noqa: PLC0415

            self._copies = Copies(folder, Limits(*wanted[1:]))
            self._made_for = wanted
        return self._copies

    async def prepare(
        self, settings: SessionSettings, access: SessionAccess, say: Callable[[str], None]
    ) -> None:
        """Do what comes before a cell: copy what has changed.

        Raises:
            AcaJsError: The files did not get there.
        """
        if (copies := self.copies_of(settings)) is not None:
            await copies.bring(access, say)

    def forget(self) -> None:
        """Suppose nothing of what is in the session: it may be another one."""
        if self._copies is not None:
            self._copies.forget()

    def explain(self, error: Error, settings: SessionSettings, session_folder: str) -> Error:
        """Add what to do about an error, where a file beside the notebook would help."""
        if "ENOENT" not in error.evalue and "Cannot find module" not in error.evalue:
            return error
        way, folder = settings.working_folder
        if way == "in place" or folder is None:
            return error
        copies = self.copies_of(settings)
        hint = explain_missing(
            error.evalue,
            workspace=folder,
            session_folder=session_folder,
            why_not=(lambda _: "") if copies is None else copies.survey.why_not,
            command=self._command,
            otherwise=self._otherwise if copies is None else "",
        )
        return error._replace(traceback=(*error.traceback, *hint.split("\n"))) if hint else error

    def report(self, settings: SessionSettings) -> Report:
        """Return how the session stands to the files beside the notebook."""
        way, folder = settings.working_folder
        copies = self.copies_of(settings)
        if copies is None:
            return Report(way, folder)
        return Report(way, folder, copies.in_step, copies.survey)
