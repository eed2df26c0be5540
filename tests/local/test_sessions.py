"""The life of sessions: made, counted, renewed, ended."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest

from acajs_kernel.errors import ConfigurationError
from acajs_kernel.local import LocalPool
from acajs_kernel.local.sessions import Session
from acajs_kernel.pool import Endpoint, PoolClient, asgi_transport

from .conftest import NEW, OLD, Api, client_of, error_of, names_in, new_identifier
from .test_executions import UNTIL_FILE

if TYPE_CHECKING:
    import httpx

WAIT = 20.0


def api_of(client: httpx.AsyncClient, version: str = NEW) -> Api:
    return Api(client, version, new_identifier())


async def until_gone(client: httpx.AsyncClient) -> None:
    """Wait until the pool has no session."""
    api = api_of(client)

    limit = time.monotonic() + WAIT
    while (await api.send("GET", "/listSessions")).json()["value"]:
        assert time.monotonic() < limit
        await asyncio.sleep(0.02)


async def test_session_that_never_cools_down_is_described() -> None:
    """Its end is the last moment that there is, as in the pool inside a kernel."""
    async with LocalPool(cooldown_seconds=math.inf) as pool, client_of(pool) as client:
        api = api_of(client)
        await api.run("1")
        entry = (await api.send("GET", "/session")).json()
        assert entry["expireAt"].startswith("9999-12-31")


async def test_session_is_described_and_stopped() -> None:
    """GET tells a session's times, DELETE ends it with its variables and files."""
    async with LocalPool(cooldown_seconds=300) as pool, client_of(pool) as client:
        api = api_of(client)
        assert error_of(await api.send("GET", "/session")) == (404, "SessionNotFound")
        await api.run("globalThis.x = 1; require('fs').writeFileSync('f', ''); undefined")
        entry = (await api.send("GET", "/session")).json()
        assert entry["identifier"] == api.identifier
        assert entry["etag"]
        times = [
            datetime.fromisoformat(entry[name].replace("Z", "+00:00"))
            for name in ("createdAt", "lastAccessedAt", "expireAt")
        ]
        assert times[0] <= times[1] < times[2]
        assert (times[2] - times[1]).total_seconds() == pytest.approx(300, abs=0.01)
        for _ in range(2):
            assert (await api.send("DELETE", "/session")).status_code == 204
        assert error_of(await api.send("GET", "/session")) == (404, "SessionNotFound")
        assert (await api.run("typeof x"))["executionResult"] == "'undefined'"
        assert (await api.send("GET", "/files")).json()["value"] == []


async def test_logs_and_reprs_hold_no_identifier_and_no_token(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A session's identifier is a secret: it shows in no log line and no repr."""
    caplog.set_level(logging.DEBUG, logger="acajs_kernel")
    async with (
        LocalPool(token="log-token", cooldown_seconds=0.2) as pool,
        client_of(pool, headers={"authorization": "Bearer log-token"}) as client,
    ):
        api = api_of(client)
        await api.run("1")
        session = pool._registry.find(api.identifier)
        await api.execute("1", 0)
        await until_gone(client)
    assert "after its last request" in caplog.text
    ours = [record.getMessage() for record in caplog.records if record.name == "acajs_kernel"]
    for secret in (api.identifier, "log-token"):
        assert secret not in repr(session) + repr(pool) + "".join(ours)


async def test_sessions_are_listed() -> None:
    """GET /listSessions names every living session."""
    async with LocalPool() as pool, client_of(pool) as client:
        apis = [api_of(client), api_of(client)]
        for api in apis:
            await api.run("1")
        listed = (await apis[0].send("GET", "/listSessions")).json()["value"]
        assert [entry["identifier"] for entry in listed] == [api.identifier for api in apis]


async def test_sessions_are_managed_as_in_pools_of_custom_containers() -> None:
    """POST /.management/… lists, reads and stops them; the time of their end is ``expiresAt``."""
    async with LocalPool() as pool, client_of(pool) as client:
        apis = [api_of(client), api_of(client)]
        for api in apis:
            await api.run("1")
        read = (await apis[0].send("POST", "/.management/getSession")).json()
        assert read["identifier"] == apis[0].identifier
        datetime.fromisoformat(read["expiresAt"].replace("Z", "+00:00"))
        listed = (await apis[0].send("POST", "/.management/listSessions")).json()
        assert [entry["identifier"] for entry in listed["value"]] == [a.identifier for a in apis]
        assert (listed["count"], "nextLink" in listed) == (2, False)
        answer = await apis[0].send("POST", "/.management/stopSession")
        assert answer.status_code == 200
        assert apis[0].identifier not in answer.text
        assert error_of(await apis[0].send("POST", "/.management/getSession")) == (
            404,
            "SessionNotFound",
        )
        assert (await apis[0].send("GET", "/.management/listSessions")).status_code == 405


async def test_managed_sessions_come_in_pages() -> None:
    """300 a page, with a link to the next that needs nothing added; a client reads them all."""
    async with LocalPool() as pool:
        sessions = [Session(f"session-{number}", Mock(), 300) for number in range(301)]
        pool._registry._sessions.update({each.identifier: each for each in sessions})
        endpoint = Endpoint.parse("http://embedded.localhost")._replace(is_custom_container=True)
        async with PoolClient(endpoint, transport=asgi_transport(pool.application)) as client:
            listed = await client.list_sessions()
        pool._registry._sessions.clear()
    assert [each.identifier for each in listed] == [each.identifier for each in sessions]


async def test_a_new_session_is_told_in_a_header() -> None:
    """The first execution of a session says so, whichever way it comes; later ones deny it."""
    async with LocalPool() as pool, client_of(pool) as client:
        api = api_of(client)
        told = [(await api.execute("1")).headers["x-ms-new-allocation"] for _ in range(2)]
        await api.send("DELETE", "/session")
        told.append((await api.execute("1")).headers["x-ms-new-allocation"])
        assert told == ["true", "false", "true"]
        body = json.dumps(api.body("1")).encode()
        for identifier, expected in ((new_identifier(), "true"), (api.identifier, "false")):
            _, headers, _ = await pool.executor.answer(api.version, identifier, body)
            assert headers["x-ms-new-allocation"] == expected


async def test_session_ends_after_its_cooldown_with_process_and_folder(tmp_path: Path) -> None:
    """A session without requests is destroyed; the next request gets a fresh one."""
    async with (
        LocalPool(cooldown_seconds=0.3, root=tmp_path) as pool,
        client_of(pool) as client,
    ):
        api = api_of(client)
        await api.run("globalThis.x = 1")
        await until_gone(client)
        assert (await api.run("typeof x"))["executionResult"] == "'undefined'"
    assert names_in(tmp_path) == []


async def test_running_execution_and_every_request_renew_the_session() -> None:
    """No cooldown runs while code does, and each request starts it anew."""
    async with LocalPool() as pool, client_of(pool) as client:
        api = api_of(client)
        running = asyncio.ensure_future(api.run(UNTIL_FILE.replace("NAME", "go")))
        await api.send("GET", "/files")
        session = pool._registry.find(api.identifier)
        assert session is not None
        assert session.cooldown is None
        await api.upload("go", b"")
        await running
        ends: list[tuple[float, datetime]] = []
        for method, path in [("GET", "/session"), ("GET", "/files"), ("GET", "/session")]:
            assert (await api.send(method, path)).status_code == 200
            assert session.cooldown is not None
            assert not session.cooldown.cancelled()
            ends.append((session.cooldown.when(), session.expires_at))
        assert ends == sorted(set(ends))
        assert ends[0][0] > asyncio.get_running_loop().time() + 200


async def test_full_pool_answers_429_until_a_session_is_stopped() -> None:
    """One identifier too many gets 429 with Retry-After; a stopped session makes room."""
    async with LocalPool(max_sessions=2) as pool, client_of(pool) as client:
        first, second, third = (api_of(client) for _ in range(3))
        await asyncio.gather(first.run("1"), second.run("1"))
        refused = await third.execute("1")
        assert error_of(refused) == (429, "SessionPoolMaxSessionsReached")
        assert 1 <= int(refused.headers["retry-after"]) <= 300
        assert (await first.run("2"))["executionResult"] == 2
        await first.send("DELETE", "/session")
        assert (await third.run("3"))["executionResult"] == 3


async def test_first_requests_at_the_same_time_share_one_session() -> None:
    """Concurrent first requests with one identifier make one session."""
    async with LocalPool(max_sessions=1) as pool, client_of(pool) as client:
        api = api_of(client)
        results = await asyncio.gather(*(api.run("process.pid") for _ in range(5)))
        assert len({result["executionResult"] for result in results}) == 1


async def test_prewarmed_process_serves_the_first_session() -> None:
    """prewarm() starts one process, which becomes the first session; closing ends it unused."""
    pool = LocalPool()
    pool.prewarm()
    pool.prewarm()
    spare = pool._spare
    assert spare is not None
    async with pool, client_of(pool) as client:
        process = await asyncio.wrap_future(spare)
        assert (await api_of(client).run("process.pid"))["executionResult"] == process.pid
        assert (await api_of(client).run("process.pid"))["executionResult"] != process.pid
        pool.prewarm()
    async with LocalPool() as unused:
        unused.prewarm()
    unused.prewarm()
    assert unused._spare is None


async def test_closed_pool_answers_503_and_ends_running_requests() -> None:
    """Closing answers what runs, and later requests; it may be repeated."""
    pool = LocalPool()
    async with client_of(pool) as client:
        api = api_of(client)
        await api.run("1")
        running = asyncio.ensure_future(api.execute("for(;;){}", 220))
        await api.send("GET", "/session")
        await asyncio.wait_for(pool.aclose(), WAIT)
        assert error_of(await running) == (409, "SessionStopped")
        assert error_of(await api.execute("1")) == (503, "SessionPoolClosed")
        await pool.aclose()


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"identifier": "abcd1234"}, "MissingApiVersionParameter"),
        ({"identifier": "abcd1234", "api-version": "2020-01-01"}, "UnsupportedApiVersion"),
        ({"api-version": NEW}, "MissingSessionIdentifier"),
        ({"api-version": NEW, "identifier": "abc"}, "InvalidSessionIdentifier"),
        ({"api-version": NEW, "identifier": "a" * 129}, "InvalidSessionIdentifier"),
        ({"api-version": NEW, "identifier": "with space"}, "InvalidSessionIdentifier"),
        ({"api-version": NEW, "identifier": "abcd\n"}, "InvalidSessionIdentifier"),
    ],
)
async def test_query_parameters_are_checked(parameters: dict[str, str], code: str) -> None:
    """api-version and identifier are required and checked."""
    async with LocalPool() as pool, client_of(pool) as client:
        assert error_of(await client.get("/files", params=parameters)) == (400, code)


async def test_every_permitted_character_of_an_identifier_is_accepted() -> None:
    """The service's special characters may stand in an identifier."""
    async with LocalPool() as pool, client_of(pool) as client:
        api = Api(client, OLD, "aZ09|-&^%$#(){}[];<>")
        assert (await api.run("1"))["executionResult"] == 1


@pytest.mark.parametrize(
    ("method", "path", "version"),
    [
        ("POST", "/executions", OLD),
        ("POST", "/code/execute", NEW),
        ("POST", "/files", OLD),
        ("POST", "/files/upload", NEW),
        ("GET", "/session", OLD),
        ("DELETE", "/session", "2024-10-02-preview"),
        ("GET", "/metadata", OLD),
        ("GET", "/nothing", NEW),
    ],
)
async def test_operation_of_another_version_is_not_found(
    method: str, path: str, version: str
) -> None:
    """Each version of the API has its own operations; others give 404."""
    async with LocalPool() as pool, client_of(pool) as client:
        answer = await api_of(client, version).send(method, path)
        assert error_of(answer) == (404, "NotFound")


async def test_wrong_method_is_405() -> None:
    """A known path with another method gives 405 and names the right ones."""
    async with LocalPool() as pool, client_of(pool) as client:
        answer = await api_of(client).send("PUT", "/executions")
        assert error_of(answer) == (405, "MethodNotAllowed")
        assert answer.headers["allow"] == "POST"


async def test_metadata_describes_the_runtime() -> None:
    """GET /metadata tells Node's version and the kernel, without an identifier."""
    async with LocalPool() as pool, client_of(pool) as client:
        content = (await client.get("/metadata", params={"api-version": NEW})).json()
        version = (await api_of(client).run("$$.text(process.version)"))["executionResult"]
        assert content["runtimes"] == [{"name": "NodeJS", "version": version[1:]}]
        assert content["preInstalledPackages"] == []
        assert content["jupyterKernel"]["name"] == "javascript"


@pytest.mark.parametrize(
    "settings",
    [
        {"max_sessions": 0},
        {"cooldown_seconds": 0},
        {"maximum_timeout_seconds": 0},
        {"token": " "},
    ],
)
async def test_senseless_settings_are_refused(settings: dict[str, object]) -> None:
    """Numbers must be positive and a token must not be empty."""
    with pytest.raises(ConfigurationError, match="must"):
        LocalPool(**settings)  # type: ignore[arg-type] # wrong on purpose
