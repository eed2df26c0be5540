"""A version that the pool refuses is replaced by the newest known one, once, with a notice."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from acajs_kernel.errors import InvalidRequestError, NotFoundError, PoolError
from acajs_kernel.pool import KNOWN_API_VERSIONS, Endpoint, PoolClient
from tests.pool.fakes import IDENTIFIER, PREFIX, URL, Clock, FakePool, Script

NEWEST = KNOWN_API_VERSIONS[-1]


class _Retired:
    """A pool that has given up every version but the newest.

    Attributes:
        refusal: What it answers to the others.
    """

    def __init__(
        self, status: int = 400, code: str = "UnsupportedApiVersion", text: str = "No."
    ) -> None:
        self.pool = FakePool()
        self.refusal = (status, {"error": {"code": code, "message": text}})
        self.refused: list[str] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        version = request.url.params["api-version"]
        if version == NEWEST:
            return await self.pool(request)
        await request.aread()
        self.refused.append(version)
        status, body = self.refusal
        return httpx.Response(status, json=body)


def _client(
    handler: _Retired | Script, notices: list[str], api_version: str = "2024-02-02-preview"
) -> PoolClient:
    clock = Clock()
    return PoolClient(
        Endpoint.parse(URL),
        api_version=api_version,
        transport=httpx.MockTransport(handler),
        on_notice=notices.append,
        clock=clock,
        sleep=clock.sleep,
    )


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (400, "UnsupportedApiVersion", "The HTTP resource does not support it."),
        (400, "InvalidApiVersionParameter", "The api-version is invalid."),
        (404, "ApiVersionNotFound", "No."),
        (410, "Gone", "API version 2024-02-02-preview is deprecated."),
        (400, "BadRequest", "The api-version '2024-02-02-preview' is no longer supported."),
        (400, "", "Unsupported API version."),
    ],
)
async def test_a_refused_version_is_replaced_once(status: int, code: str, text: str) -> None:
    """The call succeeds in the newest version, one notice names both, and later calls use it."""
    pool, notices = _Retired(status, code, text), list[str]()
    async with _client(pool, notices) as client:
        for _ in range(3):
            assert (await client.execute(IDENTIFIER, "1")).stdout == "hello-world\n"
        assert client.knows_folders
        assert NEWEST in repr(client)

    assert pool.refused == ["2024-02-02-preview"]
    assert [request.url.path.removeprefix(PREFIX) for request in pool.pool.requests] == [
        "/executions"
    ] * 3
    (notice,) = notices
    assert f"refuses API version 2024-02-02-preview (HTTP {status}" in notice
    assert f"ACAJS_API_VERSION={NEWEST}" in notice
    assert IDENTIFIER not in notice


async def test_every_call_about_code_and_files_is_made_again() -> None:
    """Whichever call meets the refusal first, it is spelled and sent anew; nothing is lost."""
    first: list[Callable[[PoolClient], Awaitable[object]]] = [
        lambda client: client.execute(IDENTIFIER, "1"),
        lambda client: client.upload(IDENTIFIER, "new.txt", io.BytesIO(b"12345")),
        lambda client: client.list_files(IDENTIFIER),
        lambda client: client.file_metadata(IDENTIFIER, "x"),
        lambda client: client.download(IDENTIFIER, "x", io.BytesIO()),
        lambda client: client.delete_file(IDENTIFIER, "x"),
    ]
    for act in first:
        pool, notices = _Retired(), list[str]()
        pool.pool.files["", "x"] = b"content"
        async with _client(pool, notices) as client:
            await act(client)
        assert len(notices) == 1
        assert len(pool.refused) == 1
    pool = _Retired()
    async with _client(pool, []) as client:
        await client.upload(IDENTIFIER, "new.txt", io.BytesIO(b"12345"))
    assert pool.pool.files == {("", "new.txt"): b"12345"}


async def test_calls_at_the_same_time_tell_it_once() -> None:
    """Two calls that meet the refusal together both succeed, with one notice."""
    pool, notices = _Retired(), list[str]()
    async with _client(pool, notices) as client:
        await asyncio.gather(*(client.execute(IDENTIFIER, "1") for _ in range(4)))
    assert len(notices) == 1
    assert len(pool.pool.requests) == 4


async def test_content_that_can_be_read_once_is_not_sent_as_half() -> None:
    """An upload whose content is used up fails with a clear error; the next one works."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b"once"

    pool = _Retired()
    async with _client(pool, []) as client:
        with pytest.raises(InvalidRequestError, match="cannot be sent a second time"):
            await client.upload(IDENTIFIER, "x", chunks(), size=4)
        assert pool.pool.files == {}
        await client.upload(IDENTIFIER, "x", chunks(), size=4)
    assert pool.pool.files == {("", "x"): b"once"}


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (400, "InvalidRequestContent", "code must be a string."),
        (400, "MissingApiVersionParameter", "The api-version is missing, which is not supported."),
        (400, "ApiVersionUnspecified", "An API version is required."),
        (404, "FileNotFound", "There is no file 'api-version unsupported.txt'."),
        (403, "Forbidden", "No."),
        (500, "InternalServerError", "UnsupportedApiVersion"),
    ],
)
async def test_other_refusals_change_no_version(status: int, code: str, text: str) -> None:
    """What is not about the version is an error as ever, and nothing is told."""
    pool, notices = _Retired(status, code, text), list[str]()
    async with _client(pool, notices) as client:
        with pytest.raises(PoolError):
            await client.execute(IDENTIFIER, "1")
    assert notices == []
    assert pool.pool.requests == []


async def test_a_pool_that_refuses_the_newest_as_well_fails_with_that_error() -> None:
    """It is replaced once, not for ever; the error says which setting to change."""
    error = {"error": {"code": "UnsupportedApiVersion", "message": "No such version."}}
    script, notices = Script([httpx.Response(400, json=error)]), list[str]()
    async with _client(script, notices) as client:
        for requests in (2, 3):
            with pytest.raises(InvalidRequestError, match="UnsupportedApiVersion") as caught:
                await client.execute(IDENTIFIER, "1")
            assert len(script.requests) == requests
    assert "ACAJS_API_VERSION" in caught.value.remedy
    assert len(notices) == 1


async def test_a_missing_file_is_missing_in_the_newer_version() -> None:
    """An error of the second call is the one that is raised."""
    async with _client(_Retired(), []) as client:
        with pytest.raises(NotFoundError, match="no file gone"):
            await client.delete_file(IDENTIFIER, "gone")
