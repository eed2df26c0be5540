"""One notebook's remote session: identifier, start, run, interrupt, end."""

from acajs_kernel.session.connecting import SessionAccess, SessionSettings
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
from acajs_kernel.session.frontend import Frontend, QuietFrontend
from acajs_kernel.session.notebook import NotebookSession

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
    "Frontend",
    "InputRequest",
    "Message",
    "NotebookSession",
    "Outcome",
    "QuietFrontend",
    "SessionAccess",
    "SessionSettings",
    "Stream",
    "interruption",
    "unheard",
]
