"""The client against the embedded pool: both ends of the REST API, mounted together."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest

from acajs_kernel.errors import NotFoundError
from acajs_kernel.local import LocalPool
from acajs_kernel.pool import Endpoint, PoolClient, asgi_transport
from tests.pool.fakes import IDENTIFIER, NEW_VERSIONS, VERSIONS


@pytest.fixture(params=VERSIONS)
async def client(request: pytest.FixtureRequest) -> AsyncIterator[PoolClient]:
    """Mount an embedded pool behind a client of each API version."""
    async with (
        LocalPool() as pool,
        PoolClient(
            Endpoint.parse("http://embedded.localhost"),
            api_version=request.param,
            transport=asgi_transport(pool.application),
        ) as client,
    ):
        yield client


async def test_tutorial_exchange_and_failures(client: PoolClient) -> None:
    """Output, value and failure of real code come back typed."""
    greeting = await client.execute(IDENTIFIER, 'console.log("hello-world")')
    number = await client.execute(IDENTIFIER, "1 + 1")
    failure = await client.execute(IDENTIFIER, "throw new TypeError('no')")

    assert (greeting.status, greeting.stdout, greeting.result) == ("Succeeded", "hello-world\n", "")
    assert number.result == 2
    assert failure.status == "Failed"
    assert "TypeError: no" in failure.stderr


async def test_files_are_those_of_the_code(client: PoolClient) -> None:
    """A file goes up, is listed, described, downloaded and deleted under a difficult name."""
    name = "ä b=c&100%.txt"
    await client.upload(IDENTIFIER, name, b"content")
    listed = await client.list_files(IDENTIFIER)
    described = await client.file_metadata(IDENTIFIER, name)
    destination = io.BytesIO()
    await client.download(IDENTIFIER, name, destination)
    await client.delete_file(IDENTIFIER, name)
    with pytest.raises(NotFoundError):
        await client.download(IDENTIFIER, name, io.BytesIO())

    assert [file.name for file in listed] == [name]
    assert (described.name, described.size_bytes, described.kind) == (name, 7, "file")
    assert destination.getvalue() == b"content"


async def test_session_is_described_and_stopped(client: PoolClient) -> None:
    """A stopped session is gone, and its identifier gets a fresh one."""
    await client.execute(IDENTIFIER, "var kept = 1")
    session = await client.get_session(IDENTIFIER)
    metadata = await client.metadata()
    await client.stop_session(IDENTIFIER)
    fresh = await client.execute(IDENTIFIER, "typeof kept")

    assert session.created_at is not None
    assert session.expires_at is not None
    assert metadata.runtimes
    assert fresh.result in {"undefined", "'undefined'"}


@pytest.mark.parametrize("client", NEW_VERSIONS[:1], indirect=True)
async def test_folders_are_listed(client: PoolClient) -> None:
    """A file in a folder is found there and by a recursive listing."""
    await client.upload(IDENTIFIER, "a.txt", b"a", path="sub")
    (inside,) = await client.list_files(IDENTIFIER, path="sub")
    everything = await client.list_files(IDENTIFIER, recursive=True)

    assert inside.name == "a.txt"
    assert "a.txt" in {file.name for file in everything}
