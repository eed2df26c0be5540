"""What editors and consoles ask: completion, inspection, is it complete, history, help.

None of it changes anything: answers come from the live session without side effects, or
from what is known here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ipykernel.kernelbase import Kernel

from acajs_kernel.errors import AcaJsError
from acajs_kernel.kernel.history import Entry, History
from acajs_kernel.kernel.messages import completions_reply
from acajs_kernel.magics import may_hold_magics
from acajs_kernel.session import NotebookSession

__all__ = ["QUESTIONS", "EditorQuestions"]

_log = logging.getLogger("acajs_kernel")

QUESTIONS = frozenset(
    {
        "complete_request",
        "inspect_request",
        "is_complete_request",
        "history_request",
        "comm_info_request",
    }
)
"""Types of the messages that are answered at once, also while a cell runs."""

_HELP = re.compile(r"""\s*(?P<name>[^\W\d][\w$.]*|\$[\w$.]*)\s*(?P<marks>\?\??)\s*""")


class EditorQuestions(Kernel):
    """The part of the kernel that answers the editor."""

    _notebook: NotebookSession | None = None
    _history: History

    async def do_is_complete(self, code: str) -> dict[str, Any]:
        """Say whether a console should run the text or wait for more; no request is made."""
        # Imported here because tree-sitter is not needed to start.
        if may_hold_magics(code):
            from acajs_kernel.magics.editor import check_cell  # noqa: PLC0415

            verdict = check_cell(code)
        else:
            from acajs_kernel.cell.completeness import check_completeness  # noqa: PLC0415

            verdict = check_completeness(code)
        reply = {"status": verdict.status}
        return reply | ({"indent": verdict.indent} if verdict.status == "incomplete" else {})

    async def do_complete(self, code: str, cursor_pos: int) -> dict[str, Any]:
        """Complete the name at the cursor from the live session, without side effects."""
        completions = None
        if self._notebook is not None:
            try:
                if may_hold_magics(code):
                    # Imported here because most cells hold none.
                    from acajs_kernel.magics.editor import complete_cell  # noqa: PLC0415

                    completions = await complete_cell(code, cursor_pos, self._notebook)
                else:
                    completions = await self._notebook.complete(code, cursor_pos)
            except AcaJsError as error:
                _log.info("no completions: %s", error.message)
            except Exception:  # without a reply the editor would wait for ever
                _log.exception("no completions")
        return completions_reply(completions, cursor_pos)

    async def do_inspect(
        self,
        code: str,
        cursor_pos: int,
        detail_level: int = 0,
        omit_sections: Sequence[str] = (),  # noqa: ARG002 -- ipykernel's signature
    ) -> dict[str, Any]:
        """Describe what is at the cursor, from the live session, without side effects."""
        data: Mapping[str, Any] | None = None
        if self._notebook is not None:
            try:
                if may_hold_magics(code):
                    # Imported here because most cells hold none.
                    from acajs_kernel.magics.editor import inspect_cell  # noqa: PLC0415

                    data = await inspect_cell(code, cursor_pos, detail_level, self._notebook)
                else:
                    data = await self._notebook.inspect(code, cursor_pos, detail_level)
            except AcaJsError as error:
                _log.info("nothing to inspect: %s", error.message)
            except Exception:  # without a reply the editor would wait for ever
                _log.exception("nothing to inspect")
        return {"status": "ok", "found": bool(data), "data": dict(data or {}), "metadata": {}}

    async def _help(self, code: str) -> list[dict[str, Any]]:
        """Return the payload that shows help, for ``name?`` and ``name??``; else nothing."""
        if code.rstrip().endswith("?") and may_hold_magics(code):
            # Imported here because most cells hold none.
            from acajs_kernel.magics.editor import asked_magic  # noqa: PLC0415

            help_text = asked_magic(code)
            if help_text is not None:
                return [{"source": "page", "data": dict(help_text), "start": 0}]
        asked = _HELP.fullmatch(code)
        if asked is None or self._notebook is None:
            return []
        name = asked["name"]
        data = await self._notebook.inspect(name, len(name), len(asked["marks"]) - 1)
        return [{"source": "page", "data": dict(data or _nothing_found(name)), "start": 0}]

    async def do_history(
        self,
        hist_access_type: str,
        output: bool = False,  # noqa: FBT001, FBT002
        raw: bool = True,  # noqa: ARG002, FBT001, FBT002 -- the text is always the user's own
        session: int | None = None,
        start: int | None = None,
        stop: int | None = None,
        n: int | None = None,
        pattern: str | None = None,
        unique: bool = False,  # noqa: FBT001, FBT002
    ) -> dict[str, Any]:
        """Answer from the cells that this kernel and those before it have run."""
        entries: Sequence[Entry] = []
        if hist_access_type == "tail":
            entries = self._history.tail(n or 0, output=output)
        elif hist_access_type == "range":
            entries = self._history.range(session or 0, start or 0, stop, output=output)
        elif hist_access_type == "search":
            entries = self._history.search(pattern or "*", n, unique=unique, output=output)
        return {"status": "ok", "history": list(entries)}


def _nothing_found(name: str) -> dict[str, str]:
    return {"text/plain": f"There is no {name} in the session."}
