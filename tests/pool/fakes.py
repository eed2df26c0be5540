"""A pool in memory, a clock that only moves when told, a server of scripted bytes."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET
from urllib.parse import unquote

import httpx

from acajs_kernel.pool import Endpoint, PoolClient, TokenSource, Wait

IDENTIFIER = "s3cret-identifier-0123456789"
URL = "https://westus2.dynamicsessions.io/subscriptions/SUB/resourceGroups/RG/sessionPools/POOL"
PREFIX = "/subscriptions/SUB/resourceGroups/RG/sessionPools/POOL"
OLD_VERSIONS = ("2024-02-02-preview", "2024-08-02-preview")
NEW_VERSIONS = ("2024-10-02-preview", "2025-02-02-preview", "2025-10-02-preview")
VERSIONS = OLD_VERSIONS + NEW_VERSIONS

OLD_SUCCESS = {
    "properties": {
        "status": "Success",
        "stdout": "hello-world\n",
        "stderr": "",
        "executionResult": "",
        "executionTimeInMilliseconds": 5,
    }
}
NEW_SUCCESS = {
    "id": "execution-1",
    "identifier": IDENTIFIER,
    "executionType": "Synchronous",
    "status": "Succeeded",
    "result": {
        "stdout": "hello-world\n",
        "stderr": "",
        "executionResult": "",
        "executionTimeInMilliseconds": 5,
    },
}


class FakePool:
    """A pool that holds files and answers every execution alike, spelled by API version."""

    def __init__(self, page_size: int = 100) -> None:
        self.files: dict[tuple[str, str], bytes] = {}
        self.requests: list[httpx.Request] = []
        self.is_stopped = False
        self.page_size = page_size

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request as the service's description of its version says."""
        await request.aread()
        self.requests.append(request)
        query = request.url.params
        path = request.url.raw_path.split(b"?")[0].decode().removeprefix(PREFIX)
        if "api-version" not in query:
            return _error(400, "MissingApiVersion", "no api-version")
        if path != "/metadata" and query.get("identifier") != IDENTIFIER:
            return _error(400, "InvalidIdentifier", "no identifier")
        if path in {"/session", "/metadata", "/.management/stopSession"}:
            return self._session(request.method, path)
        if query["api-version"] in OLD_VERSIONS:
            return self._old(request, path)
        return self._new(request, path, query.get("path", ""))

    def _session(self, method: str, path: str) -> httpx.Response:
        match method, path:
            case "GET", "/session":
                return httpx.Response(
                    200,
                    json={
                        "identifier": IDENTIFIER,
                        "createdAt": "2025-11-22T10:00:00.1234567Z",
                        "lastAccessedAt": "2025-11-22T10:01:00Z",
                        "expireAt": "2025-11-22T10:06:00+00:00",
                        "etag": "container-1",
                    },
                )
            case ("DELETE", "/session") | ("POST", "/.management/stopSession"):
                self.is_stopped = True
                return httpx.Response(204)
            case "GET", "/metadata":
                return httpx.Response(
                    200,
                    json={
                        "runtimes": [{"name": "node", "version": "20.11.0"}],
                        "preInstalledPackages": [{"name": "lodash", "version": "4.17.21"}],
                        "jupyterKernel": {
                            "name": "jslab",
                            "version": "1.0",
                            "projectUrl": "https://example.org",
                        },
                    },
                )
        return _error(404, "NoSuchCall", f"{method} {path}")

    def _old(self, request: httpx.Request, path: str) -> httpx.Response:
        body = request.content
        if (request.method, path) == ("POST", "/code/execute"):
            properties = json.loads(body)["properties"]
            assert properties["codeInputType"] == "inline"
            assert properties["executionType"] == "synchronous"
            return httpx.Response(200, json=OLD_SUCCESS, headers={"operation-id": "operation-1"})
        if (request.method, path) == ("POST", "/files/upload"):
            name, content = _multipart(request)
            self.files["", name] = content
            return httpx.Response(200, json={"value": [self._old_file("", name)]})
        if (request.method, path) == ("GET", "/files"):
            return httpx.Response(
                200, json={"value": [self._old_file(*where) for where in self.files]}
            )
        if request.method == "GET" and path.startswith("/files/content/"):
            return self._content("", unquote(path.removeprefix("/files/content/")))
        if request.method == "DELETE" and path.startswith("/files/"):
            return self._delete("", unquote(path.removeprefix("/files/")), status=200)
        return _error(404, "NoSuchCall", f"{request.method} {path}")

    def _new(self, request: httpx.Request, path: str, folder: str) -> httpx.Response:
        if request.method == "POST" and path == "/executions":
            body = json.loads(request.content)
            assert body["codeInputType"] == "Inline"
            assert body["executionType"] == "Synchronous"
            return httpx.Response(202, json=NEW_SUCCESS, headers={"operation-id": "operation-1"})
        if (request.method, path) == ("POST", "/files"):
            name, content = _multipart(request)
            self.files[folder, name] = content
            return httpx.Response(200, json=self._new_file(folder, name))
        if request.method == "DELETE":
            return self._delete(folder, unquote(path.removeprefix("/files/")), status=204)
        return self._get(request, path, folder)

    def _get(self, request: httpx.Request, path: str, folder: str) -> httpx.Response:
        assert request.method == "GET"
        if path == "/files":
            return self._page(request, folder)
        if path.endswith("/content"):
            name = path.removeprefix("/files/").removesuffix("/content")
            return self._content(folder, unquote(name))
        name = unquote(path.removeprefix("/files/"))
        if (folder, name) not in self.files:
            return _error(404, "FileNotFound", f"no file {name}")
        return httpx.Response(200, json=self._new_file(folder, name))

    def _page(self, request: httpx.Request, folder: str) -> httpx.Response:
        first = int(request.url.params.get("skip", "0"))
        is_recursive = request.url.params.get("recursive") == "true"
        found = [
            self._new_file(where, name)
            for where, name in self.files
            if where == folder or is_recursive
        ]
        answer: dict[str, object] = {"value": found[first : first + self.page_size]}
        if first + self.page_size < len(found):
            following = request.url.copy_set_param("skip", first + self.page_size)
            answer["nextLink"] = str(following)
        return httpx.Response(200, json=answer)

    def _content(self, folder: str, name: str) -> httpx.Response:
        content = self.files.get((folder, name))
        if content is None:
            return _error(404, "FileNotFound", f"no file {name}")
        return httpx.Response(200, content=content)

    def _delete(self, folder: str, name: str, *, status: int) -> httpx.Response:
        if self.files.pop((folder, name), None) is None:
            return _error(404, "FileNotFound", f"no file {name}")
        return httpx.Response(status)

    def _old_file(self, folder: str, name: str) -> dict[str, object]:
        size = len(self.files[folder, name])
        return {
            "properties": {
                "filename": name,
                "size": size,
                "lastModifiedTime": "2025-11-22T10:00:00Z",
            }
        }

    def _new_file(self, folder: str, name: str) -> dict[str, object]:
        return {
            "name": name,
            "type": "file",
            "contentType": "text/plain",
            "sizeInBytes": len(self.files[folder, name]),
            "lastModifiedAt": "2025-11-22T10:00:00Z",
            "directory": folder,
        }


def _error(status: int, code: str, message: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "message": message}})


def _multipart(request: httpx.Request) -> tuple[str, bytes]:
    """Take the one field of a multipart body apart."""
    boundary = request.headers["content-type"].split("boundary=")[1].encode()
    head, _, rest = request.content.partition(b"\r\n\r\n")
    found = re.search(rb'form-data; name="file"; filename="((?:[^"\\]|\\.)*)"', head)
    assert found is not None
    assert head.startswith(b"--" + boundary + b"\r\n")
    end = b"\r\n--" + boundary + b"--\r\n"
    assert rest.endswith(end)
    return found.group(1).replace(b'\\"', b'"').decode(), rest.removesuffix(end)


class Clock:
    """Time that passes only in sleeps, which take none."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.pauses.append(seconds)
        self.now += seconds


Handler = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


@dataclass
class Script:
    """Answers requests one after another: a response, or an exception to raise."""

    steps: list[httpx.Response | Exception]
    requests: list[httpx.Request] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Take the next step; the last one repeats."""
        await request.aread()
        self.requests.append(request)
        step = self.steps[min(len(self.requests), len(self.steps)) - 1]
        if isinstance(step, Exception):
            raise step
        # A response can be read once only, and the last step may repeat.
        return httpx.Response(step.status_code, headers=step.headers, content=step.content)


def client_of(
    handler: Handler,
    *,
    url: str = URL,
    tokens: TokenSource | None = None,
    api_version: str = "2024-02-02-preview",
    clock: Clock | None = None,
    busy_wait_seconds: float = 60,
    on_wait: Callable[[Wait], None] | None = None,
    maximum_answer_bytes: int = 1024 * 1024,
    output_streams_max_length: int | None = None,
) -> PoolClient:
    """Return a client whose requests go to the handler and whose pauses take no time."""
    clock = clock or Clock()
    return PoolClient(
        Endpoint.parse(url),
        tokens=tokens,
        api_version=api_version,
        transport=httpx.MockTransport(handler),
        clock=clock,
        sleep=clock.sleep,
        random=lambda: 0.0,
        busy_wait_seconds=busy_wait_seconds,
        on_wait=on_wait,
        maximum_answer_bytes=maximum_answer_bytes,
        output_streams_max_length=output_streams_max_length,
    )


@dataclass
class Connection:
    """A connection that the scripted server has accepted."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heads: list[bytes]

    async def read_request(self) -> bytes:
        """Read one request whole and return its head."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        found = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        if found:
            await self.reader.readexactly(int(found.group(1)))
        return head

    async def write(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Close the connection such that the other side sees a reset."""
        socket = self.writer.get_extra_info("socket")
        socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Conversation = Callable[[Connection], Awaitable[None]]


@asynccontextmanager
async def tcp_server(
    *conversations: Conversation, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve each connection with the next conversation, the last one again and again.

    Yields:
        The server's URL, and the request heads that it has read, as they come.
    """
    heads: list[bytes] = []
    tasks: set[asyncio.Task[None]] = set()
    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        conversation = conversations[min(count, len(conversations) - 1)]
        count += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await conversation(Connection(reader, writer, heads))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away, as some tests want
        except asyncio.CancelledError:
            pass  # the test is over; the server's callback logs a cancelled task as an error
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{port}", heads
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def http_answer(body: bytes, *, status: str = "200 OK", extra: str = "") -> bytes:
    """Return a whole HTTP answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{extra}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
