"""How many requests cells cost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from acajs_kernel.local import LocalPool
from acajs_kernel.pool import Endpoint, PoolClient, asgi_transport
from acajs_kernel.session import (
    Cell,
    CommEvent,
    CommHandled,
    CommMessage,
    Event,
    InputRequest,
    Stream,
)
from acajs_kernel.session.rich import polling
from acajs_kernel.session.rich.session import RichSession
from tests.session.callbacks import Callbacks
from tests.session.held_clock import HeldClock

if TYPE_CHECKING:
    import pytest

_Application = Callable[..., Awaitable[None]]


class _Counting:
    """Counts executions, and holds each request and each answer for a while."""

    def __init__(self, application: _Application, delay_seconds: float = 0) -> None:
        self._application = application
        self._delay_seconds = delay_seconds
        self.executions = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.executions += scope["path"].endswith("/code/execute")
        await asyncio.sleep(self._delay_seconds)
        await self._application(scope, receive, send)
        await asyncio.sleep(self._delay_seconds)


class _Running:
    """A rich session whose requests are counted."""

    def __init__(self, pool: LocalPool, client: PoolClient, counting: _Counting) -> None:
        self.pool = pool
        self.counting = counting
        self.events: list[Event] = []
        self.session = RichSession(
            client,
            "round-trips-0123456789",
            pinned=False,
            frontend=Callbacks(
                on_event=self._show,
                on_input=self._refuse,
                on_notice=lambda _: None,
                on_comm=self._hear,
            ),
        )
        self.clock = HeldClock()
        self.session._watch._sleep = self.clock.sleep
        self.comms: list[tuple[str, CommEvent]] = []
        self._cells = 0
        self._shows_more = asyncio.Event()

    def _show(self, _: str, event: Event) -> None:
        self.events.append(event)
        self._shows_more.set()

    def _hear(self, key: str, event: CommEvent) -> None:
        self.comms.append((key, event))
        self._shows_more.set()

    async def handled(self, key: str) -> None:
        """Wait until a message of a comm was handled."""

        async def look() -> None:
            while (key, CommHandled()) not in self.comms:
                await self._shows_more.wait()
                self._shows_more.clear()

        await asyncio.wait_for(look(), 20)

    async def _refuse(self, _: str, __: InputRequest) -> str:
        raise AssertionError("no cell asks here")

    async def shown_in_time(self, text: str) -> None:
        """Let time pass until a text was shown."""

        async def look() -> None:
            while Stream("stdout", text) not in self.events:
                await self.clock.advance(0.1)
                await asyncio.sleep(0.01)  # the session's own time goes on

        await asyncio.wait_for(look(), 20)

    async def let_pass(self, seconds: float) -> None:
        """Let time pass for who looks for late output, until nobody does any more."""
        watching = self.session._watch._watching
        if watching is None:
            return
        passing = asyncio.ensure_future(self.clock.advance(seconds))
        await asyncio.wait({passing, watching}, return_when=asyncio.FIRST_COMPLETED)
        passing.cancel()

    @property
    def looks_for_output(self) -> bool:
        """Whether anybody will ask the session by itself."""
        watching = self.session._watch._watching
        return watching is not None and not watching.done()

    async def requests_of(self, code: str) -> int:
        """Run a cell, and return how many executions it took."""
        before = self.counting.executions
        self._cells += 1
        outcome = await self.session.execute(Cell(str(self._cells), code))
        assert outcome.error is None
        return self.counting.executions - before


async def _run(delay_seconds: float) -> AsyncIterator[_Running]:
    async with LocalPool() as pool:
        counting = _Counting(pool.application, delay_seconds)
        async with PoolClient(
            Endpoint.parse("http://embedded.localhost"), transport=asgi_transport(counting)
        ) as client:
            running = _Running(pool, client, counting)
            await running.session.open()
            await running.requests_of("0")  # the runner has warmed up
            yield running


@pytest_asyncio.fixture
async def near(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[_Running]:
    """Open a session of a pool in this process, on a machine that may be busy.

    A request waits for the end of a cell for as long as one ever does, also where something
    was printed, so that a cell that is held up costs no second one.
    """
    monkeypatch.setattr(polling, "_LEAST_WAIT_SECONDS", polling._MOST_WAIT_SECONDS)
    monkeypatch.setattr(polling, "_GATHER_MILLISECONDS", 1000)
    monkeypatch.setattr(polling, "_LEAST_SOON_MILLISECONDS", 1000)
    async for running in _run(0):
        yield running


@pytest_asyncio.fixture
async def far() -> AsyncIterator[_Running]:
    """Open a session of a pool that is 150 ms away."""
    async for running in _run(0.15):
        yield running


async def test_a_short_cell_is_one_round_trip(near: _Running) -> None:
    """Value, output, error-free statement: one execution each."""
    for code in ("1 + 1", "console.log('x')", "const a = 1", "await Promise.resolve(3)"):
        assert await near.requests_of(code) == 1


async def test_a_short_cell_is_one_round_trip_on_a_far_pool(far: _Running) -> None:
    """With 150 ms each way nothing else is asked."""
    for code in ("1 + 1", "console.log('x'); 2"):
        assert await far.requests_of(code) == 1


async def test_a_long_cell_is_polled_at_a_bounded_rate(far: _Running) -> None:
    """A cell of 1.5 s without output costs a few requests, not dozens."""
    assert await far.requests_of("await new Promise((done) => setTimeout(done, 1500))") <= 4


async def test_opening_takes_two_executions(near: _Running) -> None:
    """One finds that there is no agent, one installs it and says hello."""
    assert near.counting.executions == 3  # with the cell that the fixture ran


async def test_an_idle_session_is_asked_nothing(near: _Running, tmp_path: Path) -> None:
    """A cell that left nothing behind costs its one request, and no more afterwards."""
    await near.requests_of("console.log('all done')")
    before = near.counting.executions
    assert not near.looks_for_output
    sign = tmp_path / "print"
    await near.requests_of(
        "var late = setInterval(() => {"
        f"  if (fs.existsSync({json.dumps(str(sign))})) {{"
        "    clearInterval(late); console.log('late');"
        "  }"
        "}, 10)"
    )
    assert near.looks_for_output
    sign.touch()
    await near.shown_in_time("late\n")
    assert near.counting.executions > before + 1
    await near.let_pass(3600)
    assert not near.looks_for_output


_COMM = (
    "var heard = []; var comm = Jupyter.comm('t', {id: 'c'}); "
    "comm.onMessage(({data}) => { heard.push(data); comm.send({sum: heard.length}); });"
)


async def test_an_open_comm_costs_nothing_while_nothing_happens(near: _Running) -> None:
    """Neither before a message nor after one."""
    await near.requests_of(_COMM)
    assert not near.looks_for_output
    near.session.send_comm("m", CommMessage("msg", "c", data=1))
    await near.handled("m")
    assert ("m", CommMessage("msg", "c", data={"sum": 1})) in near.comms
    before = near.counting.executions
    await near.let_pass(1)
    assert not near.looks_for_output
    assert near.counting.executions == before


async def test_what_a_callback_begins_is_fetched(near: _Running) -> None:
    """A timer that a comm's callback has set shows what it does."""
    await near.requests_of(
        "comm = Jupyter.comm('t', {id: 'd'});"
        "comm.onMessage(() => setTimeout(() => console.log('later'), 300));"
    )
    near.session.send_comm("m", CommMessage("msg", "d"))
    await near.handled("m")
    await near.shown_in_time("later\n")


async def test_messages_that_come_faster_than_a_far_pool_answers_go_together(far: _Running) -> None:
    """A slider that is dragged costs one request a round trip; all arrive before the next cell."""
    await far.requests_of(_COMM)
    before = far.counting.executions
    for n in range(100):
        far.session.send_comm(f"m{n}", CommMessage("msg", "c", data=n))
        await asyncio.sleep(0.005)
    await far.requests_of("console.log(heard.join())")
    assert Stream("stdout", ",".join(str(n) for n in range(100)) + "\n") in far.events
    handled = [key for key, event in far.comms if event == CommHandled()]
    assert handled == [f"m{n}" for n in range(100)]
    # How long a hundred steps take depends on the machine: no more than one in three is a request.
    assert far.counting.executions - before < 33
