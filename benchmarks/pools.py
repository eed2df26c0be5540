"""A pool on a TCP port, and the least that a cell on it can cost."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

__all__ = ["Pool", "bare_posts", "served_pool"]

_STOP_SECONDS = 20.0
_API_VERSION = "2024-02-02-preview"
_WARMING_POSTS = 20
_POSTS = 200


@dataclass(frozen=True)
class Pool:
    """A served pool."""

    endpoint: str
    token: str = field(repr=False)


@contextmanager
def served_pool(*options: str) -> Iterator[Pool]:
    """Run ``acajs pool serve`` until the block ends."""
    command = [sys.executable, "-m", "acajs_kernel.cli", "pool", "serve", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            values: list[str] = []
            while len(values) < 2:  # noqa: PLR2004 -- the endpoint and the token
                line = process.stdout.readline() if process.stdout else ""
                if not line:
                    raise RuntimeError("the pool ended before it served")
                if match := re.match(r"export \w+=(\S+)", line):
                    values.append(match[1].strip("'\""))
            yield Pool(values[0], values[1])
        finally:
            process.terminate()
            process.wait(_STOP_SECONDS)


def bare_posts(endpoint: str, token: str, identifier: str) -> list[float]:
    """Run the trivial cell's code by plain POSTs; return the seconds of each, sorted."""
    return asyncio.run(_bare_posts(endpoint, token, identifier))


async def _bare_posts(endpoint: str, token: str, identifier: str) -> list[float]:
    body = {
        "properties": {"codeInputType": "inline", "executionType": "synchronous", "code": "1+1"}
    }
    times = []
    async with httpx.AsyncClient(
        base_url=endpoint,
        headers={"Authorization": f"Bearer {token}"},
        params={"api-version": _API_VERSION, "identifier": identifier},
        timeout=60,
    ) as client:
        for index in range(_WARMING_POSTS + _POSTS):
            began = time.perf_counter()
            answer = await client.post("/code/execute", json=body)
            if index >= _WARMING_POSTS:
                times.append(time.perf_counter() - began)
            if answer.json()["properties"]["executionResult"] != 2:  # noqa: PLR2004 -- 1+1
                raise RuntimeError(f"the pool answered {answer.text[:200]}")
    return sorted(times)
