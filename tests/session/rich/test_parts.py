"""Parts of the runtime: sent with the request that needs them first, once for each session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from acajs_kernel.errors import SessionLostError
from acajs_kernel.local import LocalPool
from acajs_kernel.pool import Endpoint, PoolClient, asgi_transport
from acajs_kernel.session import Cell, InputRequest, Outcome
from acajs_kernel.session.rich.session import RichSession
from tests.session.callbacks import Callbacks

_Application = Callable[..., Awaitable[None]]
_IDENTIFIER = "parts-0123456789"
_PART = "editor"


async def _refuse(_: str, __: InputRequest) -> str:
    raise AssertionError("nothing here asks")


class _Wire:
    """Counts executions and those that bring a part; breaks off answers on demand."""

    def __init__(self, application: _Application) -> None:
        self._application = application
        self.executions = 0
        self.with_parts = 0
        self.lose = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not scope["path"].endswith("/code/execute"):
            await self._application(scope, receive, send)
            return
        self.executions += 1
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.with_parts += b"brotliDecompressSync" in body.split(b"acajs1 absent")[-1]
        given = [{"type": "http.request", "body": body, "more_body": False}]

        async def read() -> Any:
            return given.pop() if given else await receive()

        if self.lose == 0:
            await self._application(scope, read, send)
            return
        self.lose -= 1

        async def swallow(_: Any) -> None:
            pass

        await self._application(scope, read, swallow)
        raise ConnectionResetError("the answer was lost")


class _Running:
    """A rich session on a pool whose answers can be lost."""

    def __init__(self, wire: _Wire, client: PoolClient) -> None:
        self.wire = wire
        self.client = client
        self.session = RichSession(
            client,
            _IDENTIFIER,
            pinned=False,
            frontend=Callbacks(on_input=_refuse, on_notice=lambda _: None),
        )
        self._cells = 0

    async def run(self, code: str) -> Outcome:
        self._cells += 1
        cell = Cell(f"cell-{self._cells}", code, number=self._cells)
        return await asyncio.wait_for(self.session.execute(cell), 30)

    async def evaluate(self, code: str) -> Any:
        self._cells += 1
        cell = Cell(f"cell-{self._cells}", code, number=self._cells)
        return await asyncio.wait_for(self.session.evaluate(cell), 30)

    async def names(self, prefix: str) -> list[str]:
        found = await asyncio.wait_for(self.session.complete(prefix, len(prefix)), 30)
        assert found is not None
        return [match.text for match in found.matches]


@pytest_asyncio.fixture
async def running() -> AsyncIterator[_Running]:
    """Yield an open session."""
    async with LocalPool() as pool:
        wire = _Wire(pool.application)
        async with PoolClient(
            Endpoint.parse("http://localhost"), transport=asgi_transport(wire)
        ) as client:
            running = _Running(wire, client)
            await running.session.open()
            yield running
            await running.session.close(restart=False)


@pytest.mark.asyncio
async def test_a_part_comes_with_the_first_request_that_needs_it(running: _Running) -> None:
    """It costs no request of its own, and travels once."""
    await running.run("const answer = 42")
    before = running.wire.executions
    assert "answer" in await running.names("answ")
    assert (running.wire.executions - before, running.wire.with_parts) == (1, 1)
    assert "answer" in await running.names("answ")
    assert (running.wire.executions - before, running.wire.with_parts) == (2, 1)


@pytest.mark.asyncio
async def test_a_part_that_cells_need_comes_with_the_next_cell(running: _Running) -> None:
    """From the second cell on it is there."""
    await running.run("let count = 0")
    running.session.needs_part(_PART)
    before = running.wire.executions
    await running.run("count += 1")
    await running.run("count += 1")
    assert (running.wire.executions - before, running.wire.with_parts) == (2, 1)
    assert await running.evaluate("count") == 2


@pytest.mark.asyncio
async def test_a_lost_answer_to_the_request_with_a_part_changes_nothing(
    running: _Running,
) -> None:
    """The cell runs once, and the part is there."""
    await running.run("let count = 0")
    running.session.needs_part(_PART)
    running.wire.lose = 1
    await running.run("count += 1")
    assert running.wire.with_parts == 2
    assert await running.evaluate("count") == 1
    assert "count" in await running.names("coun")
    assert running.wire.with_parts == 2


@pytest.mark.asyncio
async def test_a_new_runner_has_the_part_without_its_being_sent(running: _Running) -> None:
    """The agent keeps it: neither a crash nor a restart costs its way again."""
    running.session.needs_part(_PART)
    await running.run("1")
    outcome = await running.run("process.kill(process.pid, 'SIGKILL'); for (;;);")
    assert outcome.error is not None
    await running.run("const later = 1")
    assert "later" in await running.names("late")
    await running.session.restart()
    await running.run("const last = 1")
    assert "last" in await running.names("las")
    assert running.wire.with_parts == 1


@pytest.mark.asyncio
async def test_a_fresh_session_gets_the_part_again(running: _Running) -> None:
    """Its agent has nothing of what the one before was sent."""
    running.session.needs_part(_PART)
    await running.run("1")
    await running.client.stop_session(_IDENTIFIER)
    with pytest.raises(SessionLostError):
        await running.run("2")
    await running.run("const later = 1")
    assert "later" in await running.names("late")
    assert running.wire.with_parts == 2


@pytest.mark.asyncio
async def test_an_agent_that_lacks_a_part_is_sent_it(running: _Running) -> None:
    """Whatever the kernel believes of it, the cell runs."""
    running.session.needs_part(_PART)
    running.session._agent._sent_parts.add(_PART)
    assert await running.evaluate("6 * 7") == 42
    assert "parseInt" in await running.names("parseI")
    assert running.wire.with_parts == 1
