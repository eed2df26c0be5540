"""Events and errors as the content of Jupyter messages.

The shapes are those of Jupyter's messaging specification, version 5
(https://jupyter-client.readthedocs.io/en/stable/messaging.html).
"""

from __future__ import annotations

from typing import Any

from acajs_kernel.errors import AcaJsError
from acajs_kernel.session import (
    ClearOutput,
    Completions,
    DisplayData,
    Error,
    Event,
    ExecuteResult,
    Stream,
)

__all__ = [
    "completions_reply",
    "error_content",
    "error_reply",
    "event_message",
    "internal_error",
    "own_error",
]


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
    return "error", error_content(event)


def error_content(error: Error) -> dict[str, Any]:
    """Return the content of an ``error`` message."""
    return {"ename": error.ename, "evalue": error.evalue, "traceback": list(error.traceback)}


def error_reply(error: Error) -> dict[str, Any]:
    """Return the content of any reply that reports an error."""
    return {"status": "error", **error_content(error)}


def own_error(error: AcaJsError) -> Error:
    """Show one of our own errors: its name, what happened, and what to do."""
    name = type(error).__name__
    lines = [f"\x1b[31m{name}\x1b[39m: {error.message}"]
    if error.remedy:
        lines.extend(("", error.remedy))
    return Error(name, error.message, tuple(lines))


def internal_error(error: Exception) -> Error:
    """Show a fault of the kernel itself, which should not happen."""
    text = (
        f"The kernel failed with {type(error).__name__}. It goes on; the kernel's log has "
        "the details."
    )
    return Error("KernelError", text, (f"\x1b[31mKernelError\x1b[39m: {text}",))


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
