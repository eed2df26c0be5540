"""An answer that comes when its session is gone, and another has its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from acajs_kernel.errors import SessionLostError
from acajs_kernel.local import LocalPool
from acajs_kernel.pool import Endpoint, PoolClient, asgi_transport
from acajs_kernel.session import (
    Cell,
    CommEvent,
    CommMessage,
    CommsClosed,
    Event,
    InputRequest,
    Outcome,
    Stream,
)
from acajs_kernel.session.rich.session import RichSession
from tests.session.callbacks import Callbacks
from tests.session.holding import Holding

_IDENTIFIER = "late-answers-0123456789"
_SECONDS = 30


async def _refuse(_: str, __: InputRequest) -> str:
    raise AssertionError("nothing here asks")


class _Replaceable:
    """A rich session that can be lost, on a pool whose answers can be held."""

    def __init__(self, holding: Holding, client: PoolClient) -> None:
        self.holding = holding
        self.client = client
        self.shown: list[tuple[str, Event]] = []
        self.comms: list[tuple[str, CommEvent]] = []
        self.has_shown = asyncio.Event()
        self.session = RichSession(
            client,
            _IDENTIFIER,
            pinned=False,
            frontend=Callbacks(
                on_event=self._show,
                on_input=_refuse,
                on_notice=lambda _: None,
                on_comm=lambda key, event: self.comms.append((key, event)),
            ),
        )

    def _show(self, key: str, event: Event) -> None:
        self.shown.append((key, event))
        self.has_shown.set()

    async def run(self, key: str, code: str) -> Outcome:
        """Run a cell to its end."""
        return await asyncio.wait_for(self.session.execute(Cell(key, code)), _SECONDS)

    async def replace(self) -> None:
        """Lose the session, and learn of it; the next cell opens another one."""
        await self.client.stop_session(_IDENTIFIER)
        with pytest.raises(SessionLostError):
            await self.run("loss", "0")


@pytest_asyncio.fixture
async def replaceable() -> AsyncIterator[_Replaceable]:
    """Open a session, and stop it at the end."""
    async with LocalPool() as pool:
        holding = Holding(pool.application)
        client = PoolClient(
            Endpoint.parse("http://late.localhost"), transport=asgi_transport(holding)
        )
        async with client:
            running = _Replaceable(holding, client)
            await running.session.open()
            yield running
            holding.let_pass()
            await running.session.close(restart=False)


async def test_a_late_answer_shows_nothing_and_hides_nothing(replaceable: _Replaceable) -> None:
    """Its events are of another session, whose numbers say nothing of the new one's."""
    await replaceable.run(
        "old", "setTimeout(() => { for (let i = 0; i < 99; i++) display(i); }, 0)"
    )
    replaceable.holding.hold_answers("poll")
    replaceable.shown.clear()
    asking = asyncio.create_task(replaceable.session.ping())
    await replaceable.holding.has_come()
    let_old_pass = replaceable.holding.hold_no_more()
    await replaceable.replace()
    await replaceable.run("first", "var x")  # the new session is open
    let_old_pass()
    with pytest.raises(SessionLostError):
        await asyncio.wait_for(asking, _SECONDS)

    outcome = await replaceable.run("new", "console.log('new'); await 0; console.log('and more')")

    assert outcome.error is None
    texts = [(key, event.text) for key, event in replaceable.shown if isinstance(event, Stream)]
    assert "".join(text for _, text in texts) == "new\nand more\n"
    assert {key for key, _ in replaceable.shown} == {"new"}


async def test_a_late_answer_ends_no_comm_of_the_new_session(replaceable: _Replaceable) -> None:
    """What was sent to the session that is gone ends with that session's comms."""
    replaceable.holding.hold_answers("comm")
    running = asyncio.create_task(
        replaceable.run("old", "console.log('begun'); await new Promise(() => {})")
    )
    await asyncio.wait_for(replaceable.has_shown.wait(), _SECONDS)
    replaceable.session.send_comm("m", CommMessage("open", "old", target="nobody"))
    await replaceable.holding.has_come()
    let_old_pass = replaceable.holding.hold_no_more()
    await replaceable.client.stop_session(_IDENTIFIER)
    with pytest.raises(SessionLostError):
        await running
    assert ("old", CommsClosed()) in replaceable.comms
    await replaceable.run("new", "var comm = Jupyter.comm('t', { id: 'new' }); 0")
    replaceable.comms.clear()
    let_old_pass()
    await replaceable.run("next", "comm.send('still here')")
    assert [event for _, event in replaceable.comms] == [
        CommMessage("msg", "new", data="still here")
    ]


async def test_the_late_failure_of_an_interpreter_stops_no_other_session(
    replaceable: _Replaceable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session whose interpreter has ended is stopped under an identifier that lives on."""
    agent = replaceable.session._agent
    execute = replaceable.client.execute
    is_sent, may_fail = asyncio.Event(), asyncio.Event()

    async def fail_late(*arguments: Any, **options: Any) -> Any:
        if not is_sent.is_set():
            is_sent.set()
            await may_fail.wait()
            return await execute(_IDENTIFIER, "throw new Error('the interpreter has ended')")
        return await execute(*arguments, **options)

    monkeypatch.setattr(replaceable.client, "execute", fail_late)
    asking = asyncio.create_task(agent.ask("poll", wait=0))
    await asyncio.wait_for(is_sent.wait(), _SECONDS)
    await replaceable.replace()
    await replaceable.run("new", "var kept = 1")
    guid = (await replaceable.client.get_session(_IDENTIFIER)).etag
    may_fail.set()
    with pytest.raises(SessionLostError):
        await asyncio.wait_for(asking, _SECONDS)
    assert (await replaceable.client.get_session(_IDENTIFIER)).etag == guid
    assert (await replaceable.run("next", "kept.foo")).error is None
