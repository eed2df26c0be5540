"""One notebook's remote session: identifier, start, run, interrupt, end."""

from acajs_kernel.session.events import (
    Cell,
    ClearOutput,
    CommEvent,
    CommHandled,
    CommMessage,
    CommsClosed,
    Completion,
    Completions,
    DisplayData,
    Error,
    Event,
    ExecuteResult,
    InputRequest,
    Message,
    Outcome,
    Stream,
    interruption,
    unheard,
)
from acajs_kernel.session.notebook import NotebookSession
from acajs_kernel.session.opening import SessionAccess, SessionSettings

__all__ = [
    "Cell",
    "ClearOutput",
    "CommEvent",
    "CommHandled",
    "CommMessage",
    "CommsClosed",
    "Completion",
    "Completions",
    "DisplayData",
    "Error",
    "Event",
    "ExecuteResult",
    "InputRequest",
    "Message",
    "NotebookSession",
    "Outcome",
    "SessionAccess",
    "SessionSettings",
    "Stream",
    "interruption",
    "unheard",
]
