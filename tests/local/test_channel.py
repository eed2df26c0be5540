"""What the pool and a session's interpreter say to each other, over a channel under strain."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from acajs_kernel.local import LocalPool, ahead
from acajs_kernel.local.session_process import SessionProcess

_VERSION = "2025-10-02-preview"
_SECONDS = 60.0

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the channel is no socket there")


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let channels have room for little, so that nearly every message is sent in parts."""
    make = socket.socketpair

    def socketpair() -> tuple[socket.socket, socket.socket]:
        pair = make()
        for end in pair:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)
        return pair

    monkeypatch.setattr(socket, "socketpair", socketpair)
    yield
    ahead.discard_started()


async def _answer(pool: LocalPool, code: str, identifier: str = "narrow-channel") -> Any:
    body = {"codeInputType": "inline", "executionType": "synchronous", "code": code}
    answering = pool.executor.answer(_VERSION, identifier, json.dumps(body).encode())
    status, _, content = await asyncio.wait_for(answering, _SECONDS)
    return status, json.loads(content)


@pytest.mark.usefixtures("narrow")
async def test_code_that_is_sent_ahead_does_not_mix_with_the_next() -> None:
    """Node reads late: all of the first message is there before the second."""
    for _ in range(5):
        text = "x" * 500_000
        # It keeps Node from reading for a while, with the next message on its way.
        slow = "for (const end = Date.now() + 100; Date.now() < end;); "
        ahead.start_ahead(f"{slow}globalThis.early = {json.dumps(text)}.length")
        async with LocalPool(started=ahead.take_started()) as pool:
            for size in (1, 100_000):
                status, content = await _answer(pool, f"{json.dumps('y' * size)}.length + early")
                assert status == 200, content
                assert content["result"]["executionResult"] == 500_000 + size


async def test_code_that_arrives_damaged_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request ends in an error that says that nothing was run, and the next one is served."""
    send = SessionProcess.send
    async with LocalPool() as pool:
        await _answer(pool, "globalThis.ran = 0")

        def send_damaged(process: SessionProcess, message: dict[str, Any]) -> int:
            monkeypatch.undo()
            number = send(process, {})
            assert message["code"] == "ran += 1"
            return number

        monkeypatch.setattr(SessionProcess, "send", send_damaged)
        status, content = await _answer(pool, "ran += 1")
        assert status == 500
        assert content["error"]["code"] == "MessageDamaged"
        assert "was not run" in content["error"]["message"]
        status, content = await _answer(pool, "ran")
        assert content["result"]["executionResult"] == 0
