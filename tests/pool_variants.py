"""Pools that differ from the embedded one in one point: ``python -m tests.pool_variants NAME``."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from acajs_kernel.local import LocalPool, session_process
from acajs_kernel.local.serve import serve

_HERE = Path(__file__).parent

Scope = Any
Application = Callable[..., Any]


class _Cutting:
    """Cuts what executions return, as the service may."""

    def __init__(self, application: Application, limits: Mapping[str, int]) -> None:
        self._application = application
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].endswith(("/execute", "/executions")):
            await self._application(scope, receive, send)
            return
        start: dict[str, Any] = {}
        body = b""

        async def collect(message: dict[str, Any]) -> None:
            nonlocal body
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body += message.get("body", b"")

        await self._application(scope, receive, collect)
        answer = json.loads(body)
        for result in (answer.get("properties"), answer.get("result")):
            for name, limit in self._limits.items():
                if result is not None and isinstance(result.get(name), str):
                    result[name] = result[name][:limit]
        body = json.dumps(answer).encode()
        start["headers"] = [
            (name, value) for name, value in start["headers"] if name != b"content-length"
        ] + [(b"content-length", str(len(body)).encode())]
        await send(start)
        await send({"type": "http.response.body", "body": body})


class _Delaying:
    """Holds every request, and every answer, for a while."""

    def __init__(self, application: Application, seconds: float) -> None:
        self._application = application
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        async def send_later(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                await asyncio.sleep(self._seconds)
            await send(message)

        if scope["type"] == "http":
            await asyncio.sleep(self._seconds)
        await self._application(scope, receive, send_later)


async def _run(name: str) -> None:
    environment: dict[str, str] = {}
    if name == "nel":
        session_process._SCRIPT = _HERE / "nel_host.js"
    elif name == "other-language":
        session_process._SCRIPT = _HERE / "other_language_host.js"
    elif name == "no-children":
        environment["NODE_OPTIONS"] = f"--require={_HERE / 'no_children.js'}"
    token = secrets.token_urlsafe(16)
    maximum = 3 if name == "short-requests" else 220
    async with LocalPool(
        token=token, forward_environment=environment, maximum_timeout_seconds=maximum
    ) as pool:
        application: Any = pool.application
        if name == "cut-result":
            application = _Cutting(application, {"executionResult": 2000})
        elif name == "no-result":
            application = _Cutting(application, {"executionResult": 0})
        elif name == "cut-everything":
            application = _Cutting(application, {"executionResult": 500, "stdout": 500})
        elif name.startswith("delay-"):
            application = _Delaying(application, float(name.removeprefix("delay-")) / 1000)
        pool.application = application

        def ready(endpoint: str) -> None:
            print(f"export ACAJS_POOL_ENDPOINT={endpoint}")  # noqa: T201 -- read by the test
            print(f"export ACAJS_TOKEN={token}", flush=True)  # noqa: T201 -- as above

        await serve(pool, on_ready=ready)


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1]))
