"""A real pool, served over TCP by a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

__all__ = ["ServedPool", "served_pool", "served_variant"]

_ANSWER_SECONDS = 60
_STOP_SECONDS = 20


@dataclass(frozen=True)
class ServedPool:
    """A served pool, and the process that serves it."""

    endpoint: str
    token: str = field(repr=False)
    process: subprocess.Popen[str]

    @property
    def environment(self) -> dict[str, str]:
        """What a kernel needs to use the pool."""
        return {"ACAJS_POOL_ENDPOINT": self.endpoint, "ACAJS_TOKEN": self.token}

    async def sessions(self) -> list[dict[str, Any]]:
        """The sessions that are alive, as the pool lists them."""
        async with httpx.AsyncClient(timeout=_ANSWER_SECONDS, trust_env=False) as http:
            answer = await http.get(
                f"{self.endpoint}/listSessions?api-version=2025-02-02-preview",
                headers={"Authorization": f"Bearer {self.token}"},
            )
        sessions: list[dict[str, Any]] = answer.raise_for_status().json()["value"]
        return sessions

    async def until_empty(self, seconds: float) -> None:
        """Wait until no session is alive, or fail."""
        deadline = time.monotonic() + seconds
        while await self.sessions():
            assert time.monotonic() < deadline, "sessions are alive still"
            await asyncio.sleep(0.1)  # a session's end is told to nobody


@contextmanager
def served_pool(environment: Mapping[str, str], *options: str) -> Iterator[ServedPool]:
    """Run `acajs pool serve` with these options until the block ends."""
    with _running(["acajs_kernel.cli", "pool", "serve", *options], environment) as pool:
        yield pool


@contextmanager
def served_variant(environment: Mapping[str, str], name: str) -> Iterator[ServedPool]:
    """Serve a pool that differs from the embedded one in one point: see pool_variants."""
    with _running(["tests.pool_variants", name], environment) as pool:
        yield pool


@contextmanager
def _running(module: list[str], environment: Mapping[str, str]) -> Iterator[ServedPool]:
    with subprocess.Popen(
        [sys.executable, "-m", *module],
        env=dict(environment),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            values: dict[str, str] = {}
            assert process.stdout is not None
            while len(values) < 2:
                line = process.stdout.readline()
                assert line, "the pool ended before it served"
                match = re.match(r"export (\w+)=(\S+)", line)
                if match:
                    values[match.group(1)] = match.group(2).strip("'\"")
            yield ServedPool(values["ACAJS_POOL_ENDPOINT"], values["ACAJS_TOKEN"], process)
        finally:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGINT)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
