"""The embedded pool on a TCP port."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from acajs_kernel.errors import ConfigurationError, LocalPoolError
from acajs_kernel.local import LocalPool, uploads
from acajs_kernel.local.serve import serve

from .conftest import NEW, OLD, Api, error_of, names_in, new_identifier

TOKEN = "serve-token"
WAIT = 30.0
THIS_TEXT = Path(__file__).read_text()


async def start(pool: LocalPool, **options: Any) -> tuple[asyncio.Task[None], str]:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(serve(pool, on_ready=ready.set_result, **options))
    return task, await asyncio.wait_for(ready, WAIT)


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait_for(task, WAIT)


def client_of(url: str) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {TOKEN}"}
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=WAIT)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
async def test_tutorial_works_with_curl() -> None:
    """The tutorial's curl commands work against the served pool, word for word but for the URL."""
    task, url = await start(LocalPool(token=TOKEN))
    query = f"api-version={OLD}&identifier=tutorial-1"

    async def curl(*arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            "curl",
            *("--silent", "--show-error", "--fail", "--noproxy", "*"),
            *("-H", f"Authorization: Bearer {TOKEN}"),
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await asyncio.wait_for(process.communicate(), WAIT)
        assert process.returncode == 0, errors
        return output.decode()

    body = {
        "properties": {
            "codeInputType": "inline",
            "executionType": "synchronous",
            "code": 'console.log("hello-world")',
        }
    }
    answer = await curl(
        *("-X", "POST", f"{url}/code/execute?{query}"),
        *("-H", "Content-Type: application/json", "-d", json.dumps(body)),
    )
    properties = json.loads(answer)["properties"]
    assert properties["status"] == "Success"
    assert properties["stdout"] == "hello-world\n"
    this = Path(__file__)
    await curl("-X", "POST", f"{url}/files/upload?{query}", "-F", f"file=@{this}")
    listed = json.loads(await curl(f"{url}/files?{query}"))["value"]
    assert listed[0]["properties"]["filename"] == this.name
    downloaded = await curl(f"{url}/files/content/{this.name}?{query}")
    assert downloaded == THIS_TEXT
    await stop(task)


async def test_both_families_over_tcp() -> None:
    """Executions, files and errors work over a socket as they do in the process."""
    task, url = await start(LocalPool(token=TOKEN))
    async with client_of(url) as client:
        for version in (OLD, NEW):
            api = Api(client, version, new_identifier())
            assert (await api.run("6 * 7"))["executionResult"] == 42
            assert (await api.upload("big", b"z" * 3_000_000)).status_code == 200
            assert (await api.download("big")).content == b"z" * 3_000_000
            refused = await api.send("GET", "/files/..%2f..%2fetc%2fpasswd/content")
            assert refused.status_code in {400, 404}
        bare = await client.get("/files", headers={"authorization": ""})
        assert error_of(bare) == (401, "Unauthorized")
    await stop(task)


@pytest.mark.parametrize(
    "target",
    [
        "/files/../../etc/passwd/content",
        "/files/..",
        "/files/%2e%2e/content",
        "/files/..%2f..%2fetc%2fpasswd/content",
        "//etc/passwd",
        "/files//etc/passwd/content",
        "http://evil.example/files/x/content",
    ],
)
async def test_raw_traversal_finds_nothing(target: str) -> None:
    """Paths that clients would tidy away are refused when sent as they are."""
    task, url = await start(LocalPool(token=TOKEN))
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET {target}?api-version={NEW}&identifier=abcd1234 HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n".encode()
    )
    answer = await asyncio.wait_for(reader.read(), WAIT)
    assert answer.split()[1] in {b"400", b"404"}
    assert b"root:" not in answer
    writer.close()
    await writer.wait_closed()
    await stop(task)


async def test_refused_upload_answers_413_although_the_client_still_writes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The client of a file that is too large sees 413 and no broken connection."""
    monkeypatch.setattr(uploads, "MAXIMUM_FILE_BYTES", 8_000_000)
    task, url = await start(LocalPool(token=TOKEN))
    async with client_of(url) as client:
        api = Api(client, NEW, new_identifier())
        assert error_of(await api.upload("big", b"z" * 12_000_000)) == (413, "FileTooLarge")
    await stop(task)


async def test_raw_nonsense_gets_400_and_the_server_lives() -> None:
    """Bytes that are no HTTP do not disturb the server."""
    task, url = await start(LocalPool(token=TOKEN))
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"\x16\x03\x01 nonsense\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), WAIT)
    assert b" 400 " in answer.splitlines()[0]
    writer.close()
    await writer.wait_closed()
    async with client_of(url) as client:
        assert (await client.get("/metadata", params={"api-version": NEW})).status_code == 200
    await stop(task)


SERVING = """
import asyncio, signal, sys
from pathlib import Path
from acajs_kernel.local import LocalPool
from acajs_kernel.local.serve import serve

number = signal.Signals(int(sys.argv[2]))
former = signal.getsignal(number)
pool = LocalPool(token="serve-token", root=Path(sys.argv[1]))
asyncio.run(serve(pool, on_ready=lambda url: print(url, flush=True)))
print(signal.getsignal(number) is former)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signal_stops_gracefully_and_restores_handlers(
    number: signal.Signals, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A signal answers running requests, closes the pool, and returns without an exception."""
    begun = tmp_path_factory.mktemp("signs") / "begun"
    os.mkfifo(begun)
    # In a process of its own: a signal that is not caught ends the process that it is sent to.
    command = [sys.executable, "-c", SERVING, str(tmp_path), str(int(number))]
    with await asyncio.to_thread(
        subprocess.Popen, command, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            url = (await asyncio.to_thread(process.stdout.readline)).strip()
            async with client_of(url) as client:
                api = Api(client, NEW, new_identifier())
                await api.run("1")
                code = f"require('fs').writeFileSync({json.dumps(str(begun))}, ''); for(;;){{}}"
                running = asyncio.ensure_future(api.execute(code, 220))
                # Who opens a named pipe waits for the other side.
                await asyncio.wait_for(asyncio.to_thread(begun.read_bytes), WAIT)
                process.send_signal(number)
                assert error_of(await asyncio.wait_for(running, WAIT)) == (409, "SessionStopped")
            assert await asyncio.to_thread(process.stdout.readline) == "True\n"
            assert await asyncio.to_thread(process.wait, WAIT) == 0
            assert names_in(tmp_path) == []
        finally:
            process.kill()


async def test_port_in_use_is_reported() -> None:
    """A port that cannot be opened raises an error that names it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with LocalPool(token=TOKEN) as pool:
            with pytest.raises(LocalPoolError, match=f"port {port}") as caught:
                await serve(pool, port=port, on_ready=print)
    assert "another port" in caught.value.remedy


@pytest.mark.parametrize(
    ("make", "host", "said"),
    [
        (LocalPool, "127.0.0.1", "without a token"),
        (lambda: LocalPool(token=TOKEN), "0.0.0.0", "loopback"),
        (lambda: LocalPool(token=TOKEN), "example.org", "loopback"),
    ],
)
async def test_unsafe_serving_is_refused(
    make: Callable[[], LocalPool], host: str, said: str
) -> None:
    """Without a token, or beyond the loopback interface, nothing is served."""
    async with make() as pool:
        with pytest.raises(ConfigurationError, match=said):
            await serve(pool, host=host, on_ready=print)


@pytest.mark.skipif(not socket.has_ipv6 or sys.platform == "win32", reason="needs IPv6 loopback")
async def test_ipv6_loopback_works() -> None:
    """The address ::1 is served and shown in brackets."""
    task, url = await start(LocalPool(token=TOKEN), host="::1")
    assert url.startswith("http://[::1]:")
    async with client_of(url) as client:
        assert (await client.get("/metadata", params={"api-version": NEW})).status_code == 200
    await stop(task)
