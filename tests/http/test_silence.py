"""A pool that takes connections and says nothing: told after seconds, given up within a minute."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable

import httpx
import pytest

from acajs_kernel.azure import ResourceManager
from acajs_kernel.errors import AzureError, PoolTimeoutError
from acajs_kernel.http.silence import Silence, SilentError
from acajs_kernel.pool import Endpoint, PoolClient
from tests.pool.fakes import IDENTIFIER, OLD_SUCCESS, URL


class HeldClock:
    """Time that a test moves; whoever sleeps wakes up when it has come."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleeping: list[tuple[float, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Wait until the test has moved the time so far."""
        waiting = asyncio.get_running_loop().create_future()
        self._sleeping.append((self.now + seconds, waiting))
        await waiting

    async def move(self, seconds: float) -> None:
        """Move the time, second by second, and let everybody act at each."""
        for _ in range(round(seconds)):
            await _settle()
            self.now += 1
            for until, waiting in self._sleeping:
                if until <= self.now and not waiting.done():
                    waiting.set_result(None)
        await _settle()


async def _settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


def _client(
    handler: Callable[[httpx.Request], Awaitable[httpx.Response]],
    clock: HeldClock,
    notices: list[str],
) -> PoolClient:
    async def handle(request: httpx.Request) -> httpx.Response:
        return await handler(request)

    return PoolClient(
        Endpoint.parse(URL),
        transport=httpx.MockTransport(handle),
        silence=Silence(notices.append, clock=clock, sleep=clock.sleep),
        clock=clock,
        sleep=clock.sleep,
        random=lambda: 0.0,
    )


async def _never(_: httpx.Request) -> httpx.Response:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


@pytest.mark.parametrize(
    ("act", "operation"),
    [
        (lambda client: client.list_files(IDENTIFIER), "Listing the files"),
        (lambda client: client.list_sessions(), "Listing the sessions"),
        (lambda client: client.stop_session(IDENTIFIER), "Stopping the session"),
        (lambda client: client.upload(IDENTIFIER, "x", b"1"), "Uploading 'x'"),
        (lambda client: client.download(IDENTIFIER, "x", io.BytesIO()), "Downloading 'x'"),
        (
            lambda client: client.execute(
                IDENTIFIER, "1", repeatable=True, operation="Asking the session"
            ),
            "Asking the session",
        ),
    ],
)
async def test_silence_is_told_and_given_up(
    act: Callable[[PoolClient], Awaitable[object]], operation: str
) -> None:
    """One line within 5 s names what is waited for; the error comes within 60 s."""
    clock, notices = HeldClock(), list[str]()
    async with _client(_never, clock, notices) as client:
        waiting = asyncio.ensure_future(act(client))
        await clock.move(3)
        assert notices == []
        await clock.move(2)
        assert len(notices) == 1
        assert notices[0].startswith(f"{operation}: waiting for the session pool at westus2.")
        await clock.move(39)
        assert not waiting.done()
        await clock.move(10)
        with pytest.raises(PoolTimeoutError, match="nothing came from the session pool") as caught:
            await waiting
    assert len(notices) == 1
    assert caught.value.message.startswith(f"{operation} failed")
    assert "acajs doctor" in caught.value.remedy
    assert IDENTIFIER not in str(caught.value)


async def test_a_command_that_goes_on_after_silence_ends_soon() -> None:
    """What comes after a call that was given up is not waited for as long again."""
    clock = HeldClock()
    async with _client(_never, clock, []) as client:
        first = asyncio.ensure_future(client.list_files(IDENTIFIER))
        await clock.move(46)
        assert isinstance(first.exception(), PoolTimeoutError)
        second = asyncio.ensure_future(client.list_files(IDENTIFIER))
        await clock.move(3)
        assert isinstance(second.exception(), PoolTimeoutError)


async def test_a_slow_answer_is_told_and_taken() -> None:
    """A pool that answers in the end is no failure."""
    clock, notices, answered = HeldClock(), list[str](), asyncio.Event()

    async def answer(_: httpx.Request) -> httpx.Response:
        await answered.wait()
        return httpx.Response(200, json={"value": []})

    async with _client(answer, clock, notices) as client:
        waiting = asyncio.ensure_future(client.list_files(IDENTIFIER))
        await clock.move(20)
        answered.set()
        assert await asyncio.wait_for(waiting, 10) == []
    assert len(notices) == 1


async def test_a_pool_that_is_busy_is_not_silent() -> None:
    """Its refusals are answers: the bound of a busy pool counts, not that of silence."""
    clock, notices = HeldClock(), list[str]()

    async def busy(_: httpx.Request) -> httpx.Response:
        return httpx.Response(429, json={"error": {"code": "Busy"}}, headers={"retry-after": "10"})

    async with _client(busy, clock, notices) as client:
        waiting = asyncio.ensure_future(client.list_files(IDENTIFIER))
        await clock.move(50)
        assert not waiting.done()
        await clock.move(15)
        assert type(waiting.exception()).__name__ == "PoolBusyError"


async def test_a_file_on_its_way_is_a_sign_of_life() -> None:
    """An upload may take minutes, as long as bytes are taken."""
    clock, notices, taking = HeldClock(), list[str](), _Taking()
    client = PoolClient(
        Endpoint.parse(URL),
        transport=taking,
        silence=Silence(notices.append, clock=clock, sleep=clock.sleep),
    )
    async with client:
        waiting = asyncio.ensure_future(client.upload(IDENTIFIER, "x", bytes(1024 * 1024)))
        for _ in range(5):
            taking.step.put_nowait(None)
            await clock.move(30)
        assert not waiting.done()
        await clock.move(46)
        assert isinstance(waiting.exception(), PoolTimeoutError)


class _Taking(httpx.AsyncBaseTransport):
    """Takes a request's body piece by piece, when the test says so."""

    def __init__(self) -> None:
        self.step = asyncio.Queue[None]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        async for _ in request.stream:
            await self.step.get()
        return httpx.Response(200, json={"value": [{"properties": {"filename": "x"}}]})


async def test_code_that_must_not_run_twice_is_waited_for() -> None:
    """A plain cell is silent for as long as it runs."""
    clock, notices, answered = HeldClock(), list[str](), asyncio.Event()

    async def answer(_: httpx.Request) -> httpx.Response:
        await answered.wait()
        return httpx.Response(200, json=OLD_SUCCESS)

    async with _client(answer, clock, notices) as client:
        waiting = asyncio.ensure_future(client.execute(IDENTIFIER, "1"))
        await clock.move(200)
        answered.set()
        assert (await asyncio.wait_for(waiting, 10)).status == "Succeeded"
    assert notices == []


async def test_what_is_given_up_is_ended() -> None:
    """No request goes on behind the back of whoever has given it up, whoever that is."""
    clock, ended = HeldClock(), list[str]()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("work")

    silence = Silence(lambda _: None, clock=clock, sleep=clock.sleep)
    bounded = asyncio.ensure_future(silence.bound(work(), operation="It", whom="nobody"))
    await clock.move(46)
    assert isinstance(bounded.exception(), SilentError)
    cancelled = asyncio.ensure_future(silence.bound(work(), operation="It", whom="nobody"))
    await clock.move(1)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert ended == ["work", "work"]


async def test_resource_manager_is_not_waited_for_either() -> None:
    """The commands for pools on Azure say so and end in the same times."""
    clock, notices = HeldClock(), list[str]()

    class Token:
        async def token(self, *, refresh: bool = False) -> str:  # noqa: ARG002 - the protocol's
            return "token"

    async with ResourceManager(
        tokens=Token(),
        transport=httpx.MockTransport(_never),
        silence=Silence(notices.append, clock=clock, sleep=clock.sleep),
        clock=clock,
        sleep=clock.sleep,
    ) as azure:
        waiting = asyncio.ensure_future(azure.get("Listing the pools", "/subscriptions", "1"))
        await clock.move(5)
        assert notices == [
            "Listing the pools: waiting for management.azure.com, which has not answered for 4 s."
        ]
        await clock.move(45)
        with pytest.raises(AzureError, match=r"nothing came from management\.azure\.com for 45 s"):
            await waiting
