"""Messages of comms on their way to the agent: in order, each once, whatever fails."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from acajs_kernel.errors import AcaJsError, PoolUnreachableError, SessionLostError
from acajs_kernel.session import CommEvent, CommHandled, CommMessage, CommsClosed
from acajs_kernel.session.comms import CommChannel


class _Agent:
    """Takes messages, or fails as often as it is told to."""

    def __init__(self, *failures: AcaJsError | None) -> None:
        self.failures = list(failures)
        self.batches: list[list[dict[str, Any]]] = []
        self.answer: dict[str, Any] = {}
        self.events: list[tuple[str, CommEvent]] = []
        self.channel = CommChannel(self.ask, lambda key, event: self.events.append((key, event)))

    async def ask(self, operation: str, *, messages: list[dict[str, Any]]) -> dict[str, Any]:
        assert operation == "comm"
        self.batches.append(list(messages))
        await asyncio.sleep(0)
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        return self.answer

    def post(self, *keys: str) -> None:
        for key in keys:
            self.channel.post(key, CommMessage("msg", "c", data=key, buffers=[b"\x00"]))

    @property
    def numbers(self) -> list[list[int]]:
        return [[message["number"] for message in batch] for batch in self.batches]


async def test_what_comes_during_a_request_goes_with_the_next() -> None:
    """One request at a time; numbers grow without a gap."""
    agent = _Agent()
    agent.post("a")
    await asyncio.sleep(0)  # the request is under way
    agent.post("b", "c")
    await agent.channel.flush()
    assert not agent.channel.is_sending
    assert agent.numbers == [[1], [2, 3]]
    assert agent.batches[0][0] == {
        "number": 1,
        "cell": "a",
        "message": "msg",
        "comm": "c",
        "target": "",
        "data": "a",
        "metadata": {},
        "buffers": ["AA=="],
    }


async def test_messages_that_failed_go_again_with_the_same_numbers() -> None:
    """The agent passes over those that it had had; frontends are not left waiting meanwhile."""
    agent = _Agent(PoolUnreachableError("down"))
    agent.post("a", "b")
    await agent.channel.flush()
    assert agent.events == [("a", CommHandled()), ("b", CommHandled())]
    assert not agent.channel.is_waiting
    agent.post("c")
    await agent.channel.flush()
    assert agent.numbers == [[1, 2], [1, 2, 3]]
    assert not agent.channel.is_sending


@pytest.mark.parametrize("ends", ["lost", "refused"])
async def test_a_session_that_is_gone_ends_all_comms(ends: str) -> None:
    """What was to be sent is dropped, since what it was for is gone."""
    agent = _Agent(SessionLostError("replaced") if ends == "lost" else None)
    agent.answer = {"refused": "client"} if ends == "refused" else {}
    agent.channel.post("o", CommMessage("open", "c"))
    assert agent.channel.is_open
    await agent.channel.flush()
    assert agent.events == [("o", CommHandled()), ("", CommsClosed())]
    assert not agent.channel.is_open
    assert not agent.channel.is_sending


async def test_large_messages_go_one_by_one() -> None:
    """A request grows to about a million characters, unless one message is larger."""
    agent = _Agent()
    for _ in range(3):
        agent.channel.post("k", CommMessage("msg", "c", buffers=[bytes(900_000)]))
    agent.post("s", "t")
    await agent.channel.flush()
    assert agent.numbers == [[1], [2], [3], [4, 5]]


def test_events_of_the_agent_are_told_once() -> None:
    """Messages with their buffers; that one was handled, only if it waits for that."""
    agent = _Agent()
    agent.channel.receive(
        {
            "kind": "comm",
            "cell": "k",
            "message": "open",
            "comm": "c",
            "target": "t",
            "data": {"a": 1},
            "metadata": {"m": 1},
            "buffers": ["/w=="],
        }
    )
    agent.channel.receive({"kind": "handled", "cell": "unknown"})
    opened = CommMessage(
        "open", "c", target="t", data={"a": 1}, metadata={"m": 1}, buffers=(b"\xff",)
    )
    assert agent.events == [("k", opened)]
    assert agent.channel.is_open
    agent.channel.receive({"kind": "comm", "cell": "k", "message": "close", "comm": "c"})
    assert not agent.channel.is_open
