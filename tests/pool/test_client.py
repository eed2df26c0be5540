"""Every call, in both families of the API, against a pool in memory."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from datetime import datetime, timezone

import httpx
import pytest

from acajs_kernel.errors import (
    ConfigurationError,
    IdentifierError,
    InvalidRequestError,
    NotFoundError,
    PoolError,
    TooLargeError,
    UnexpectedAnswerError,
)
from acajs_kernel.pool import MAXIMUM_UPLOAD_BYTES, Execution, SessionFile, StaticToken
from acajs_kernel.pool.wire import SESSION_API_VERSION
from tests.pool.fakes import (
    IDENTIFIER,
    NEW_VERSIONS,
    OLD_VERSIONS,
    PREFIX,
    VERSIONS,
    FakePool,
    Script,
    client_of,
)

MODIFIED = datetime(2025, 11, 22, 10, tzinfo=timezone.utc)


@pytest.mark.parametrize("api_version", VERSIONS)
async def test_execution_is_read_in_every_version(api_version: str) -> None:
    """The tutorial's exchange gives the same typed result in every version."""
    pool = FakePool()
    async with client_of(pool, api_version=api_version) as client:
        execution = await client.execute(
            IDENTIFIER, 'console.log("hello-world")', timeout_seconds=100
        )

    assert execution == Execution("Succeeded", "hello-world\n", "", "", 5, "operation-1", None)
    (request,) = pool.requests
    assert request.url.params["api-version"] == api_version
    assert request.headers["content-type"] == "application/json"
    body = json.loads(request.content)
    properties = body.get("properties", body)
    assert properties["code"] == 'console.log("hello-world")'
    assert properties["timeoutInSeconds"] == 100
    assert "outputStreamsMaxLength" not in properties


@pytest.mark.parametrize("api_version", VERSIONS)
async def test_output_length_is_sent_where_the_version_has_it(api_version: str) -> None:
    """The option exists from 2025-10-02-preview on; older versions are not told of it."""
    pool = FakePool()
    async with client_of(
        pool, api_version=api_version, output_streams_max_length=100_000
    ) as client:
        await client.execute(IDENTIFIER, "1")

    body = json.loads(pool.requests[0].content)
    sent = body.get("properties", body).get("outputStreamsMaxLength")
    assert sent == (100_000 if api_version == "2025-10-02-preview" else None)


@pytest.mark.parametrize("code", ["'ä😀\u2028'", "'\ud83d'", "", "x\0y\r\n"])
async def test_code_arrives_unchanged(code: str) -> None:
    """Any text can be sent, half a surrogate pair included."""
    pool = FakePool()
    async with client_of(pool) as client:
        await client.execute(IDENTIFIER, code)

    assert json.loads(pool.requests[0].content)["properties"]["code"] == code


@pytest.mark.parametrize("seconds", [0, -1, 221])
async def test_impossible_timeout_is_refused_before_sending(seconds: int) -> None:
    """The service takes 1 to 220 seconds."""
    pool = FakePool()
    async with client_of(pool) as client:
        with pytest.raises(ConfigurationError, match="1 to 220 s"):
            await client.execute(IDENTIFIER, "1", timeout_seconds=seconds)

    assert not pool.requests


async def test_identifier_is_checked_before_sending() -> None:
    """Nothing is sent for an identifier that the service does not take."""
    pool = FakePool()
    async with client_of(pool) as client:
        with pytest.raises(IdentifierError):
            await client.execute("a b c d", "1")
        with pytest.raises(IdentifierError):
            await client.stop_session("")

    assert not pool.requests


async def test_every_allowed_character_of_an_identifier_survives_the_query() -> None:
    """An identifier of special characters is encoded such that the server reads it back."""
    identifier = "aZ09|-&^%$#(){}[];<>"
    script = Script([httpx.Response(204)])
    async with client_of(script) as client:
        await client.stop_session(identifier)

    assert script.requests[0].url.params["identifier"] == identifier


@pytest.mark.parametrize("api_version", ["", "latest", "2024-2-2", "2024-02-02 preview"])
def test_unknown_version_is_refused_with_the_known_ones(api_version: str) -> None:
    """Only a date, perhaps a preview, can be a version."""
    with pytest.raises(ConfigurationError, match="2025-10-02-preview"):
        client_of(FakePool(), api_version=api_version)


async def test_later_version_belongs_to_the_newer_family() -> None:
    """A version that is not out yet is used as the newest known ones are."""
    pool = FakePool()
    async with client_of(pool, api_version="2027-01-01") as client:
        await client.execute(IDENTIFIER, "1")

    assert pool.requests[0].url.path == f"{PREFIX}/executions"


@pytest.mark.parametrize("api_version", VERSIONS)
@pytest.mark.parametrize(
    "name", ["data.csv", "with space.txt", "100%.txt", "a&b=c#d;,@$^.txt", "(1)-_.x", "ä文.txt"]
)
async def test_file_goes_there_and_back(api_version: str, name: str) -> None:
    """Upload, list, describe, download and delete work for every name that the service takes."""
    pool = FakePool()
    content = bytes(range(256)) * 3
    sent: list[tuple[int, int | None]] = []
    received: list[tuple[int, int | None]] = []
    destination = io.BytesIO()
    async with client_of(pool, api_version=api_version) as client:
        uploaded = await client.upload(
            IDENTIFIER, name, content, progress=lambda *step: sent.append(step)
        )
        listed = await client.list_files(IDENTIFIER)
        described = await client.file_metadata(IDENTIFIER, name)
        written = await client.download(
            IDENTIFIER, name, destination, progress=lambda *step: received.append(step)
        )
        await client.delete_file(IDENTIFIER, name)
        with pytest.raises(NotFoundError):
            await client.file_metadata(IDENTIFIER, name)
        with pytest.raises(NotFoundError) as caught:
            await client.delete_file(IDENTIFIER, name)

    media_type = "text/plain" if api_version in NEW_VERSIONS else ""
    assert uploaded == SessionFile(name, "", "file", 768, MODIFIED, media_type)
    assert listed == [uploaded]
    assert described == uploaded
    assert destination.getvalue() == content
    assert written == 768
    assert sent[-1] == (768, 768)
    assert received[-1] == (768, 768)
    assert not pool.files
    assert "List the files" in caught.value.remedy


@pytest.mark.parametrize("api_version", NEW_VERSIONS)
async def test_folder_is_a_query_parameter_in_the_newer_family(api_version: str) -> None:
    """A file in a folder is put there, found there, and not at the root."""
    pool = FakePool()
    async with client_of(pool, api_version=api_version) as client:
        await client.upload(IDENTIFIER, "a.txt", b"a", path="/sub/deep/")
        root = await client.list_files(IDENTIFIER)
        everything = await client.list_files(IDENTIFIER, recursive=True)
        (inside,) = await client.list_files(IDENTIFIER, path="sub/deep")
        with pytest.raises(NotFoundError):
            await client.file_metadata(IDENTIFIER, "a.txt")

    assert pool.files == {("sub/deep", "a.txt"): b"a"}
    assert root == []
    assert everything == [inside]
    assert inside.directory == "sub/deep"


@pytest.mark.parametrize("api_version", OLD_VERSIONS)
async def test_folder_is_refused_in_the_older_family(api_version: str) -> None:
    """The older family knows no folders; the error says which version does."""
    pool = FakePool()
    async with client_of(pool, api_version=api_version) as client:
        with pytest.raises(ConfigurationError, match="ACAJS_API_VERSION=2024-10-02-preview"):
            await client.upload(IDENTIFIER, "a.txt", b"a", path="sub")

    assert not pool.requests


async def test_listing_follows_pages() -> None:
    """A listing of several pages comes back as one, in order."""
    pool = FakePool(page_size=2)
    pool.files = {("", f"{number}.txt"): b"" for number in range(5)}
    async with client_of(pool, api_version=NEW_VERSIONS[0]) as client:
        files = await client.list_files(IDENTIFIER)

    assert [file.name for file in files] == ["0.txt", "1.txt", "2.txt", "3.txt", "4.txt"]
    assert len(pool.requests) == 3


async def test_relative_link_gets_the_parameters_that_it_lacks() -> None:
    """A link without identifier and version is completed; what it holds stays."""
    script = Script(
        [
            httpx.Response(200, json={"value": [], "nextLink": "files?continue=a%20b"}),
            httpx.Response(200, json={"value": []}),
        ]
    )
    async with client_of(script, api_version=NEW_VERSIONS[0]) as client:
        await client.list_files(IDENTIFIER)

    url = script.requests[1].url
    assert url.path == f"{PREFIX}/files"
    assert dict(url.params) == {
        "continue": "a b",
        "api-version": NEW_VERSIONS[0],
        "identifier": IDENTIFIER,
    }


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.com/files",
        "//evil.example.com/files",
        "http://westus2.dynamicsessions.io/files",
        "https://westus2.dynamicsessions.io:8443/files",
        "https://user@westus2.dynamicsessions.io/files",
        "https://westus2.dynamicsessions.io:port/files",
        "file:///etc/passwd",
    ],
)
async def test_link_to_another_host_is_not_followed(link: str) -> None:
    """The token goes to no other origin, whatever the listing says."""
    script = Script([httpx.Response(200, json={"value": [], "nextLink": link})])
    async with client_of(
        script, tokens=StaticToken("token"), api_version=NEW_VERSIONS[0]
    ) as client:
        with pytest.raises(UnexpectedAnswerError, match="another host"):
            await client.list_files(IDENTIFIER)

    assert len(script.requests) == 1


async def test_sessions_are_listed_over_all_pages() -> None:
    """Every live session of the pool is listed, whatever version files are used with."""
    entry = {"createdAt": "2026-01-02T03:04:05Z", "expireAt": "2026-01-02T03:09:05Z"}
    pages: list[dict[str, object]] = [
        {"value": [{"identifier": "first-secret", **entry}], "nextLink": "listSessions?page=2"},
        {"value": [{"identifier": "second-secret", **entry}, {"etag": "nameless"}]},
    ]
    script = Script([httpx.Response(200, json=page) for page in pages])
    async with client_of(script) as client:
        sessions = await client.list_sessions()

    assert [session.identifier for session in sessions] == ["first-secret", "second-secret"]
    assert sessions[0].expires_at is not None
    assert "secret" not in repr(sessions)
    url = script.requests[1].url
    assert url.path == f"{PREFIX}/listSessions"
    assert dict(url.params) == {"page": "2", "api-version": SESSION_API_VERSION}


@pytest.mark.parametrize("body", ['{"value": [{"identifier": "a-secret"', '{"other": "a-secret"}'])
async def test_a_listing_that_cannot_be_read_shows_no_identifier(body: str) -> None:
    """What the sessions' listing holds is secret, whole or not."""
    script = Script([httpx.Response(200, text=body)])
    async with client_of(script) as client:
        with pytest.raises(UnexpectedAnswerError) as caught:
            await client.list_sessions()

    assert "a-secret" not in str(caught.value)


async def test_listing_in_a_circle_ends() -> None:
    """A page that links to itself does not keep the client for ever."""
    script = Script([httpx.Response(200, json={"value": [], "nextLink": "files?page=2"})])
    async with client_of(script, api_version=NEW_VERSIONS[0]) as client:
        with pytest.raises(UnexpectedAnswerError, match="without end"):
            await client.list_files(IDENTIFIER)

    assert len(script.requests) == 2


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "../x", "a\nb", "a\0", "x" * 256])
async def test_name_that_is_a_path_is_refused_before_sending(name: str) -> None:
    """A name is a name; nothing is sent for anything else."""
    pool = FakePool()
    async with client_of(pool) as client:
        with pytest.raises(InvalidRequestError, match="nothing was sent"):
            await client.upload(IDENTIFIER, name, b"")
        with pytest.raises(InvalidRequestError):
            await client.download(IDENTIFIER, name, io.BytesIO())
        with pytest.raises(InvalidRequestError):
            await client.delete_file(IDENTIFIER, name)
        with pytest.raises(InvalidRequestError):
            await client.file_metadata(IDENTIFIER, name)

    assert not pool.requests


@pytest.mark.parametrize("path", ["..", "a/../b", "a//b", "a\\b", "./a", "a\0"])
async def test_folder_that_leads_out_is_refused_before_sending(path: str) -> None:
    """A folder is a path below the data folder; nothing is sent for anything else."""
    pool = FakePool()
    async with client_of(pool, api_version=NEW_VERSIONS[0]) as client:
        with pytest.raises(InvalidRequestError, match="nothing was sent"):
            await client.list_files(IDENTIFIER, path=path)

    assert not pool.requests


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_file_object_is_sent_from_where_it_stands() -> None:
    """A file open for reading is uploaded from its position, with its length announced."""
    pool = FakePool()
    content = io.BytesIO(b"skipped" + b"x" * 600_000)
    content.seek(7)
    steps: list[tuple[int, int | None]] = []
    async with client_of(pool) as client:
        await client.upload(IDENTIFIER, "x.bin", content, progress=lambda *step: steps.append(step))

    assert pool.files["", "x.bin"] == b"x" * 600_000
    assert "content-length" in pool.requests[0].headers
    assert steps == [(262_144, 600_000), (524_288, 600_000), (600_000, 600_000)]


@pytest.mark.parametrize("size", [None, 6])
async def test_chunks_are_sent_as_they_come(size: int | None) -> None:
    """An asynchronous source is streamed, with its length announced where it is known."""
    pool = FakePool()
    async with client_of(pool) as client:
        await client.upload(IDENTIFIER, "x.bin", _chunks(b"abc", b"", b"def"), size=size)

    assert pool.files["", "x.bin"] == b"abcdef"
    assert ("content-length" in pool.requests[0].headers) == (size is not None)


@pytest.mark.parametrize("size", [5, 7])
async def test_wrong_size_is_noticed(size: int) -> None:
    """Content of another size than announced does not become a file."""
    pool = FakePool()
    async with client_of(pool) as client:
        with pytest.raises(InvalidRequestError, match="were announced"):
            await client.upload(IDENTIFIER, "x.bin", _chunks(b"abc", b"def"), size=size)

    assert not pool.files


async def test_file_above_the_limit_is_refused() -> None:
    """A size above 128 MB is refused before sending, and an unknown one while sending."""
    pool = FakePool()
    megabytes = b"x" * (16 * 1024 * 1024)
    async with client_of(pool) as client:
        with pytest.raises(TooLargeError, match="128 MB"):
            await client.upload(IDENTIFIER, "x", _chunks(), size=MAXIMUM_UPLOAD_BYTES + 1)
        with pytest.raises(TooLargeError, match="128 MB"):
            await client.upload(IDENTIFIER, "x", _chunks(*[megabytes] * 9))

    assert not pool.files


async def test_upload_with_an_unreadable_answer_is_an_upload_all_the_same() -> None:
    """The file is stored once the service says success, whatever it says besides."""
    script = Script([httpx.Response(200, text="OK")])
    async with client_of(script) as client:
        file = await client.upload(IDENTIFIER, "x.bin", b"abc")

    assert file == SessionFile("x.bin", "", "file", 3, None, "")


@pytest.mark.parametrize("api_version", VERSIONS)
async def test_session_is_described_and_stopped(api_version: str) -> None:
    """Session calls use the newest version, whatever the others use."""
    pool = FakePool()
    async with client_of(pool, api_version=api_version) as client:
        session = await client.get_session(IDENTIFIER)
        await client.stop_session(IDENTIFIER)

    assert session.identifier == IDENTIFIER
    assert session.created_at == datetime(2025, 11, 22, 10, 0, 0, 123456, timezone.utc)
    assert session.expires_at == datetime(2025, 11, 22, 10, 6, tzinfo=timezone.utc)
    assert session.etag == "container-1"
    assert session.short_identifier == "s3cr…"
    assert IDENTIFIER not in repr(session)
    assert pool.is_stopped
    assert {request.url.params["api-version"] for request in pool.requests} == {
        "2025-10-02-preview"
    }


async def test_custom_container_sessions_are_listed_and_read_by_their_own_calls() -> None:
    """``/session`` would be the container's own: the pool answers below ``/.management`` only."""
    url = "https://pool.env.westus2.azurecontainerapps.io"
    entry = {"identifier": IDENTIFIER, "etag": "a", "expiresAt": "2026-04-30T14:30:00Z"}
    further = f"{url}/.management/listSessions?skip=300"
    script = Script(
        [
            httpx.Response(200, json=entry),
            httpx.Response(200, json={"value": [entry], "count": 1, "nextLink": further}),
            httpx.Response(200, json={"sessions": [entry], "nextLink": None}),
        ]
    )
    async with client_of(script, url=url) as client:
        session = await client.get_session(IDENTIFIER)
        listed = await client.list_sessions()

    assert session.expires_at == datetime(2026, 4, 30, 14, 30, tzinfo=timezone.utc)
    assert listed == [session, session]
    read, first, second = script.requests
    assert {request.method for request in script.requests} == {"POST"}
    assert read.url.path == "/.management/getSession"
    assert dict(read.url.params) == {"api-version": "2025-02-02-preview", "identifier": IDENTIFIER}
    assert first.url.path == second.url.path == "/.management/listSessions"
    assert dict(first.url.params) == {"api-version": "2025-02-02-preview"}
    assert dict(second.url.params) == {"api-version": "2025-02-02-preview", "skip": "300"}


async def test_custom_container_session_is_stopped_by_its_own_call() -> None:
    """Custom-container pools know POST /.management/stopSession only."""
    script = Script([httpx.Response(200, text=f"Session {IDENTIFIER} in session pool x stopped.")])
    url = "https://pool.env.westus2.azurecontainerapps.io"
    async with client_of(script, url=url) as client:
        await client.stop_session(IDENTIFIER)

    (request,) = script.requests
    assert (request.method, request.url.path) == ("POST", "/.management/stopSession")
    assert request.url.params["identifier"] == IDENTIFIER


async def test_pool_is_described() -> None:
    """The pool's runtimes, packages and kernel are read; no identifier is sent."""
    pool = FakePool()
    async with client_of(pool) as client:
        metadata = await client.metadata()

    assert [(item.name, item.version) for item in metadata.runtimes] == [("node", "20.11.0")]
    assert metadata.preinstalled_packages[0].name == "lodash"
    assert (metadata.kernel_name, metadata.kernel_version) == ("jslab", "1.0")
    assert metadata.project_url == "https://example.org"
    assert "identifier" not in pool.requests[0].url.params


async def test_client_keeps_no_cookies() -> None:
    """What a server sets in one answer does not come back in the next request."""
    script = Script([httpx.Response(204, headers={"set-cookie": "affinity=1; Path=/"})])
    async with client_of(script) as client:
        await client.stop_session(IDENTIFIER)
        await client.stop_session(IDENTIFIER)

    assert "cookie" not in script.requests[1].headers


async def test_closed_client_says_so() -> None:
    """A call after the end fails with an error of the tree, and closing twice is fine."""
    pool = FakePool()
    client = client_of(pool)
    async with client:
        await client.metadata()
    await client.aclose()

    with pytest.raises(PoolError, match="is closed"):
        await client.metadata()
    assert len(pool.requests) == 1


def test_client_repr_names_endpoint_and_version() -> None:
    """The repr is for people who look for a wrong setting."""
    client = client_of(FakePool(), tokens=StaticToken("t0ken"))

    assert "sessionPools/POOL" in repr(client)
    assert "2024-02-02-preview" in repr(client)
    assert "t0ken" not in repr(client)
