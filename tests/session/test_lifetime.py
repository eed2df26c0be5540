"""A session that is given up while it is opened, and what must not stay behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from acajs_kernel.errors import PoolUnreachableError, SessionError
from acajs_kernel.http import authentication
from acajs_kernel.local import LocalPool
from acajs_kernel.pool import Endpoint, PoolClient, asgi_transport
from acajs_kernel.session import Cell, InputRequest, NotebookSession, QuietFrontend
from acajs_kernel.session import lifetime as lifetime_module
from acajs_kernel.session.connecting import Listener, SessionSettings
from acajs_kernel.session.lifetime import Lifetime
from tests.session.callbacks import Callbacks
from tests.session.holding import Holding

_SECONDS = 30
_OWN = "lifetime-0123456789"


def _settings(endpoint: str, *, session_id: str = "", runtime: str = "rich") -> SessionSettings:
    return SessionSettings(endpoint, "2025-10-02-preview", session_id, "", runtime, 60, 0)


async def _refuse(_: str, __: InputRequest) -> str:
    raise AssertionError("nothing here asks")


def _notebook(settings: SessionSettings) -> NotebookSession:
    return NotebookSession(
        settings,
        key=b"key",
        frontend=Callbacks(on_event=lambda _key, _event: None, on_input=_refuse),
    )


class _Opening:
    """A notebook whose session is there, while the notebook has not heard of it yet."""

    def __init__(self, pool: LocalPool, holding: Holding) -> None:
        self.pool = pool
        self.holding = holding

    async def begin(self, **settings: Any) -> NotebookSession:
        """Begin to open a session, up to the moment at which the pool has it."""
        notebook = _notebook(_settings("http://pool.localhost", **settings))
        self.holding.hold_answers("hello")
        notebook.start()
        await self.holding.has_come()
        self.holding.hold_no_more()
        assert len(self.sessions) == 1
        return notebook

    @property
    def sessions(self) -> list[str]:
        """The identifiers of the pool's sessions."""
        return [session.identifier for session in self.pool._registry.list()]


@pytest_asyncio.fixture
async def opening(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[_Opening]:
    """Serve a pool whose answers can be held."""
    async with LocalPool() as pool:
        holding = Holding(pool.application)

        async def connect(settings: SessionSettings, resources: Any, _: Any) -> PoolClient:
            client = PoolClient(
                Endpoint.parse(settings.endpoint),
                api_version=settings.api_version,
                transport=asgi_transport(holding),
            )
            entered: Awaitable[PoolClient] = resources.enter_async_context(client)
            return await entered

        monkeypatch.setattr(lifetime_module, "connect", connect)
        yield _Opening(pool, holding)
        holding.let_pass()


async def test_a_kernel_that_ends_while_it_opens_its_session_stops_it(opening: _Opening) -> None:
    """It would count against the pool's sessions until its cooldown."""
    notebook = await opening.begin()
    await asyncio.wait_for(notebook.close(restart=False), _SECONDS)
    assert opening.sessions == []


async def test_a_kernel_that_restarts_while_it_opens_its_session_leaves_it(
    opening: _Opening,
) -> None:
    """The next kernel has the same identifier, and takes the session over."""
    notebook = await opening.begin()
    await asyncio.wait_for(notebook.close(restart=True), _SECONDS)
    assert len(opening.sessions) == 1


async def test_a_session_that_the_user_has_named_is_left(opening: _Opening) -> None:
    """It outlives kernels, opened or not."""
    notebook = await opening.begin(session_id=_OWN)
    await asyncio.wait_for(notebook.close(restart=False), _SECONDS)
    assert opening.sessions == [_OWN]


async def test_a_session_that_is_left_while_it_is_opened_is_stopped(opening: _Opening) -> None:
    """The notebook goes to another session, which is opened then."""
    notebook = await opening.begin()
    await asyncio.wait_for(notebook.change(session_id=_OWN), _SECONDS)
    await asyncio.wait_for(notebook.execute(Cell("cell", "1")), _SECONDS)
    assert opening.sessions == [_OWN]
    await notebook.close(restart=False)


async def test_a_session_of_no_use_is_stopped(
    opening: _Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An opening that has failed may have allocated it."""
    notebook = _notebook(_settings("http://pool.localhost"))
    execute = PoolClient.execute

    async def fail(client: PoolClient, identifier: str, _: str, **options: Any) -> Any:
        return await execute(client, identifier, "throw new Error('no agent')", **options)

    monkeypatch.setattr(PoolClient, "execute", fail)
    with pytest.raises(SessionError, match="no agent"):
        await notebook.execute(Cell("cell", "1"))
    assert len(opening.sessions) == 1
    await asyncio.wait_for(notebook.close(restart=False), _SECONDS)
    assert opening.sessions == []


class _Slow:
    """An opening whose end takes a while after it was cancelled."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.events: list[str] = []

    async def open(self, *_: Any) -> Any:
        self.events.append("begun")
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await self.may_end.wait()
            self.events.append("ended")


def _lifetime(
    monkeypatch: pytest.MonkeyPatch, open_session: Callable[..., Awaitable[Any]]
) -> Lifetime:
    monkeypatch.setattr(lifetime_module, "open_session", open_session)
    return Lifetime(
        _settings("http://127.0.0.1:9", session_id=_OWN),
        key=b"",
        frontend=QuietFrontend(),
        listener=Listener(),
    )


@pytest.mark.parametrize("way", ["leave", "close"])
async def test_leaving_waits_for_the_end_of_an_opening(
    monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """What it opens is closed afterwards, and nothing is opened behind that."""
    slow = _Slow()
    lifetime = _lifetime(monkeypatch, slow.open)
    lifetime.start()
    await asyncio.wait_for(slow.begun.wait(), _SECONDS)
    lifetime._resources.callback(slow.events.append, "closed")
    leaving = asyncio.create_task(
        lifetime.leave() if way == "leave" else lifetime.close(restart=False)
    )
    for _ in range(10):  # turns of the loop, of which it would need two
        await asyncio.sleep(0)
    assert not leaving.done()
    slow.may_end.set()
    await asyncio.wait_for(leaving, _SECONDS)
    assert slow.events == ["begun", "ended", "closed"]


async def test_a_session_is_opened_after_the_one_before_was_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A frontend's message may ask for a session in the middle of a change."""
    slow = _Slow()
    lifetime = _lifetime(monkeypatch, slow.open)
    lifetime.start()
    await asyncio.wait_for(slow.begun.wait(), _SECONDS)
    leaving = asyncio.create_task(lifetime.leave())
    await asyncio.sleep(0)
    another = lifetime.start()
    for _ in range(10):
        await asyncio.sleep(0)
    events = [*slow.events]
    slow.may_end.set()
    assert events == ["begun"]
    slow.begun.clear()
    await asyncio.wait_for(leaving, _SECONDS)
    await asyncio.wait_for(slow.begun.wait(), _SECONDS)
    assert slow.events == ["begun", "ended", "begun"]
    another.cancel()
    await lifetime.close(restart=False)


class _Credential:
    """A credential that gives a token, and is open until it is closed."""

    open: set[_Credential]

    def __init__(self) -> None:
        self.open.add(self)

    def get_token(self, _: str) -> Any:
        class Access:
            token = "token"
            expires_on = 10**10

        return Access

    def close(self) -> None:
        self.open.discard(self)


async def test_each_change_of_session_closes_the_credential(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A credential holds connections and, with some, a program's pipes."""
    _Credential.open = set()
    made: list[_Credential] = []

    def make() -> _Credential:
        made.append(_Credential())
        return made[-1]

    monkeypatch.setattr(authentication, "_default_credential", make)
    notebook = _notebook(_settings("http://127.0.0.1:9"))
    for number in range(1, 4):
        with pytest.raises(PoolUnreachableError):
            await notebook.access()
        assert len(made) == number
        assert len(_Credential.open) == 1
        await notebook.change(session_id="")
    await notebook.close(restart=False)
    assert _Credential.open == set()
