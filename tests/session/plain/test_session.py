"""Plain mode: what the service's answers tell of the session, and of cells that run for long."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from acajs_kernel.errors import CodeFailedError, SessionLostError
from acajs_kernel.pool import Endpoint, PoolClient
from acajs_kernel.session import Cell, Event, Stream
from acajs_kernel.session.plain.session import PlainSession
from tests.pool.fakes import IDENTIFIER, URL
from tests.session.callbacks import Callbacks

_REPLACED = "The session was replaced by a fresh one"


@dataclass
class _Pool:
    """Answers executions, with the headers that a test has put there.

    Attributes:
        headers: Of the next answers; the last ones repeat.
        hold: Awaited before an answer.
    """

    headers: list[dict[str, str]] = field(default_factory=lambda: [{}])
    codes: list[str] = field(default_factory=list)
    hold: asyncio.Event | None = None

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        if request.method == "DELETE":
            return httpx.Response(204)
        self.codes.append(json.loads(await request.aread())["properties"]["code"])
        if self.hold is not None:
            await self.hold.wait()
        headers = self.headers.pop(0) if len(self.headers) > 1 else self.headers[0]
        properties = {"status": "Success", "stdout": "", "stderr": "", "executionResult": ""}
        return httpx.Response(200, json={"properties": properties}, headers=headers)


@dataclass
class _Sleeper:
    """Holds whoever sleeps until the test lets go."""

    asked: asyncio.Queue[float] = field(default_factory=asyncio.Queue)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, seconds: float) -> None:
        """Sleep."""
        self.asked.put_nowait(seconds)
        await self.is_over.wait()


@dataclass
class _Told:
    events: list[tuple[str, Event]] = field(default_factory=list)
    has_event: asyncio.Event = field(default_factory=asyncio.Event)
    notices: list[str] = field(default_factory=list)

    def show(self, key: str, event: Event) -> None:
        """Take what a cell shows."""
        self.events.append((key, event))
        self.has_event.set()


@asynccontextmanager
async def _session(
    pool: _Pool, told: _Told, *, url: str = URL, sleep: Callable[[float], object] | None = None
) -> AsyncIterator[PlainSession]:
    transport = httpx.MockTransport(pool)
    async with PoolClient(Endpoint.parse(url), transport=transport) as client:
        session = PlainSession(
            client,
            IDENTIFIER,
            pinned=False,
            timeout_seconds=220,
            frontend=Callbacks(
                on_event=told.show,
                on_notice=told.notices.append,
            ),
            sleep=sleep or asyncio.sleep,  # type: ignore[arg-type] # awaitable all the same
        )
        await session.open()
        yield session


def _cell(name: str, code: str = "x") -> Cell:
    return Cell(name, code, number=1)


@pytest.mark.parametrize("value", ["true", "True", "1"])
async def test_a_cell_that_ran_on_a_fresh_session_says_that_variables_are_gone(value: str) -> None:
    """The service's header tells it; the cell's own outcome stays, and it runs once."""
    new = {"X-Ms-New-Allocation": value}
    pool, told = _Pool([new, {}, new, {"X-Ms-New-Allocation": "false"}]), _Told()
    async with _session(pool, told) as session:
        for name in "123":
            outcome = await session.execute(_cell(name, f"cell {name}"))
            assert outcome.error is None
            assert len(told.notices) == (0 if name == "1" else 1)
    assert pool.codes[1:] == ["cell 1", "cell 2", "cell 3"]
    assert told.notices[0].startswith(_REPLACED)
    assert "Variables are gone; this cell ran on the fresh session." in told.notices[0]


async def test_a_header_that_contradicts_the_session_is_not_believed() -> None:
    """Where the container is named and the same, nothing was replaced."""
    same = {"X-Ms-New-Allocation": "true", "X-Ms-Session-Guid": "one"}
    pool, told = _Pool([same, same, {**same, "X-Ms-Session-Guid": "two"}]), _Told()
    async with _session(pool, told) as session:
        await session.execute(_cell("1"))
        assert told.notices == []
        await session.execute(_cell("2"))
        assert len(told.notices) == 1


async def test_a_loss_that_a_ping_finds_fails_the_next_cell_before_it_runs() -> None:
    """As in rich mode: the cell does not run on a session without its variables; the next does."""
    pool, told = _Pool([{}, {"X-Ms-New-Allocation": "true"}, {}]), _Told()
    async with _session(pool, told) as session:
        await session.ping()
        with pytest.raises(SessionLostError, match="This cell did not run") as caught:
            await session.execute(_cell("1", "lost"))
        assert not caught.value.was_running
        assert "lost" not in pool.codes
        assert (await session.execute(_cell("2", "next"))).error is None
    assert told.notices == []


async def test_a_restart_is_no_loss() -> None:
    """A session that was replaced on purpose is not called lost."""
    new = {"X-Ms-New-Allocation": "true"}
    pool, told = _Pool([{}, new, new, {}]), _Told()
    async with _session(pool, told) as session:
        await session.ping()
        await session.restart()
        assert (await session.execute(_cell("1"))).error is None
    assert told.notices == []


async def test_an_expression_on_a_fresh_session_tells_it_too() -> None:
    """Magics ask for values by the same way."""
    pool, told = _Pool([{}, {"X-Ms-New-Allocation": "true"}]), _Told()
    async with _session(pool, told) as session:
        with pytest.raises(CodeFailedError):  # the answer of this pool is no value
            await session.evaluate(_cell("1", "1 + 1"))
    assert len(told.notices) == 1


async def test_a_cell_that_runs_for_long_gets_one_line() -> None:
    """After 110 s it says what the service may do after 120 s; other cells say nothing."""
    pool, told, sleeper = _Pool(), _Told(), _Sleeper()
    async with _session(pool, told, sleep=sleeper) as session:
        await session.execute(_cell("short"))
        while not sleeper.asked.empty():
            sleeper.asked.get_nowait()
        pool.hold = asyncio.Event()
        running = asyncio.ensure_future(session.execute(_cell("long")))
        assert await asyncio.wait_for(sleeper.asked.get(), 10) == 110
        assert told.events == []
        sleeper.is_over.set()
        await asyncio.wait_for(told.has_event.wait(), 10)
        pool.hold.set()
        assert (await running).error is None
    ((key, event),) = told.events
    assert key == "long"
    assert isinstance(event, Stream)
    assert event.name == "stderr"
    assert event.text.count("\n") == 1
    assert "110 s" in event.text
    assert "120 s" in event.text


async def test_an_interrupted_cell_says_nothing_later() -> None:
    """The line belongs to a cell that somebody still waits for."""
    pool, told, sleeper = _Pool(), _Told(), _Sleeper()
    async with _session(pool, told, sleep=sleeper) as session:
        pool.hold = asyncio.Event()
        running = asyncio.ensure_future(session.execute(_cell("long")))
        await asyncio.wait_for(sleeper.asked.get(), 10)
        await session.interrupt()
        outcome = await running
        assert outcome.error is not None
        assert outcome.error.ename == "KeyboardInterrupt"
        sleeper.is_over.set()
        for _ in range(10):
            await asyncio.sleep(0)
    assert told.events == []


async def test_cells_of_this_machines_pool_may_run_for_long() -> None:
    """The embedded pool gives up nothing after 120 s, and does not say so."""
    pool, told, sleeper = _Pool(), _Told(), _Sleeper()
    async with _session(pool, told, url="http://127.0.0.1:8700", sleep=sleeper) as session:
        await session.execute(_cell("1"))
    assert sleeper.asked.empty()
