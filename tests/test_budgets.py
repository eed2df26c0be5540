"""Budgets of a launch and of a cell, as counts: a slow machine does not change them."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.network import relay
from tests.kernel_client import running_kernel
from tests.pool_server import served_pool

# What takes long to load, and what no cell needs.
_HEAVY = {
    "anyio",
    "azure",
    "click",
    "debugpy",
    "h11",
    "httpcore",
    "httpx",
    "msal",
    "python_multipart",
    "requests",
    "rich",
    "starlette",
    "tree_sitter",
    "tree_sitter_javascript",
    "typer",
    "uvicorn",
}
_OVER_HTTP = {"anyio", "h11", "httpcore", "httpx"}
_MODULES_BESIDE_IPYKERNEL = 116
_MODULES_FOR_HTTP = 130
_CELLS = 20
_IDLE_SECONDS = 1.0


async def _loaded(environment: dict[str, str], log: Path) -> set[str]:
    """Return the modules that a kernel has loaded when its first cell has run."""
    with log.open("wb") as file:
        async with running_kernel(
            environment | {"PYTHONPROFILEIMPORTTIME": "1"}, stderr=file
        ) as kernel:
            assert (await kernel.run("6 * 7")).reply["status"] == "ok"
            # Before the shutdown, which loads more.
            text = await asyncio.to_thread(log.read_text)
    return set(re.findall(r"^import time:.*\| +(\S+)$", text, re.MULTILINE)) - {"imported package"}


@pytest.fixture(scope="module")
def ipykernel_modules() -> int:
    """How many modules ipykernel's own application loads, and Python itself."""
    script = "import ipykernel.kernelapp, sys; print(len(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
    )
    return int(ran.stdout)


async def test_a_launch_loads_little(
    environment: dict[str, str], tmp_path: Path, ipykernel_modules: int
) -> None:
    """An embedded kernel runs a cell without HTTP, parsers and command-line libraries."""
    modules = await _loaded(environment, tmp_path / "log")
    assert {name.partition(".")[0] for name in modules} & _HEAVY == set()
    assert len(modules) <= ipykernel_modules + _MODULES_BESIDE_IPYKERNEL


async def test_a_launch_beside_a_pool_elsewhere_loads_http_only(
    environment: dict[str, str], tmp_path: Path, ipykernel_modules: int
) -> None:
    """A kernel whose cells run elsewhere loads what speaks HTTP, and none of its extras."""
    with served_pool(environment) as pool:
        modules = await _loaded(environment | pool.environment, tmp_path / "log")
    assert {name.partition(".")[0] for name in modules} & _HEAVY == _OVER_HTTP
    limit = ipykernel_modules + _MODULES_BESIDE_IPYKERNEL + _MODULES_FOR_HTTP
    assert len(modules) <= limit


async def test_a_short_cell_is_one_small_request(environment: dict[str, str]) -> None:
    """A cell costs one HTTP request of a kilobyte each way, in one piece; an idle kernel none."""
    with (
        served_pool(environment) as pool,
        relay(pool.endpoint, delay_seconds=0) as traffic,
    ):
        access = pool.environment | {"ACAJS_POOL_ENDPOINT": traffic.endpoint}
        async with running_kernel(environment | access) as kernel:
            await kernel.run("1 + 1")
            before = (traffic.requests, traffic.sent_bytes, traffic.received_bytes)
            pieces = traffic.sent_pieces
            for _ in range(_CELLS):
                await kernel.run("1 + 1")
            after = (traffic.requests, traffic.sent_bytes, traffic.received_bytes)
            pieces = traffic.sent_pieces - pieces
            await asyncio.sleep(_IDLE_SECONDS)  # nothing tells that nothing is sent
            idle = traffic.requests - after[0]
    requests, sent, received = (now - then for now, then in zip(after, before, strict=True))
    # On a machine that stands still for milliseconds an answer may come in two parts.
    assert _CELLS <= requests <= 1.5 * _CELLS
    assert pieces == requests  # each wakes up the other side
    assert sent <= requests * 1400
    assert received <= requests * 1300
    assert idle == 0
