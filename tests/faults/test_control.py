"""Interrupts, questions and input while requests fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from acajs_kernel.errors import PermissionDeniedError
from acajs_kernel.session import Cell, Event, ExecuteResult, InputRequest, Stream
from acajs_kernel.session.rich.session import RichSession
from tests.faults.driving import Lane, pool_client
from tests.faults.kinds import FAULTS, FOR_GOOD
from tests.faults.proxy import Fault, Passage
from tests.session.callbacks import Callbacks

_SECONDS = 20
_FAULTS_IN_A_ROW = 3
_FOREVER = "await new Promise(() => {})"


class _Session:
    """A rich session behind the lane's proxy, whose cells have numbers and results."""

    def __init__(self, lane: Lane, session: RichSession, shown: dict[str, list[Event]]) -> None:
        self.proxy = lane.proxy
        self.rich = session
        self._shown = shown
        self._number = 0
        self.changed = asyncio.Event()

    def begin(self, code: str, *, allow_stdin: bool = False) -> asyncio.Task[Any]:
        """Start a cell."""
        self._number += 1
        cell = Cell(str(self._number), code, number=self._number, allow_stdin=allow_stdin)
        return asyncio.create_task(self.rich.execute(cell))

    async def value(self, code: str) -> str:
        """Run a cell, and return the text of its result."""
        outcome = await asyncio.wait_for(self.begin(code), _SECONDS)
        assert outcome.error is None
        (event,) = (event for event in self.events if isinstance(event, ExecuteResult))
        return str(event.data["text/plain"])

    @property
    def events(self) -> list[Event]:
        """What the latest cell has shown so far."""
        return self._shown.get(str(self._number), [])

    async def printed(self, text: str) -> None:
        """Wait until the latest cell has printed a text."""

        async def wait() -> None:
            while not any(isinstance(e, Stream) and text in e.text for e in self.events):
                self.changed.clear()
                await self.changed.wait()

        await asyncio.wait_for(wait(), _SECONDS)


async def _no_answer(_key: str, _request: InputRequest) -> str:
    raise AssertionError


@asynccontextmanager
async def _session(
    lanes: asyncio.Queue[Lane],
    on_input: Callable[[str, InputRequest], Awaitable[str]] = _no_answer,
) -> AsyncIterator[_Session]:
    lane = await lanes.get()
    shown: dict[str, list[Event]] = {}

    def show(key: str, event: Event) -> None:
        shown.setdefault(key, []).append(event)
        session.changed.set()

    async def pause(_seconds: float) -> None:
        await lane.proxy.listen()

    try:
        async with pool_client(lane.proxy.endpoint, pause) as pool:
            rich = RichSession(
                pool,
                lane.identifier,
                pinned=False,
                frontend=Callbacks(
                    on_event=show,
                    on_input=on_input,
                    on_notice=lambda _: None,
                ),
            )
            session = _Session(lane, rich, shown)
            lane.proxy.begin(lambda _: None)
            lane.proxy.on_held = lambda: lane.proxy.after(rich.ping())
            await rich.open()
            yield session
            await lane.proxy.settle()
    finally:
        lanes.put_nowait(lane)


def _first(count: int, fault: Fault) -> Callable[[int], Fault | None]:
    """Return a plan that injects a fault into the first requests."""
    return lambda position: fault if position < count else None


def _into(operation: str, fault: Fault) -> Callable[[int], Fault | None]:
    """Return a plan that injects a fault once, into the first request of an operation."""
    used = False

    async def act(passage: Passage) -> None:
        nonlocal used
        if used or json.dumps(f'"op": "{operation}"')[1:-1].encode() not in passage.request:
            await passage.answer(await passage.forward())
            return
        used = True
        await fault.act(passage)

    return lambda _: Fault(fault.name, act)


@pytest.mark.slow
async def test_an_interrupt_gets_through_whatever_fails(lanes: asyncio.Queue[Lane]) -> None:
    """It ends its cell, keeps the variables, and no later cell, however late it arrives."""
    async with _session(lanes) as session:
        await session.value("let kept = 0; kept")
        for count, name in enumerate(sorted(set(FAULTS) - FOR_GOOD), start=1):
            running = session.begin("kept += 1; console.log('begun'); for (;;) {}")
            await session.printed("begun")
            session.proxy.begin(_first(1 if "once" in name else _FAULTS_IN_A_ROW, FAULTS[name]))
            await asyncio.wait_for(session.rich.interrupt(), _SECONDS)
            outcome = await asyncio.wait_for(running, _SECONDS)
            assert outcome.error.ename == "KeyboardInterrupt", name
            next_value = await session.value(
                "await new Promise((done) => setTimeout(done, 30)); kept"
            )
            assert str(count) in next_value, name


async def test_a_cell_behind_one_that_was_given_up_can_be_interrupted(
    lanes: asyncio.Queue[Lane],
) -> None:
    """The interrupt ends both: the one that blocks, and the one that waits for it."""
    async with _session(lanes) as session:
        await session.value("let kept = 'still here'; kept")
        session.proxy.begin(_into("poll", FAULTS["403"]))
        with pytest.raises(PermissionDeniedError):
            await asyncio.wait_for(session.begin(f"console.log('begun'); {_FOREVER}"), _SECONDS)
        session.proxy.begin(lambda _: None)
        waiting = session.begin("'never'")
        while session.proxy.requests < 2:  # noqa: ASYNC110 -- its first answer has come then
            await asyncio.sleep(0.01)
        await asyncio.wait_for(session.rich.interrupt(), _SECONDS)
        outcome = await asyncio.wait_for(waiting, _SECONDS)
        assert outcome.error.ename == "KeyboardInterrupt"
        assert "still here" in await session.value("kept")


async def test_an_answer_of_the_user_is_kept_until_it_is_delivered(
    lanes: asyncio.Queue[Lane],
) -> None:
    """A refused request costs its cell, and not the ones after it, which would wait for ever."""
    asked: list[str] = []

    async def answer(_key: str, request: InputRequest) -> str:
        asked.append(request.prompt)
        return "Ada"

    async with _session(lanes, answer) as session:
        session.proxy.begin(_into("input", FAULTS["403"]))
        with pytest.raises(PermissionDeniedError):
            await asyncio.wait_for(
                session.begin("var name = prompt('Name?')", allow_stdin=True), _SECONDS
            )
        assert "Ada" in await session.value("name")
        assert asked == ["Name? "]


async def test_other_requests_do_not_disturb_a_large_answer(
    lanes: asyncio.Queue[Lane],
) -> None:
    """Output that comes in parts is whole although other requests want to go between them."""
    async with _session(lanes) as session:
        session.proxy.begin(_first(_FAULTS_IN_A_ROW, FAULTS["result cut at 400"]))
        running = session.begin(
            "for (let i = 0; i < 40; i++) { console.log(String(i).repeat(2000));"
            " await new Promise((done) => setTimeout(done, 5)) }"
        )
        pings = 0
        while not running.done():
            await asyncio.wait_for(session.rich.ping(), _SECONDS)
            pings += 1
        assert (await running).error is None
        text = "".join(event.text for event in session.events if isinstance(event, Stream))
        assert text == "".join(f"{str(number) * 2000}\n" for number in range(40))
        assert pings > 1
