"""A session is renewed while nothing else does it, for a bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from acajs_kernel.errors import ServiceError, SessionLostError
from acajs_kernel.local import LocalPool
from acajs_kernel.pool import Endpoint, PoolClient, asgi_transport
from acajs_kernel.session import Cell, Event, ExecuteResult, InputRequest, NotebookSession, Outcome
from acajs_kernel.session import lifetime as lifetime_module
from acajs_kernel.session.connecting import SessionSettings, renewal_seconds
from acajs_kernel.session.keepalive import keep_alive
from acajs_kernel.session.rich.session import RichSession
from tests.session.callbacks import Callbacks
from tests.session.held_clock import CoolingPool, HeldClock

_COOLDOWN = 300.0  # of the vendor's tutorial
_INTERVAL = 100.0
_IDENTIFIER = "kept-alive-0123456789"
_SECONDS = 30


async def _pings(last_use: float, seconds: float) -> list[float]:
    """Keep something alive for so long, and return when it was pinged."""
    clock = HeldClock()
    pings: list[float] = []

    async def ping() -> None:
        pings.append(clock.now - 1000)
        raise ServiceError("the pool is having a bad day")

    task = asyncio.create_task(
        keep_alive(
            ping,
            last_use=lambda: last_use,
            interval_seconds=_INTERVAL,
            idle_seconds=1800,
            clock=clock,
            sleep=clock.sleep,
        )
    )
    await clock.advance(seconds)
    task.cancel()
    return pings


async def test_an_idle_session_is_pinged_until_it_idled_long_enough() -> None:
    """Pings come at the interval, go on after a failed one, and stop after the idle time."""
    assert await _pings(1000, 3600) == [100.0 * n for n in range(1, 19)]


async def test_a_session_that_was_used_just_now_is_not_pinged() -> None:
    """What used it has renewed it."""
    assert await _pings(1050, 100) == []
    assert await _pings(1050, 200) == [200]


async def test_a_session_is_renewed_three_times_within_its_cooldown() -> None:
    """The cooldown is the pool's own, else the usual one of five minutes."""
    async with LocalPool(cooldown_seconds=60) as pool:
        client = PoolClient(
            Endpoint.parse("http://pool.localhost"),
            api_version="2025-10-02-preview",
            transport=asgi_transport(pool.application),
        )
        async with client:
            assert await renewal_seconds(client, _IDENTIFIER) == 100  # there is no session
            await client.execute(_IDENTIFIER, "1")
            assert await renewal_seconds(client, _IDENTIFIER) == pytest.approx(20, abs=0.1)


class _Notebook:
    """A notebook on a pool whose time, and the kernel's, a test lets pass."""

    def __init__(
        self, clock: HeldClock, pool: LocalPool, cooling: CoolingPool, keepalive_minutes: float
    ) -> None:
        self.clock = clock
        self.cooling = cooling
        self.pings = 0
        self.shown: list[Event] = []
        self.has_shown = asyncio.Event()
        self.asked: asyncio.Queue[asyncio.Future[str]] = asyncio.Queue()
        self._pool = pool
        self.session = NotebookSession(
            SessionSettings(
                "http://pool.localhost",
                "2025-10-02-preview",
                _IDENTIFIER,
                "",
                "rich",
                60,
                keepalive_minutes,
            ),
            key=b"key",
            frontend=Callbacks(
                on_event=self._show,
                on_input=self._ask,
            ),
        )
        lifetime = self.session._lifetime
        lifetime._clock, lifetime._sleep = clock, clock.sleep
        lifetime.end_use()

    def _show(self, _: str, event: Event) -> None:
        self.shown.append(event)
        self.has_shown.set()

    async def _ask(self, _: str, __: InputRequest) -> str:
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.asked.put_nowait(answer)
        return await answer

    def begin(self, code: str) -> asyncio.Task[Outcome]:
        """Begin to run a cell."""
        return asyncio.create_task(self.session.execute(Cell(code, code, allow_stdin=True)))

    async def value(self, code: str) -> Any:
        """Run a cell, and return its value as text."""
        outcome = await asyncio.wait_for(self.begin(code), _SECONDS)
        assert outcome.error is None
        (result,) = [event for event in self.shown if isinstance(event, ExecuteResult)]
        self.shown.clear()
        return result.data["text/plain"]

    async def question(self) -> asyncio.Future[str]:
        """Wait for the cell's question, and return what answers it."""
        return await asyncio.wait_for(self.asked.get(), _SECONDS)

    async def stop_session(self) -> None:
        """Let the session be gone."""
        await self._pool._registry.stop(_IDENTIFIER)


_Making = Callable[[float], Any]


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> _Making:
    """Make a notebook that keeps its session alive for so many minutes."""

    @asynccontextmanager
    async def make(keepalive_minutes: float) -> AsyncIterator[_Notebook]:
        clock = HeldClock()
        ping = RichSession.ping

        async def count(session: RichSession) -> None:
            made.pings += 1
            await ping(session)

        async with LocalPool(cooldown_seconds=_COOLDOWN) as pool:

            async def stop() -> None:
                await pool._registry.stop(_IDENTIFIER)

            cooling = CoolingPool(pool.application, clock, _COOLDOWN, stop)

            async def connect(settings: SessionSettings, resources: Any, _: Any) -> PoolClient:
                client = PoolClient(
                    Endpoint.parse(settings.endpoint),
                    api_version=settings.api_version,
                    transport=asgi_transport(cooling),
                )
                entered: Awaitable[PoolClient] = resources.enter_async_context(client)
                return await entered

            async def renew_often(*_: Any) -> float:
                return _INTERVAL  # the pool's own answer is rounded to milliseconds

            monkeypatch.setattr(lifetime_module, "connect", connect)
            monkeypatch.setattr(lifetime_module, "renewal_seconds", renew_often)
            monkeypatch.setattr(RichSession, "ping", count)
            made = _Notebook(clock, pool, cooling, keepalive_minutes)
            try:
                yield made
            finally:
                await made.session.close(restart=False)

    return make


async def test_an_idle_notebook_keeps_its_session_for_the_time_that_was_set(
    notebook: _Making,
) -> None:
    """It outlives its cooldown while pings come, and cools down when they stop."""
    async with notebook(30) as running:
        assert await running.value("var kept = 1; kept") == "\x1b[33m1\x1b[39m"
        await running.clock.advance(1750)
        assert running.pings == 17
        assert await running.value("kept") == "\x1b[33m1\x1b[39m"
        await running.clock.advance(1800 + 3 * _INTERVAL + _COOLDOWN)
        with pytest.raises(SessionLostError, match="did not run"):
            await running.begin("kept")


async def test_a_running_cell_is_not_pinged(notebook: _Making) -> None:
    """Its own requests renew the session; a ping would only queue before them."""
    async with notebook(30) as running:
        cell = running.begin("console.log('begun'); await new Promise(() => {})")
        await asyncio.wait_for(running.has_shown.wait(), _SECONDS)
        for _ in range(10):
            await running.clock.advance(_INTERVAL)
            await running.cooling.has_served()
        assert running.pings == 0
        await running.session.interrupt()
        outcome = await asyncio.wait_for(cell, _SECONDS)
        assert outcome.error is not None
        assert outcome.error.ename == "KeyboardInterrupt"
        await running.clock.advance(2 * _INTERVAL)
        assert running.pings > 0


async def test_a_question_may_be_thought_about_for_longer_than_the_cooldown(
    notebook: _Making,
) -> None:
    """The person counts as idle, and the session is kept alive as for an idle notebook."""
    async with notebook(30) as running:
        await running.value("var before = 1; before")
        cell = running.begin("var name = prompt('Name?'); name + before")
        answer = await running.question()
        await running.clock.advance(1750)
        assert running.pings == 17
        answer.set_result("Ada")
        assert (await asyncio.wait_for(cell, _SECONDS)).error is None
        running.shown.clear()
        assert await running.value("name.length + before") == "\x1b[33m4\x1b[39m"
        await running.clock.advance(_INTERVAL * 2)
        assert running.pings == 18


@pytest.mark.parametrize("minutes", [0, 10])
async def test_a_question_is_not_kept_alive_for_ever(notebook: _Making, minutes: float) -> None:
    """Nobody is there: the session may cool down, and the answer that comes then says so."""
    async with notebook(minutes) as running:
        cell = running.begin("prompt('Name?')")
        answer = await running.question()
        if minutes:
            await running.clock.advance(minutes * 60 + _INTERVAL + _COOLDOWN)
        else:
            running.clock.now += _COOLDOWN + 1
        assert running.pings == minutes * 60 / _INTERVAL
        answer.set_result("late")
        with pytest.raises(SessionLostError, match="had begun in it and was not run again"):
            await asyncio.wait_for(cell, _SECONDS)


async def test_a_question_whose_session_is_lost_is_taken_back(notebook: _Making) -> None:
    """The answer would be for nobody; the next ping finds that out."""
    async with notebook(30) as running:
        cell = running.begin("prompt('Name?')")
        answer = await running.question()
        await running.stop_session()
        await running.clock.advance(2 * _INTERVAL)
        with pytest.raises(SessionLostError, match="had begun in it and was not run again"):
            await asyncio.wait_for(cell, _SECONDS)
        assert answer.cancelled()
