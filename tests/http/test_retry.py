"""What is sent again, when, and what never is."""

from __future__ import annotations

import asyncio
import io
import itertools
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import httpx
import pytest

from acajs_kernel.errors import (
    AuthenticationError,
    NotFoundError,
    PoolBusyError,
    PoolError,
    PoolUnreachableError,
    ServiceError,
)
from acajs_kernel.http.retry import retry_after_seconds
from acajs_kernel.pool import StaticToken, Wait
from tests.pool.fakes import IDENTIFIER, OLD_SUCCESS, Clock, Script, client_of

SUCCESS = httpx.Response(200, json=OLD_SUCCESS)


@pytest.mark.parametrize(
    "step",
    [
        httpx.Response(429),
        httpx.Response(503),
        httpx.ConnectError("x"),
        httpx.ConnectTimeout("x"),
        httpx.PoolTimeout("x"),
    ],
)
async def test_execution_that_cannot_have_run_is_sent_again(
    step: httpx.Response | Exception,
) -> None:
    """A busy pool and a connection that did not come about are tried again."""
    script = Script([step, step, SUCCESS])
    clock = Clock()
    async with client_of(script, clock=clock) as client:
        execution = await client.execute(IDENTIFIER, "1")

    assert execution.stdout == "hello-world\n"
    assert len(script.requests) == 3
    assert len(clock.pauses) == 2
    assert clock.pauses[1] == 2 * clock.pauses[0]


@pytest.mark.parametrize(
    "step",
    [
        *(httpx.Response(status) for status in (400, 403, 404, 408, 409, 413, 415, 500, 502, 504)),
        httpx.Response(200, text="garbage"),
        httpx.Response(200, json={"properties": {"status": "Running"}}),
        httpx.ReadError("x"),
        httpx.ReadTimeout("x"),
        httpx.WriteError("x"),
        httpx.RemoteProtocolError("x"),
        httpx.LocalProtocolError("x"),
        httpx.ProxyError("x"),
    ],
)
async def test_execution_that_may_have_run_is_sent_once(step: httpx.Response | Exception) -> None:
    """A plain execution is not repeated after anything that leaves its fate open, or is final."""
    script = Script([step, SUCCESS])
    clock = Clock()
    async with client_of(script, clock=clock) as client:
        with pytest.raises(Exception, match="failed"):
            await client.execute(IDENTIFIER, "1")

    assert len(script.requests) == 1
    assert clock.pauses == []


@pytest.mark.parametrize(
    "step",
    [
        *(httpx.Response(status) for status in (408, 429, 500, 502, 503, 504)),
        httpx.Response(200, text="garbage"),
        httpx.Response(200, json={}),
        httpx.ReadError("x"),
        httpx.ReadTimeout("x"),
        httpx.WriteError("x"),
        httpx.RemoteProtocolError("x"),
        httpx.ConnectError("x"),
    ],
)
async def test_repeatable_execution_is_sent_again(step: httpx.Response | Exception) -> None:
    """A repeatable execution outlasts every passing fault."""
    script = Script([step, step, SUCCESS])
    async with client_of(script) as client:
        execution = await client.execute(IDENTIFIER, "1", repeatable=True)

    assert execution.status == "Succeeded"
    assert len(script.requests) == 3


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 415, 501])
async def test_final_refusal_is_not_repeated(status: int) -> None:
    """Even a repeatable execution is not sent again when the answer would be the same."""
    script = Script([httpx.Response(status), SUCCESS])
    async with client_of(script) as client:
        with pytest.raises(PoolError):
            await client.execute(IDENTIFIER, "1", repeatable=True)

    assert len(script.requests) == 1


async def test_busy_pool_is_given_up_at_the_bound() -> None:
    """Waiting ends before the bound, and each wait is announced with its numbers."""
    clock = Clock()
    waits: list[Wait] = []
    script = Script([httpx.Response(429, json={"error": {"code": "Full", "message": "full"}})])
    async with client_of(script, clock=clock, busy_wait_seconds=20, on_wait=waits.append) as client:
        with pytest.raises(PoolBusyError) as caught:
            await client.execute(IDENTIFIER, "1")

    assert clock.pauses == [1, 2, 4, 8]
    assert [wait.attempt for wait in waits] == [1, 2, 3, 4]
    assert [wait.elapsed_seconds for wait in waits] == [0, 1, 3, 7]
    assert {wait.bound_seconds for wait in waits} == {20}
    assert "HTTP 429" in waits[0].reason
    assert waits[1].sentence == (
        "The session pool at westus2.dynamicsessions.io answered HTTP 429 Too Many Requests, "
        "Full. Trying again in 2.0 s (attempt 2 failed; giving up in 19 s)."
    )
    assert "attempt 5" in caught.value.message
    assert "Shut down notebooks" in caught.value.remedy


async def test_outage_has_no_end_of_attempts_before_its_bound() -> None:
    """A long outage keeps being tried at the longest pause, without overflow."""
    clock = Clock()
    async with client_of(
        Script([httpx.Response(503)]), clock=clock, busy_wait_seconds=2_000
    ) as client:
        with pytest.raises(ServiceError):
            await client.execute(IDENTIFIER, "1")

    assert len(clock.pauses) > 130
    assert max(clock.pauses) == 15
    assert sum(clock.pauses) <= 2_000


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("0", 0.2),
        ("0059", 59.0),
        ("later", 1.0),
        ("-5", 1.0),
        ("inf", 1.0),
    ],
)
async def test_retry_after_is_kept(value: str, pause: float) -> None:
    """A wait that the service asks for is neither shortened nor jittered; nonsense is ignored."""
    clock = Clock()
    script = Script([httpx.Response(429, headers={"retry-after": value}), SUCCESS])
    async with client_of(script, clock=clock) as client:
        await client.execute(IDENTIFIER, "1")

    assert clock.pauses == [pause]


async def test_retry_after_beyond_the_bound_fails_at_once() -> None:
    """Nobody waits a minute to be refused then."""
    clock = Clock()
    script = Script([httpx.Response(429, headers={"retry-after": "61"}), SUCCESS])
    async with client_of(script, clock=clock) as client:
        with pytest.raises(PoolBusyError):
            await client.execute(IDENTIFIER, "1")

    assert clock.pauses == []


def test_retry_after_date_is_relative_to_the_answers_own_clock() -> None:
    """A date is read against the Date header, so a wrong clock here does not matter."""
    date = datetime(2031, 1, 1, tzinfo=timezone.utc)
    headers = {
        "date": format_datetime(date, usegmt=True),
        "retry-after": format_datetime(date.replace(second=9), usegmt=True),
    }

    assert retry_after_seconds(headers) == 9


def test_retry_after_date_in_the_past_means_now() -> None:
    """An old date, here without a Date header, asks for no wait."""
    assert retry_after_seconds({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0


def test_retry_after_date_without_a_clock_is_relative_to_ours() -> None:
    """Where the answer gives no Date, this machine's clock has to do."""
    moment = datetime.now(timezone.utc) + timedelta(hours=1)
    seconds = retry_after_seconds({"retry-after": format_datetime(moment, usegmt=True)})

    assert seconds is not None
    assert 3500 < seconds <= 3600


@pytest.mark.parametrize("name", ["retry-after-ms", "x-ms-retry-after-ms"])
def test_retry_after_in_milliseconds_wins(name: str) -> None:
    """Azure's own, finer headers come first."""
    assert retry_after_seconds({name: "1500", "retry-after": "9"}) == 1.5


async def test_pool_never_reached_is_given_up_soon() -> None:
    """A misspelt or stopped pool is reported after three attempts, not after a minute."""
    clock = Clock()
    script = Script([httpx.ConnectError("x")])
    async with client_of(script, clock=clock) as client:
        with pytest.raises(PoolUnreachableError):
            await client.execute(IDENTIFIER, "1", repeatable=True)

    assert len(script.requests) == 3
    assert sum(clock.pauses) < 1


async def test_pool_reached_before_is_waited_for() -> None:
    """A network that drops out for a while is outlasted."""
    script = Script([SUCCESS, *[httpx.ConnectError("x")] * 8, SUCCESS])
    async with client_of(script) as client:
        await client.execute(IDENTIFIER, "1")
        await client.execute(IDENTIFIER, "1")

    assert len(script.requests) == 10


class CountingTokens:
    """Gives token-1 until refreshed, then token-2, and so on."""

    def __init__(self) -> None:
        self.number = 1
        self.refreshed = 0

    async def token(self, *, refresh: bool = False) -> str:
        """Return the current token."""
        if refresh:
            self.refreshed += 1
            self.number += 1
        return f"token-{self.number}"


async def test_refused_token_is_refreshed_once() -> None:
    """After 401 the request goes out again at once with a new token."""
    tokens = CountingTokens()
    clock = Clock()
    script = Script([httpx.Response(401), SUCCESS])
    async with client_of(script, tokens=tokens, clock=clock) as client:
        await client.execute(IDENTIFIER, "1")

    assert [request.headers["authorization"] for request in script.requests] == [
        "Bearer token-1",
        "Bearer token-2",
    ]
    assert clock.pauses == []


def _refused(times: int) -> Script:
    return Script([*(httpx.Response(401) for _ in range(times)), SUCCESS])


@pytest.mark.parametrize("repeatable", [False, True])
async def test_a_token_that_is_refused_for_a_while_is_tried_again(*, repeatable: bool) -> None:
    """A role that was given just now takes a while to spread, and a refusal has run nothing."""
    for tokens in (StaticToken("token"), CountingTokens()):
        clock = Clock()
        script = _refused(4)
        async with client_of(script, tokens=tokens, clock=clock) as client:
            execution = await client.execute(IDENTIFIER, "1", repeatable=repeatable)

        assert execution.status == "Succeeded"
        assert len(script.requests) == 5
        assert 0.5 < sum(clock.pauses) < 8


async def test_a_token_that_stays_refused_is_given_up_soon() -> None:
    """A wrong token is told of within seconds; by then a new one was fetched once."""
    tokens = CountingTokens()
    for given in (StaticToken("token"), tokens):
        clock = Clock()
        waits: list[Wait] = []
        script = Script([httpx.Response(401)])
        async with client_of(script, tokens=given, clock=clock, on_wait=waits.append) as client:
            with pytest.raises(AuthenticationError, match="az login"):
                await client.execute(IDENTIFIER, "1", repeatable=True)

        assert 4 < sum(clock.pauses) <= 8
        assert {wait.bound_seconds for wait in waits} == {8}
    assert tokens.refreshed == 1


async def test_a_refusal_after_a_long_outage_is_tried_again_as_well() -> None:
    """The seconds for a refusal count from the first one, not from the outage before it."""
    clock = Clock()
    outage = [httpx.Response(503, headers={"Retry-After": "25"})] * 2
    script = Script([*outage, httpx.Response(401), httpx.Response(401), SUCCESS])
    async with client_of(script, tokens=StaticToken("token"), clock=clock) as client:
        assert (await client.execute(IDENTIFIER, "1")).status == "Succeeded"
    assert clock.now - 1000 > 50


async def test_a_pool_on_this_machine_is_not_waited_for_to_know_a_role() -> None:
    """It has none: a wrong token is wrong, and only a moment's refusal is passed over."""
    for times, is_refused in ((1, False), (100, True)):
        clock = Clock()
        async with client_of(
            _refused(times), url="http://127.0.0.1:9", tokens=StaticToken("token"), clock=clock
        ) as client:
            if is_refused:
                with pytest.raises(AuthenticationError):
                    await client.execute(IDENTIFIER, "1")
            else:
                await client.execute(IDENTIFIER, "1")
        assert sum(clock.pauses) <= 1


async def test_refusals_now_and_then_fetch_no_new_token_each() -> None:
    """While a role spreads every other request may be refused; a token costs seconds to get."""
    tokens = CountingTokens()
    clock = Clock()
    script = Script([httpx.Response(401), SUCCESS] * 50)
    async with client_of(script, tokens=tokens, clock=clock) as client:
        for _ in range(50):
            await client.execute(IDENTIFIER, "1")
        assert tokens.refreshed == 1
        clock.now += 60  # by then the token may have been revoked
        script.requests.clear()
        await client.execute(IDENTIFIER, "1")
    assert tokens.refreshed == 2


async def test_a_young_token_that_stays_refused_is_replaced_all_the_same() -> None:
    """Somebody may have signed in as somebody else: the call that would fail looks once more."""
    tokens = CountingTokens()
    async with client_of(Script([httpx.Response(401)]), tokens=tokens) as client:
        for expected in (1, 2):
            with pytest.raises(AuthenticationError):
                await client.execute(IDENTIFIER, "1")
            assert tokens.refreshed == expected


async def test_calls_that_are_refused_together_fetch_one_new_token() -> None:
    """The second one takes the token that the first has fetched."""
    tokens = CountingTokens()
    both_sent = asyncio.Event()
    seen: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        if seen[-1] != "Bearer token-1":
            return httpx.Response(200, json=OLD_SUCCESS)
        if len(seen) == 2:
            both_sent.set()
        await both_sent.wait()
        return httpx.Response(401)

    async with client_of(answer, tokens=tokens) as client:
        await asyncio.gather(*(client.execute(IDENTIFIER, "1") for _ in range(2)))
    assert tokens.refreshed == 1
    assert sorted(seen) == ["Bearer token-1"] * 2 + ["Bearer token-2"] * 2


async def test_a_refused_upload_whose_source_is_used_up_is_not_sent_again() -> None:
    """Half a file would arrive."""

    async def once() -> AsyncIterator[bytes]:
        yield b"content"

    script = Script([httpx.Response(401)])
    async with client_of(script, tokens=CountingTokens()) as client:
        with pytest.raises(AuthenticationError):
            await client.upload(IDENTIFIER, "a.txt", once())
    assert len(script.requests) == 1


async def test_no_token_no_header() -> None:
    """A pool without authentication gets no Authorization header, and 401 is final."""
    script = Script([httpx.Response(401)])
    async with client_of(script) as client:
        with pytest.raises(AuthenticationError):
            await client.execute(IDENTIFIER, "1")

    assert "authorization" not in script.requests[0].headers
    assert len(script.requests) == 1


async def test_deletion_whose_answer_was_lost_is_done_when_gone() -> None:
    """404 to the second attempt means that the first one worked."""
    script = Script([httpx.ReadError("x"), httpx.Response(404)])
    async with client_of(script) as client:
        await client.stop_session(IDENTIFIER)
        assert len(script.requests) == 2


async def test_deletion_after_a_busy_answer_is_not_done_when_missing() -> None:
    """404 after 429 means that there was nothing to delete."""
    script = Script([httpx.Response(429), httpx.Response(404)])
    async with client_of(script) as client:
        with pytest.raises(NotFoundError):
            await client.delete_file(IDENTIFIER, "a.txt")


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_upload_begins_anew_after_a_failure() -> None:
    """A file that can seek is sent whole again."""
    content = io.BytesIO(b"..content")
    content.seek(2)
    script = Script([httpx.ReadError("x"), httpx.Response(200, text="")])
    async with client_of(script) as client:
        await client.upload(IDENTIFIER, "a.txt", content)

    first, second = (request.content for request in script.requests)
    assert b"\r\n\r\ncontent\r\n" in second
    assert first == second


async def test_upload_of_a_used_up_source_is_not_repeated() -> None:
    """Chunks that are gone cannot be sent again, not even after a busy answer."""
    script = Script([httpx.Response(429)])
    async with client_of(script) as client:
        with pytest.raises(PoolBusyError):
            await client.upload(IDENTIFIER, "a.txt", _chunks(b"abc"))

    assert len(script.requests) == 1


class _Broken(httpx.AsyncByteStream):
    """A body that breaks after some bytes."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk
        raise httpx.ReadError("x")


async def test_download_begins_anew_after_a_failure() -> None:
    """What was written of a broken download is dropped, what was there before stays."""
    answers = itertools.chain(
        [httpx.Response(200, stream=_Broken(b"ab", b"cd"))],
        itertools.repeat(httpx.Response(200, content=b"xyz")),
    )

    async def answer(_: httpx.Request) -> httpx.Response:
        return next(answers)

    destination = io.BytesIO(b"before")
    destination.seek(6)
    async with client_of(answer) as client:
        assert await client.download(IDENTIFIER, "a.txt", destination) == 3

    assert destination.getvalue() == b"beforexyz"


class _Pipe(io.RawIOBase):
    """A destination that cannot seek."""

    def __init__(self) -> None:
        super().__init__()
        self.content = b""

    def writable(self) -> bool:
        """Tell that it can be written."""
        return True

    def write(self, data: object) -> int:
        """Keep the bytes."""
        assert isinstance(data, bytes)
        self.content += data
        return len(data)


async def test_download_into_a_pipe_is_not_repeated_midway() -> None:
    """Bytes that were passed on cannot be taken back, so the call fails."""

    async def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=_Broken(b"ab"))

    pipe = _Pipe()
    async with client_of(answer) as client:
        with pytest.raises(PoolUnreachableError):
            await client.download(IDENTIFIER, "a.txt", pipe)  # type: ignore[arg-type] # all of a file that is used

    assert pipe.content == b"ab"


async def test_full_disk_is_no_network_failure() -> None:
    """An error of the destination comes through as it is, and is not retried."""

    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    script = Script([httpx.Response(200, content=b"abc")])
    async with client_of(script) as client:
        with pytest.raises(OSError, match="No space left"):
            await client.download(IDENTIFIER, "a.txt", Full())

    assert len(script.requests) == 1
