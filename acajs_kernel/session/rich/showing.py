"""What the agent's events show, in Jupyter's terms."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from acajs_kernel.session.events import (
    ClearOutput,
    DisplayData,
    Event,
    ExecuteResult,
    Message,
    Stream,
)

__all__ = ["shown_event"]

_log = logging.getLogger("acajs_kernel")


def shown_event(event: Mapping[str, Any]) -> Event | None:
    """Return what an event of the agent shows, or None for a kind that is not known."""
    show = _KINDS.get(event["kind"])
    if show is None:
        _log.info("an event of an unknown kind was passed over: %s", event["kind"])
        return None
    return show(event)


def _stream(event: Mapping[str, Any]) -> Event:
    return Stream("stderr" if event["name"] == "stderr" else "stdout", event["text"])


def _result(event: Mapping[str, Any]) -> Event:
    return ExecuteResult(event["data"], event.get("metadata") or {})


def _display(event: Mapping[str, Any]) -> Event:
    return DisplayData(
        event["data"],
        event.get("metadata") or {},
        display_id=event.get("display_id") or "",
        update=bool(event.get("update")),
    )


def _clear(event: Mapping[str, Any]) -> Event:
    return ClearOutput(wait=bool(event.get("wait")))


def _message(event: Mapping[str, Any]) -> Event:
    return Message(event["type"], event.get("content") or {})


def _late_error(event: Mapping[str, Any]) -> Event:
    """Show the error of a cell that has ended: its reply is gone, so the text must do."""
    return Stream("stderr", "\n".join(event["traceback"]) + "\n")


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], Event]] = {
    "stream": _stream,
    "result": _result,
    "display": _display,
    "clear": _clear,
    "message": _message,
    "error": _late_error,
}
