"""``%workspace``: how cells reach the files beside the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic
from acajs_kernel.transfers import format_size
from acajs_kernel.workspace.notebook import NotebookFiles, Report

if TYPE_CHECKING:
    from acajs_kernel.workspace.survey import Survey

__all__ = ["MAGIC"]

_MOST_LISTED = 20


async def _workspace(call: Call) -> None:
    notebook, wanted = call.notebook, call.arguments
    if wanted not in {"", "copy", "off"}:
        raise call.misuse(f"{wanted!r} is none of its words.")
    if wanted and wanted != notebook.settings.workspace:
        if notebook.settings.endpoint:
            notebook.choose_workspace(wanted)
        else:
            # What the session works in cannot be changed.
            await notebook.change(workspace=wanted)
            call.print("A fresh session was opened: the old one's variables are gone.\n")
    await call.evaluate("null")  # copies what there is to copy
    files = notebook.files
    if isinstance(files, NotebookFiles):
        call.print(_describe(files.report(notebook.settings)))


def _describe(report: Report) -> str:
    if report.folder is None:
        return "The notebook's folder does not exist any more; the session has one of its own.\n"
    if report.way == "in place":
        return (
            f"The session works in {report.folder} itself: there is nothing to copy, and what "
            "cells write there stays.\n"
        )
    if report.survey is None:
        return (
            f"The session has a folder of its own; nothing of {report.folder} is in it but what "
            "%upload has sent. %workspace copy copies it before each cell.\n"
        )
    return _describe_copies(report, report.survey)


def _describe_copies(report: Report, survey: Survey) -> str:
    if survey.excess:
        head = f"Nothing of {report.folder} is copied: {survey.excess}."
    else:
        size = format_size(survey.size)
        head = f"{report.in_step} files ({size}) of {report.folder} are in step in the session."
    lines = [head]
    if survey.left_out:
        lines.append("Left out:")
        listed = sorted(survey.left_out.items())
        lines += [f"  {path}: {reason}" for path, reason in listed[:_MOST_LISTED]]
        if len(listed) > _MOST_LISTED:
            lines.append(f"  and {len(listed) - _MOST_LISTED:,} more")
    return "\n".join(lines) + "\n"


MAGIC = Magic(
    name="workspace",
    usage=("%workspace", "%workspace copy|off"),
    summary="Show how the session has the files beside the notebook, and what is left out.",
    run=_workspace,
    where="kernel",
    details="`copy` has them copied into the session before each cell, where they have changed; "
    "`off` ends that. On the embedded pool a change needs a fresh session, so variables are lost.",
    words=("copy", "off"),
)
