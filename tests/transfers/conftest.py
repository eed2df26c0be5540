"""A pool for the module's tests, and the data folder of a session of it."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from acajs_kernel.local import LocalPool
from acajs_kernel.pool import Endpoint, PoolClient, asgi_transport
from acajs_kernel.transfers import DataFolder

OLD = "2024-02-02-preview"
NEW = "2025-10-02-preview"


class Meddler:
    """Stands before a pool, and spoils what tests want spoilt.

    Attributes:
        forbids_code: Every execution fails, as in a session of another language.
        on_upload: Changes a chunk of an upload's body, or raises.
        on_download: Changes a chunk of a download's body.
        downloads: How many downloads there were.
    """

    def __init__(self, application: Any) -> None:
        self._application = application
        self.forbids_code = False
        self.on_upload: Callable[[bytes], bytes] = bytes
        self.on_download: Callable[[bytes], bytes] = bytes
        self.downloads = 0
        self.paths: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request, spoilt."""
        path: str = scope["path"]
        self.paths.append(f"{scope['method']} {path}")
        if self.forbids_code and path in {"/code/execute", "/executions"}:
            await self._refuse_code(path, receive, send)
            return
        is_upload = scope["method"] == "POST" and path.startswith("/files")
        is_download = scope["method"] == "GET" and "content" in path
        self.downloads += is_download

        async def spoilt_receive() -> Any:
            message = await receive()
            if is_upload and message.get("body"):
                message = {**message, "body": self.on_upload(message["body"])}
            return message

        async def spoilt_send(message: Any) -> None:
            if is_download and message.get("body"):
                message = {**message, "body": self.on_download(message["body"])}
            await send(message)

        await self._application(scope, spoilt_receive, spoilt_send)

    async def _refuse_code(self, path: str, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        result = {"stdout": "", "stderr": "SyntaxError: invalid syntax", "executionResult": ""}
        answer: dict[str, Any] = (
            {"properties": {"status": "Failure", **result}}
            if path == "/code/execute"
            else {"status": "Failed", "result": result}
        )
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[LocalPool]:
    async with LocalPool(max_sessions=100) as opened:
        yield opened


@pytest.fixture(params=[OLD, NEW], ids=["old", "new"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def meddler(pool: LocalPool) -> Meddler:
    return Meddler(pool.application)


@pytest.fixture
def identifier() -> str:
    return secrets.token_hex(8)


@pytest_asyncio.fixture(loop_scope="module")
async def client(meddler: Meddler, version: str, identifier: str) -> AsyncIterator[PoolClient]:
    endpoint = Endpoint.parse("http://embedded.localhost")
    async with PoolClient(
        endpoint, api_version=version, transport=asgi_transport(meddler)
    ) as opened:
        yield opened
        meddler.forbids_code = False
        await opened.stop_session(identifier)


@pytest.fixture
def folder(client: PoolClient, identifier: str) -> DataFolder:
    return DataFolder(client, identifier)
