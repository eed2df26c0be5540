"""A pool that accepts only the newest token: ``python -m tests.security.rotating_pool FILE``.

The file holds that token, and may change at any time.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from pathlib import Path
from typing import Any

from acajs_kernel.local import LocalPool
from acajs_kernel.local.serve import serve


async def _run(file: Path) -> None:
    own = secrets.token_urlsafe(16)
    async with LocalPool(token=own) as pool:
        inner: Any = pool.application

        async def application(scope: Any, receive: Any, send: Any) -> None:
            newest = b"Bearer " + await asyncio.to_thread(file.read_bytes)
            if scope["type"] == "http":
                headers = [
                    (name, b"Bearer " + own.encode() if value == newest else b"Bearer expired")
                    if name == b"authorization"
                    else (name, value)
                    for name, value in scope["headers"]
                ]
                scope = {**scope, "headers": headers}
            await inner(scope, receive, send)

        pool.application = application  # type: ignore[assignment] # a function around it

        def ready(endpoint: str) -> None:
            print(f"export ACAJS_POOL_ENDPOINT={endpoint}")  # noqa: T201 -- read by the test
            print("export ACAJS_TOKEN=unused", flush=True)  # noqa: T201 -- as above

        await serve(pool, on_ready=ready)


if __name__ == "__main__":
    asyncio.run(_run(Path(sys.argv[1])))
