"""Faults on the wire, produced by a real server on a real socket."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from types import SimpleNamespace

import pytest
from httpcore._async import http11

from acajs_kernel.errors import (
    ExecutionFateUnknownError,
    PoolUnreachableError,
    ServiceError,
    TooLargeError,
    UnexpectedAnswerError,
)
from acajs_kernel.http.call import Call
from acajs_kernel.pool import Endpoint, PoolClient, StaticToken
from tests.pool.fakes import (
    IDENTIFIER,
    NEW_VERSIONS,
    OLD_SUCCESS,
    Clock,
    Connection,
    http_answer,
    tcp_server,
)

SUCCESS = http_answer(json.dumps(OLD_SUCCESS).encode())


async def _answer(connection: Connection) -> None:
    """Answer every request of a connection with success."""
    while True:
        await connection.read_request()
        await connection.write(SUCCESS)


async def _cut_before_reading(connection: Connection) -> None:
    connection.reset()


async def _cut_after_reading(connection: Connection) -> None:
    await connection.read_request()


async def _reset_after_reading(connection: Connection) -> None:
    await connection.read_request()
    connection.reset()


async def _cut_within_head(connection: Connection) -> None:
    await connection.read_request()
    await connection.write(SUCCESS[:20])


async def _cut_within_body(connection: Connection) -> None:
    await connection.read_request()
    await connection.write(SUCCESS[:-20])


async def _cut_within_chunks(connection: Connection) -> None:
    await connection.read_request()
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    await connection.write(head + b'5\r\n{"pro\r\n')


async def _talk_garbage(connection: Connection) -> None:
    await connection.read_request()
    await connection.write(f"220 {IDENTIFIER} ESMTP\r\n\r\n".encode())


async def _claim_gzip(connection: Connection) -> None:
    await connection.read_request()
    await connection.write(http_answer(b"not gzip", extra="Content-Encoding: gzip\r\n"))


async def _stay_silent(connection: Connection) -> None:
    await connection.read_request()
    await connection.reader.read()


async def _drip(connection: Connection) -> None:
    await connection.read_request()
    await connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        await connection.write(b" ")
        await asyncio.sleep(0.01)


def _client(url: str, *, busy_wait_seconds: float = 60) -> PoolClient:
    return PoolClient(
        Endpoint.parse(url),
        tokens=StaticToken("t0ken"),
        busy_wait_seconds=busy_wait_seconds,
        random=lambda: 1.0,
    )


@pytest.mark.parametrize(
    "conversation",
    [
        _cut_before_reading,
        _cut_after_reading,
        _reset_after_reading,
        _cut_within_head,
        _cut_within_body,
        _cut_within_chunks,
        _talk_garbage,
        _claim_gzip,
    ],
)
async def test_broken_connection_leaves_an_execution_unsent_again(conversation: object) -> None:
    """Wherever the connection breaks, the execution is sent once and its fate is unknown."""
    connections = 0

    async def count(connection: Connection) -> None:
        nonlocal connections
        connections += 1
        await conversation(connection)  # type: ignore[operator] # a parameter's type is lost

    async with tcp_server(count) as (url, heads), _client(url) as client:
        with pytest.raises(ExecutionFateUnknownError) as caught:
            await client.execute(IDENTIFIER, "1")

    assert connections == 1
    assert len(heads) <= 1
    assert IDENTIFIER not in str(caught.value)
    assert IDENTIFIER not in str(caught.value.__cause__)


@pytest.mark.parametrize(
    "conversation",
    [
        _cut_before_reading,
        _cut_after_reading,
        _reset_after_reading,
        _cut_within_head,
        _cut_within_body,
        _talk_garbage,
        _claim_gzip,
    ],
)
async def test_broken_connection_is_outlasted_by_a_repeatable_execution(
    conversation: object,
) -> None:
    """Wherever the connection breaks, a repeatable execution gets its answer in the end."""
    async with (
        tcp_server(conversation, _answer) as (url, _),  # type: ignore[arg-type] # as above
        _client(url) as client,
    ):
        execution = await client.execute(IDENTIFIER, "1", repeatable=True)

    assert execution.stdout == "hello-world\n"


async def test_answer_is_decoded_over_one_kept_connection() -> None:
    """Requests in a row share a connection and carry token, version and identifier."""
    connections = 0

    async def count(connection: Connection) -> None:
        nonlocal connections
        connections += 1
        await _answer(connection)

    async with tcp_server(count) as (url, heads), _client(url) as client:
        for _ in range(3):
            await client.execute(IDENTIFIER, "1")

    assert connections == 1
    assert len(heads) == 3
    first = heads[0].decode().lower()
    assert first.startswith("post /code/execute?api-version=2024-02-02-preview&identifier=")
    assert "\r\nauthorization: bearer t0ken\r\n" in first
    assert "\r\nuser-agent: acajs-kernel/" in first


async def test_connection_that_the_server_closed_while_idle_is_not_used() -> None:
    """A closed idle connection costs a new one, not an unknown fate."""
    closed = asyncio.Event()

    async def answer_once(connection: Connection) -> None:
        await connection.read_request()
        await connection.write(SUCCESS)
        connection.writer.close()
        await connection.writer.wait_closed()
        closed.set()

    async with tcp_server(answer_once, _answer) as (url, heads), _client(url) as client:
        await client.execute(IDENTIFIER, "1")
        await asyncio.wait_for(closed.wait(), 10)
        await client.execute(IDENTIFIER, "1")

    assert len(heads) == 2


async def test_an_idle_connection_is_dropped_before_servers_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Common servers close it after 5 s, perhaps while a request is on its way to them."""
    clock = Clock()
    monkeypatch.setattr(http11, "time", SimpleNamespace(monotonic=clock))
    connections = 0

    async def count(connection: Connection) -> None:
        nonlocal connections
        connections += 1
        await _answer(connection)

    async with tcp_server(count) as (url, _), _client(url) as client:
        for idle_seconds, expected in ((0, 1), (3.9, 1), (4.1, 2), (3.9, 2), (60, 3)):
            clock.now += idle_seconds
            await client.execute(IDENTIFIER, "1")
            assert connections == expected


async def test_nobody_listening_is_unreachable() -> None:
    """A port without a server fails as unreachable, soon."""
    async with tcp_server(_answer) as (url, _):
        pass
    async with _client(url) as client:
        with pytest.raises(PoolUnreachableError, match="connection was refused") as caught:
            await client.execute(IDENTIFIER, "1")

    assert "acajs pool serve" in caught.value.remedy
    assert not caught.value.may_have_run


async def test_silent_server_is_left_at_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer within the execution's timeout and its grace leaves the fate unknown."""
    monkeypatch.setattr("acajs_kernel.pool.client._EXECUTION_GRACE_SECONDS", -0.9)
    async with tcp_server(_stay_silent) as (url, heads), _client(url) as client:
        with pytest.raises(ExecutionFateUnknownError, match="no answer came within"):
            await client.execute(IDENTIFIER, "1", timeout_seconds=1)

    assert len(heads) == 1


async def test_dripping_server_is_left_at_the_total_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends a byte now and then does not hold the client for ever."""
    monkeypatch.setattr("acajs_kernel.pool.client._EXECUTION_TRAVEL_SECONDS", -15.8)
    async with tcp_server(_drip) as (url, _), _client(url) as client:
        with pytest.raises(ExecutionFateUnknownError, match="no answer came within"):
            await asyncio.wait_for(client.execute(IDENTIFIER, "1", timeout_seconds=1), 30)


async def test_every_call_has_bounds() -> None:
    """The default bounds of a call are finite and in order."""
    call = Call("A test", "GET", "/", NEW_VERSIONS[0], None)
    assert 0 < call.answer_seconds < call.total_seconds < 600


def test_the_repr_of_a_call_leaves_the_identifier_out() -> None:
    """It would reach logs with any traceback that shows local variables."""
    assert IDENTIFIER not in repr(Call("A test", "GET", "/", NEW_VERSIONS[0], IDENTIFIER))


async def test_cancelled_call_closes_its_connection() -> None:
    """An interrupt ends the wait at once; the server sees the connection end."""
    asked, left = asyncio.Event(), asyncio.Event()

    async def wait_for_end(connection: Connection) -> None:
        await connection.read_request()
        asked.set()
        assert await connection.reader.read() == b""
        left.set()

    async with tcp_server(wait_for_end, _answer) as (url, _), _client(url) as client:
        task = asyncio.create_task(client.execute(IDENTIFIER, "for(;;){}"))
        await asyncio.wait_for(asked.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(left.wait(), 10)
        # The client is whole afterwards.
        assert (await client.execute(IDENTIFIER, "1")).status == "Succeeded"


async def test_cancelled_pause_ends_at_once() -> None:
    """An interrupt ends the wait for a busy pool."""
    waiting = asyncio.Event()

    async def refuse(connection: Connection) -> None:
        await connection.read_request()
        await connection.write(http_answer(b"", status="429 Busy", extra="Retry-After: 50\r\n"))

    async with (
        tcp_server(refuse) as (url, heads),
        PoolClient(Endpoint.parse(url), on_wait=lambda _: waiting.set()) as client,
    ):
        task = asyncio.create_task(client.execute(IDENTIFIER, "1"))
        await asyncio.wait_for(waiting.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 10)

    assert len(heads) == 1


async def test_early_refusal_of_an_upload_is_heard() -> None:
    """A server that refuses a large body before reading it gives its status, not a broken pipe."""

    async def refuse(connection: Connection) -> None:
        connection.heads.append(await connection.reader.readuntil(b"\r\n\r\n"))
        body = b'{"error": {"code": "TooLarge", "message": "too large"}}'
        await connection.write(
            http_answer(body, status="413 Content Too Large", extra="Connection: close\r\n")
        )
        while await connection.reader.read(65536):
            pass

    async with tcp_server(refuse) as (url, _), _client(url) as client:
        with pytest.raises(TooLargeError, match="too large"):
            await client.upload(IDENTIFIER, "a.bin", io.BytesIO(b"x" * 4_000_000))


async def test_download_cut_short_is_noticed() -> None:
    """A file that ends before its announced length is not taken for whole."""
    content = b"x" * 100_000

    async def cut(connection: Connection) -> None:
        await connection.read_request()
        await connection.write(http_answer(content)[:-1])

    async def whole(connection: Connection) -> None:
        await connection.read_request()
        await connection.write(http_answer(content))

    destination = io.BytesIO()
    async with tcp_server(cut, whole) as (url, heads), _client(url) as client:
        assert await client.download(IDENTIFIER, "a.bin", destination) == 100_000

    assert destination.getvalue() == content
    assert len(heads) == 2
    assert b"accept-encoding: identity" in heads[0].lower()


async def test_announced_oversize_is_not_read() -> None:
    """An endless answer is left as soon as the bound is passed."""

    async def pour(connection: Connection) -> None:
        await connection.read_request()
        await connection.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await connection.write(b" " * 65536)

    async with (
        tcp_server(pour) as (url, _),
        PoolClient(Endpoint.parse(url), maximum_answer_bytes=300_000) as client,
    ):
        with pytest.raises(UnexpectedAnswerError, match="larger than 300,000 bytes"):
            await client.execute(IDENTIFIER, "1", repeatable=True)


async def test_endless_error_answer_is_cut() -> None:
    """Of an error's text the beginning suffices."""

    async def pour(connection: Connection) -> None:
        await connection.read_request()
        await connection.write(b"HTTP/1.1 500 Oops\r\n\r\n")
        while True:
            await connection.write(b"words " * 10_000)

    async with tcp_server(pour) as (url, _), _client(url) as client:
        with pytest.raises(ServiceError, match="words words"):
            await asyncio.wait_for(client.execute(IDENTIFIER, "1"), 30)


async def test_no_log_record_of_any_library_holds_a_secret(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With every logger at its most talkative, identifier and token stay out of the log."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, logger=name)

    async def redirect(connection: Connection) -> None:
        await connection.read_request()
        location = f"Location: http://localhost/?identifier={IDENTIFIER}&x=1\r\n"
        await connection.write(http_answer(b"", status="302 Found", extra=location))

    async with tcp_server(redirect, _answer) as (url, _), _client(url) as client:
        with pytest.raises(UnexpectedAnswerError):
            await client.execute(IDENTIFIER, "1")
        await client.execute(IDENTIFIER, "1")

    loggers = {record.name.split(".")[0] for record in caplog.records}
    assert {"httpcore", "acajs_kernel"} <= loggers
    assert "identifier=[hidden]" in caplog.text
    assert IDENTIFIER not in caplog.text
    assert "t0ken" not in caplog.text
    own = [record.getMessage() for record in caplog.records if record.name == "acajs_kernel"]
    assert any("POST /code/execute: HTTP 200 in 0." in line and "attempt 1" in line for line in own)
