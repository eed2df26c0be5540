"""An interrupt holds for the cell that it was meant for, wherever that cell is just then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from acajs_kernel.local import LocalPool
from acajs_kernel.pool import Endpoint, PoolClient, asgi_transport
from acajs_kernel.session import Cell, Event, InputRequest, Outcome, Stream
from acajs_kernel.session.connecting import SessionSettings
from acajs_kernel.session.notebook import NotebookSession
from acajs_kernel.session.rich.session import RichSession
from tests.session.callbacks import Callbacks
from tests.session.holding import Holding

if TYPE_CHECKING:
    import pytest

_IDENTIFIER = "interrupts-0123456789"
_SECONDS = 30


async def _answer(_: str, __: InputRequest) -> str:
    return "Ada"


class _Interruptible:
    """A rich session on a pool whose requests can be held."""

    def __init__(self, holding: Holding, client: PoolClient) -> None:
        self.holding = holding
        self.client = client
        self.session = RichSession(
            client,
            _IDENTIFIER,
            pinned=False,
            frontend=Callbacks(
                on_event=lambda _key, _event: None,
                on_input=_answer,
                on_notice=lambda _: None,
            ),
        )
        self._cells = 0

    def begin(self, code: str) -> asyncio.Task[Outcome]:
        """Begin to run a cell."""
        self._cells += 1
        cell = Cell(f"cell-{self._cells}", code, number=self._cells, allow_stdin=True)
        return asyncio.create_task(self.session.execute(cell))

    async def value(self, expression: str) -> Any:
        """Return an expression's value."""
        self._cells += 1
        cell = Cell(f"cell-{self._cells}", expression, number=self._cells)
        return await asyncio.wait_for(self.session.evaluate(cell), _SECONDS)


@pytest_asyncio.fixture
async def rich() -> AsyncIterator[_Interruptible]:
    """Open a session, and stop it at the end."""
    async with LocalPool() as pool:
        holding = Holding(pool.application)
        client = PoolClient(
            Endpoint.parse("http://interrupts.localhost"), transport=asgi_transport(holding)
        )
        async with client:
            interruptible = _Interruptible(holding, client)
            await interruptible.session.open()
            yield interruptible
            await interruptible.session.close(restart=False)


async def test_a_cell_that_its_interrupt_overtakes_never_runs(rich: _Interruptible) -> None:
    """Its request may be a while on its way, which the interrupt's is not."""
    rich.holding.hold("run")
    running = rich.begin("globalThis.ran = true")
    await rich.holding.has_come()
    await asyncio.wait_for(rich.session.interrupt(), _SECONDS)
    outcome = await asyncio.wait_for(running, _SECONDS)  # without waiting for the request
    rich.holding.let_pass()
    assert outcome.error is not None
    assert outcome.error.ename == "KeyboardInterrupt"
    assert await rich.value("typeof ran") == "undefined"


async def test_an_interrupt_overtakes_an_answer_on_its_way(rich: _Interruptible) -> None:
    """What the user has typed may take a while to arrive, and the cell must not wait for it."""
    rich.holding.hold("input")
    running = rich.begin("globalThis.name = prompt('Name?'); globalThis.ran = true")
    await rich.holding.has_come()
    await asyncio.wait_for(rich.session.interrupt(), _SECONDS)
    outcome = await asyncio.wait_for(running, _SECONDS)
    rich.holding.let_pass()
    assert outcome.error is not None
    assert outcome.error.ename == "KeyboardInterrupt"
    assert await rich.value("typeof ran") == "undefined"


async def test_an_interrupt_ends_what_is_done_again_on_a_fresh_session() -> None:
    """Earlier uploads and installations take time, and the cell behind them does not run."""
    settings = SessionSettings("", "2024-02-02-preview", "", "", "rich", 60, 0, "replay")
    shown: list[Event] = []
    notebook = NotebookSession(
        settings,
        key=b"key",
        frontend=Callbacks(on_event=lambda _key, event: shown.append(event), on_input=_answer),
    )
    begun, ended = asyncio.Event(), asyncio.Event()

    async def act() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    await notebook.execute(Cell("first", "globalThis.runs = 1", number=1))
    notebook.repeat_if_lost(act)
    access = await notebook.access()
    assert access is not None
    await access.pool.stop_session(access.identifier)
    running = asyncio.create_task(
        notebook.execute(Cell("second", "globalThis.ran = true", number=2))
    )
    await asyncio.wait_for(begun.wait(), _SECONDS)
    await asyncio.wait_for(notebook.interrupt(), _SECONDS)
    outcome = await asyncio.wait_for(running, _SECONDS)
    assert ended.is_set()
    assert outcome.error is not None
    assert outcome.error.ename == "KeyboardInterrupt"
    assert "did not run" in outcome.error.evalue
    shown.clear()
    await notebook.execute(Cell("third", "console.log(runs, typeof ran)", number=3))
    assert shown == [Stream("stdout", "1 undefined\n")]
    await notebook.close(restart=False)


async def test_an_interrupt_ends_the_wait_for_another_session(rich: _Interruptible) -> None:
    """The cell behind a loss waits for the session that takes the lost one's place."""
    await rich.client.stop_session(_IDENTIFIER)
    assert (await asyncio.gather(rich.begin("1"), return_exceptions=True))[0]  # learns of the loss
    rich.holding.hold("hello")
    running = rich.begin("globalThis.ran = true")
    await rich.holding.has_come()
    await asyncio.wait_for(rich.session.interrupt(), _SECONDS)
    outcome = await asyncio.wait_for(running, _SECONDS)
    rich.holding.let_pass()
    assert outcome.error is not None
    assert outcome.error.ename == "KeyboardInterrupt"
    assert await rich.value("typeof ran") == "undefined"


async def test_an_interrupt_as_the_session_opens_holds_for_the_cell_that_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The session may be open before the waiting cell has heard of it."""
    settings = SessionSettings("", "2024-02-02-preview", "", "", "rich", 60, 0)
    notebook = NotebookSession(
        settings,
        key=b"key",
        frontend=Callbacks(on_event=lambda _key, _event: None, on_input=_answer),
    )
    opened: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def wait() -> Any:
        return await opened

    lifetime = notebook._lifetime
    monkeypatch.setattr(lifetime, "_open", wait)
    # Before the waiting cell hears of it, because this was asked for before the cell came.
    lifetime.start().add_done_callback(lambda _: asyncio.ensure_future(notebook.interrupt()))
    running = asyncio.create_task(notebook.execute(Cell("cell", "1", number=1)))
    await asyncio.sleep(0)
    opened.set_result(object())  # which can run nothing
    outcome = await asyncio.wait_for(running, _SECONDS)
    assert outcome.error is not None
    assert outcome.error.ename == "KeyboardInterrupt"
