"""Events of any shape: what is none is left out with one notice, and the rest arrives."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from acajs_kernel.runtime.frames import decode_payload
from acajs_kernel.session import Event
from acajs_kernel.session.rich.comms import CommChannel
from acajs_kernel.session.rich.input import Questions
from acajs_kernel.session.rich.receiving import Receiver
from acajs_kernel.session.rich.watching import Watch
from tests.session.callbacks import Callbacks

_WHOLE: dict[str, dict[str, Any]] = {
    "stream": {"name": "stdout", "text": "t"},
    "display": {"data": {"text/plain": "t"}, "metadata": {}, "display_id": "d", "update": True},
    "result": {"data": {"text/plain": "t"}, "metadata": {}},
    "clear": {"wait": True},
    "message": {"type": "own", "content": {}},
    "comm": {
        "message": "open",
        "comm": "c",
        "target": "t",
        "data": {},
        "metadata": {},
        "buffers": ["AA=="],
    },
    "handled": {"active": False},
    "error": {"ename": "E", "evalue": "v", "traceback": ["line"]},
    "input": {"token": "t", "prompt": "p", "password": False},
    "restarted": {"reason": "exit", "code": 1, "signal": None},
    "done": {
        "status": "ok",
        "expressions": {},
        "milliseconds": 1.5,
        "cpu": {"user": 1, "system": 1},
        "active": False,
    },
    "unknown": {},
}
_VALUES: tuple[Any, ...] = (None, 5, -1.5, True, "text", "A", [], [5], [[]], {}, {"a": 5}, "\x00")


class _Session:
    """Takes answers as a session does, and keeps what comes of them."""

    def __init__(self) -> None:
        async def nothing(*_: Any, **__: Any) -> Any:
            return {}

        self.shown: list[Event] = []
        self.notices: list[str] = []
        self.comms = CommChannel(nothing, lambda _key, _event: None)
        self.watch = Watch(nothing, self.comms)
        self.receiver = Receiver(
            frontend=Callbacks(
                on_event=lambda _cell, event: self.shown.append(event),
                on_notice=self.notices.append,
            ),
            questions=Questions(nothing, nothing),
            comms=self.comms,
            watch=self.watch,
        )
        self.receiver.begin("cell")

    def take(self, *events: Any) -> None:
        self.receiver.take({"events": list(events)})


@pytest.mark.parametrize("kind", sorted(_WHOLE))
async def test_no_value_of_any_field_ends_in_an_exception(kind: str) -> None:
    """Each field of an event is left out and replaced by anything: what follows arrives."""
    session = _Session()
    number = 0
    for name in ["kind", "cell", *_WHOLE[kind]]:
        for value in ("nothing", *_VALUES):
            number += 2
            event = {"seq": number - 1, "kind": kind, "cell": "cell", **_WHOLE[kind]}
            if value == "nothing":
                del event[name]
            else:
                event[name] = value
            end = {"seq": number, "kind": "stream", "cell": "cell", "name": "stdout", "text": "on"}
            session.shown.clear()
            session.take(event, end)
            assert session.shown[-1] == ("stdout", "on"), event
            assert session.receiver.seen == number
    await asyncio.sleep(0)
    session.watch.stop()


async def test_what_is_no_event_is_dropped_with_one_notice() -> None:
    """Anything may stand among the events; the user is told once a cell."""
    session = _Session()
    session.take(*_VALUES, {}, {"seq": "1"}, {"seq": True, "kind": "stream"})
    assert len(session.notices) == 1
    session.receiver.begin("next")
    session.take({"seq": 1, "kind": "stream", "name": 5})
    assert len(session.notices) == 2


@pytest.mark.parametrize("events", [None, 5, "text", {"a": 1}])
async def test_an_answer_without_a_list_of_events_brings_none(events: Any) -> None:
    """Whatever stands in its place is no error."""
    session = _Session()
    session.receiver.take({"events": events, "running": 5})
    assert session.shown == []
    assert session.receiver.busy_with is None


@pytest.mark.parametrize("kind", ["status", "shutdown_reply", "comm_open", "execute_result"])
async def test_messages_of_the_kernels_own_types_are_not_published(kind: str) -> None:
    """A cell cannot end another one, or itself, in a frontend's eyes."""
    session = _Session()
    session.take({"seq": 1, "kind": "message", "cell": "cell", "type": kind, "content": {}})
    assert session.shown == []
    assert len(session.notices) == 1


@pytest.mark.parametrize("text", ["null", "5", "[]", "{", '"a"', "[" * 100_000])
def test_a_payload_that_is_no_object_is_none(text: str) -> None:
    """An answer that cannot be read, however deep, is asked for again."""
    assert decode_payload(text) is None
