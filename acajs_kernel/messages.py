"""Events and errors as the content of Jupyter messages.

The shapes are those of Jupyter's messaging specification, version 5
(https://jupyter-client.readthedocs.io/en/stable/messaging.html).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from acajs_kernel.errors import AcaJsError, more_about
from acajs_kernel.session import (
    ClearOutput,
    Completions,
    DisplayData,
    Error,
    Event,
    ExecuteResult,
    Message,
    Stream,
)

__all__ = [
    "MAXIMUM_CHARACTERS",
    "completions_reply",
    "error_content",
    "error_reply",
    "event_message",
    "internal_error",
    "limited_event",
    "own_error",
]


MAXIMUM_CHARACTERS = 50_000_000
"""How many characters of one representation, or of one piece of output, are shown.

Notebooks hold every output whole, and browsers stop responding at some size. A cell may
show any number of outputs of this size.
"""

_MAXIMUM_ERROR_CHARACTERS = 1_000_000

# A text that was cut in the session says so, and is that much longer.
_CUT_CHARACTERS = 1000


def limited_event(event: Event) -> Event:
    """Return an event as it may be shown: what is too large is cut, and says so."""
    if isinstance(event, Stream):
        return event._replace(text=_cut(event.text, MAXIMUM_CHARACTERS))
    if isinstance(event, (ExecuteResult, DisplayData)):
        return event._replace(data=_limited_data(event.data))
    return event


def _limited_data(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Cut a bundle's plain text, and leave out what is no use when it is cut."""
    sizes = {
        mime: len(value if isinstance(value, str) else json.dumps(value))
        for mime, value in data.items()
    }
    most = MAXIMUM_CHARACTERS + _CUT_CHARACTERS
    if all(size <= most for size in sizes.values()):
        return data
    kept = {mime: data[mime] for mime, size in sizes.items() if size <= most}
    text = str(data.get("text/plain", ""))
    notes = [
        f"[{mime} of {size:,} characters is not shown: more than {MAXIMUM_CHARACTERS:,}. "
        "Save it to a file instead.]"
        for mime, size in sizes.items()
        if mime not in kept and mime != "text/plain"
    ]
    # A plain text that repeats what is left out would be as large again.
    return {**kept, "text/plain": "\n".join([*notes, _cut(text, MAXIMUM_CHARACTERS)])}


def _cut(text: str, length: int) -> str:
    if len(text) <= length + _CUT_CHARACTERS:
        return text
    return f"{text[:length]}… cut: {len(text) - length:,} more characters\n"


def event_message(event: Event, number: int) -> tuple[str, dict[str, Any]]:
    """Return the message type and content that carries an event."""
    if isinstance(event, Stream):
        return "stream", {"name": event.name, "text": event.text}
    if isinstance(event, ExecuteResult):
        return "execute_result", {
            "data": dict(event.data),
            "metadata": dict(event.metadata),
            "execution_count": number,
        }
    if isinstance(event, DisplayData):
        return (
            "update_display_data" if event.update else "display_data",
            {
                "data": dict(event.data),
                "metadata": dict(event.metadata),
                "transient": {"display_id": event.display_id} if event.display_id else {},
            },
        )
    if isinstance(event, ClearOutput):
        return "clear_output", {"wait": event.wait}
    if isinstance(event, Message):
        return event.type, dict(event.content)
    return "error", error_content(event)


def error_content(error: Error) -> dict[str, Any]:
    """Return the content of an ``error`` message."""
    return {
        "ename": error.ename,
        "evalue": _cut(error.evalue, _MAXIMUM_ERROR_CHARACTERS),
        "traceback": [_cut(line, _MAXIMUM_ERROR_CHARACTERS) for line in error.traceback],
    }


def error_reply(error: Error) -> dict[str, Any]:
    """Return the content of any reply that reports an error."""
    return {"status": "error", **error_content(error)}


def own_error(error: AcaJsError) -> Error:
    """Show one of our own errors: its name, what happened, what to do, and where to read on."""
    name = type(error).__name__
    lines = [f"\x1b[31m{name}\x1b[39m: {error.message}"]
    if error.remedy:
        lines.extend(("", error.remedy))
    lines.append(f"More: {error.more}")
    return Error(name, error.message, tuple(lines))


def internal_error(error: Exception) -> Error:
    """Show a fault of the kernel itself, which should not happen."""
    text = (
        f"The kernel failed with {type(error).__name__}. It keeps running; the kernel's log has "
        f"the details."
    )
    name = "KernelError"
    lines = (f"\x1b[31m{name}\x1b[39m: {text}", f"More: {more_about(name)}")
    return Error(name, text, lines)


def completions_reply(completions: Completions | None, cursor: int) -> dict[str, Any]:
    """Return the content of ``complete_reply``, with the types that JupyterLab shows as icons."""
    if completions is None:
        completions = Completions((), cursor, cursor)
    return {
        "status": "ok",
        "matches": [match.text for match in completions.matches],
        "cursor_start": completions.start,
        "cursor_end": completions.end,
        "metadata": {
            "_jupyter_types_experimental": [
                {
                    "start": completions.start,
                    "end": completions.end,
                    "text": match.text,
                    "type": match.type,
                }
                for match in completions.matches
            ]
        },
    }
