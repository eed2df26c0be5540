"""Taking what the agent's answers bring: every event once, and in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from acajs_kernel.session.events import Error, InputRequest, Outcome
from acajs_kernel.session.rich.shapes import is_event
from acajs_kernel.session.rich.showing import shown_event

if TYPE_CHECKING:
    from acajs_kernel.session.frontend import Frontend
    from acajs_kernel.session.rich.comms import CommChannel
    from acajs_kernel.session.rich.input import Questions
    from acajs_kernel.session.rich.watching import Watch

__all__ = ["TYPED", "Receiver", "aborted"]

TYPED = "~typescript"
"""What the key of a cell ends with at the agent when it runs as TypeScript.

The agent runs each key once, and V8 has refused the same cell as JavaScript under its own.
"""


class Receiver:
    """Passes on the events of a session, and keeps how its running cell ends.

    Args:
        frontend: Told what cells show and what the user should know.
        questions: Takes what cells ask.
        comms: Takes what comms do.
        watch: Told whether something may still call back.

    Attributes:
        seen: The number of the last event; the agent may forget all up to it.
        restarts: How often a runner has been replaced so far.
        busy_with: The cell that the session is running, of whatever kernel, or None.
    """

    def __init__(
        self,
        *,
        frontend: Frontend,
        questions: Questions,
        comms: CommChannel,
        watch: Watch,
    ) -> None:
        self._frontend = frontend
        self._questions = questions
        self._comms = comms
        self._watch = watch
        self._running: str | None = None
        self._outcome: Outcome | None = None
        self._error: Error | None = None
        self._exit_code: int | None = None
        self._has_warned = False
        self.seen = 0
        self.restarts = 0
        self.busy_with: str | None = None

    def begin(self, cell: str) -> None:
        """Keep from now on how this cell ends."""
        self.end()
        self._running = cell
        self._has_warned = False

    def end(self) -> None:
        """Keep nothing any more: nobody waits for the cell."""
        self._running = self._outcome = self._error = self._exit_code = None

    @property
    def outcome(self) -> Outcome | None:
        """How the running cell has ended, or None."""
        return self._outcome

    def take(self, answer: Mapping[str, Any]) -> None:
        """Pass on the events of an answer that are new, in their order.

        What is no event is dropped, with one notice a cell: it must not cost what follows it.
        """
        events = answer.get("events", ())
        for event in events if isinstance(events, (list, tuple)) else ():
            number = event.get("seq") if isinstance(event, dict) else None
            if type(number) is int and number <= self.seen:
                continue
            if not is_event(event):
                self._drop(number)
                continue
            self.seen = event["seq"]
            try:
                self._pass_on(event)
            except ValueError:  # buffers that are no base64
                self._drop(None)
        running = answer.get("running")
        self.busy_with = running if isinstance(running, str) else None

    def _drop(self, number: object) -> None:
        if type(number) is int:
            self.seen = number
        if not self._has_warned:
            self._has_warned = True
            self._frontend.notice(
                "",
                "Something that the session sent was left out: it is no message of its runtime's.",
            )

    def _pass_on(self, event: dict[str, Any]) -> None:
        kind, run = event["kind"], event.get("cell", "")
        cell = run.removesuffix(TYPED)
        if kind == "done":
            if run == self._running:
                self._watch.is_active = bool(event.get("active"))
                self._outcome = Outcome(
                    error=self._error or aborted(event),
                    expressions=event.get("expressions") or {},
                    seconds=_seconds(event.get("milliseconds"), 1_000),
                    processor_seconds=_processor_seconds(event.get("cpu")),
                    exit_code=self._exit_code,
                )
        elif kind == "error" and run == self._running:
            is_compiled = event.get("compiled") is not False
            self._error = Error(event["ename"], event["evalue"], event["traceback"], is_compiled)
        elif kind == "input":
            request = InputRequest(event.get("prompt", ""), bool(event.get("password")))
            self._questions.add(cell, event["token"], request)
        elif kind in {"comm", "handled"}:
            self._watch.is_active = self._watch.is_active or bool(event.get("active"))
            self._comms.receive(event)
            self._watch.begin()
        elif kind == "restarted":
            self.restarts += 1
            self._restarted(run, event)
        else:
            shown = shown_event(event)
            if shown is not None:
                self._frontend.show(cell, shown)

    def _restarted(self, run: str, event: dict[str, Any]) -> None:
        if run == self._running and event.get("reason") == "exit":
            self._exit_code = int(event.get("code") or 0)
        self._comms.close(run.removesuffix(TYPED))
        if not run and event.get("reason") != "requested":
            self._frontend.notice(
                "",
                "The session's JavaScript runtime ended and was started again; variables are gone.",
            )


def aborted(event: Mapping[str, Any]) -> Error | None:
    """Return the error of a cell that was dropped before it ran; None if its end says otherwise."""
    if event.get("status") == "ok":
        return None
    return Error("KeyboardInterrupt", "The cell was dropped before it ran.")


def _seconds(value: Any, unit: int) -> float | None:  # noqa: ANN401 -- JSON
    return value / unit if isinstance(value, (int, float)) else None


def _processor_seconds(usage: Any) -> tuple[float, float] | None:  # noqa: ANN401 -- JSON
    if not isinstance(usage, dict):
        return None
    user, system = _seconds(usage.get("user"), 1_000_000), _seconds(usage.get("system"), 1_000_000)
    return None if user is None or system is None else (user, system)
