"""Messages of comms on a bad network: each arrives once, in order, and so does its answer."""

from __future__ import annotations

import asyncio

import pytest

from acajs_kernel.session import (
    Cell,
    CommEvent,
    CommHandled,
    CommMessage,
    Event,
    InputRequest,
    Stream,
)
from acajs_kernel.session.rich.session import RichSession
from tests.faults.driving import Lane, pool_client
from tests.faults.kinds import FAULTS
from tests.session.callbacks import Callbacks

pytestmark = [pytest.mark.slow]

_MESSAGES = 12
_SECONDS = 60
_BEGIN = """
var heard = [];
var comm = Jupyter.comm("t", { id: "c" });
comm.onMessage(({ data }) => { heard.push(data); comm.send({ echo: data }); });
"""


class _Conversation:
    """What a session's comms have said, and its cells."""

    def __init__(self) -> None:
        self.printed = ""
        self.echoes: list[int] = []
        self.handled: list[str] = []
        self._changed = asyncio.Event()

    def show(self, _: str, event: Event) -> None:
        if isinstance(event, Stream):
            self.printed += event.text

    def hear(self, key: str, event: CommEvent) -> None:
        if isinstance(event, CommMessage) and event.type == "msg":
            self.echoes.append(event.data["echo"])
        elif isinstance(event, CommHandled):
            self.handled.append(key)
        self._changed.set()

    async def until_handled(self, count: int) -> None:
        while len(self.handled) < count:
            await self._changed.wait()
            self._changed.clear()

    async def refuse(self, _: str, __: InputRequest) -> str:
        raise AssertionError("no cell asks here")


@pytest.mark.parametrize(
    "name",
    [
        "drop after it ran",
        "answer cut in the middle",
        "request overtaken",
        "dropped, arrives after four",
        "503 after it ran",
        "result cut at 400",
    ],
)
async def test_messages_arrive_once_and_in_order(lanes: asyncio.Queue[Lane], name: str) -> None:
    """A fault meets every third request; messages go one by one, then several at once."""
    lane = await lanes.get()
    said = _Conversation()

    async def pause(_: float) -> None:
        await lane.proxy.listen()

    try:
        lane.proxy.begin(lambda position: FAULTS[name] if position % 3 == 1 else None)
        async with pool_client(lane.proxy.endpoint, pause) as pool:
            session = RichSession(
                pool,
                lane.identifier,
                pinned=False,
                frontend=Callbacks(
                    on_event=said.show,
                    on_input=said.refuse,
                    on_notice=lambda _: None,
                    on_comm=said.hear,
                ),
            )
            lane.proxy.on_held = lambda: None
            await session.open()
            lane.proxy.on_held = lambda: lane.proxy.after(session.ping())
            assert (await session.execute(Cell(f"begin with {name}", _BEGIN))).error is None
            for n in range(_MESSAGES):
                session.send_comm(f"m{n}", CommMessage("msg", "c", data=n))
                if n < _MESSAGES // 2:
                    await asyncio.wait_for(said.until_handled(n + 1), _SECONDS)
            await asyncio.wait_for(said.until_handled(_MESSAGES), _SECONDS)
            outcome = await session.execute(Cell(f"end with {name}", "console.log(heard.join())"))
            assert outcome.error is None
            await lane.proxy.settle()
    finally:
        lanes.put_nowait(lane)
    assert any(injection.fault == name for injection in lane.proxy.injections)
    assert said.printed == ",".join(str(n) for n in range(_MESSAGES)) + "\n"
    assert said.echoes == list(range(_MESSAGES))
    assert said.handled == [f"m{n}" for n in range(_MESSAGES)]
