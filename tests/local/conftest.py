"""A pool per test module, and a client that speaks either family of the REST API."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from acajs_kernel.local import LocalPool

OLD = "2024-02-02-preview"
NEW = "2025-10-02-preview"
BASE = "http://embedded.localhost"


class Api:
    """Plain HTTP to a pool: one identifier, one family."""

    def __init__(self, client: httpx.AsyncClient, version: str, identifier: str) -> None:
        self.client = client
        self.version = version
        self.identifier = identifier

    @property
    def is_old(self) -> bool:
        """Whether this is the older family."""
        return self.version == OLD

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send any request."""
        params = {"api-version": self.version, "identifier": self.identifier}
        params.update(options.pop("params", {}))
        return await self.client.request(method, path, params=params, **options)

    def body(self, code: str, timeout: int = 60, **more: object) -> dict[str, object]:
        """Make the body of a request to run code."""
        fields: dict[str, object] = {
            "codeInputType": "inline",
            "executionType": "synchronous",
            "code": code,
            "timeoutInSeconds": timeout,
            **more,
        }
        return {"properties": fields} if self.is_old else fields

    async def execute(self, code: str, timeout: int = 60, **more: object) -> httpx.Response:
        """Run code; returns the raw answer."""
        path = "/code/execute" if self.is_old else "/executions"
        return await self.send("POST", path, json=self.body(code, timeout, **more))

    async def run(self, code: str, timeout: int = 60, **more: object) -> dict[str, Any]:
        """Execute, and return status, stdout, stderr and executionResult in one dictionary."""
        answer = await self.execute(code, timeout, **more)
        assert answer.status_code == 200, answer.text
        content: dict[str, Any] = answer.json()
        if self.is_old:
            result: dict[str, Any] = content["properties"]
            return result
        return {"status": content["status"], **content["result"]}

    async def upload(
        self, name: str, content: bytes, path: str = "", **options: Any
    ) -> httpx.Response:
        """Upload one file."""
        params = {} if self.is_old else {"path": path}
        target = "/files/upload" if self.is_old else "/files"
        files = {"file": (name, content)}
        return await self.send("POST", target, params=params, files=files, **options)

    async def download(self, name: str, path: str = "") -> httpx.Response:
        """Download one file."""
        if self.is_old:
            return await self.send("GET", f"/files/content/{name}")
        return await self.send("GET", f"/files/{name}/content", params={"path": path})


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def new_identifier() -> str:
    return secrets.token_hex(8)


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an error answer, whose shape is checked on the way."""
    error = answer.json()["error"]
    assert isinstance(error["message"], str)
    assert error["message"]
    assert answer.headers["x-ms-error-code"] == error["code"]
    return answer.status_code, error["code"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[LocalPool]:
    async with LocalPool(max_sessions=200) as opened:
        yield opened


def client_of(pool: LocalPool, **options: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=pool.application), base_url=BASE, timeout=60, **options
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_identifier() -> AsyncIterator[str]:
    yield new_identifier()


@pytest.fixture(params=[OLD, NEW], ids=["old", "new"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest_asyncio.fixture(loop_scope="module")
async def api(pool: LocalPool, version: str, shared_identifier: str) -> AsyncIterator[Api]:
    """Either family, on a session that the module's tests share."""
    async with client_of(pool) as client:
        yield Api(client, version, shared_identifier)


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(pool: LocalPool) -> AsyncIterator[Callable[..., Api]]:
    """Makes a client with a session of its own, which ends with the test."""
    made: list[Api] = []
    async with client_of(pool) as client:

        def make(version: str = NEW) -> Api:
            made.append(Api(client, version, new_identifier()))
            return made[-1]

        yield make
        for each in made:
            await each.send("DELETE", "/session", params={"api-version": NEW})
