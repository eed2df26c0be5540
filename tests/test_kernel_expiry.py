"""What happens when the session goes while the notebook stays."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from acajs_kernel.pool import Endpoint, PoolClient, StaticToken
from tests.kernel_client import Ran, RunningKernel, running_kernel
from tests.pool_server import ServedPool, served_pool

_SESSION = "expiring-session-0123456789"


@pytest.fixture(scope="module")
def pool() -> Iterator[ServedPool]:
    """Serve a pool whose sessions a test stops."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
    with served_pool(clean) as served:
        yield served


@pytest_asyncio.fixture
async def client(pool: ServedPool) -> AsyncIterator[PoolClient]:
    """Somebody else who may use the pool."""
    async with PoolClient(
        Endpoint.parse(pool.endpoint), tokens=StaticToken(pool.token)
    ) as connected:
        yield connected


def _text(ran: Ran) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", ran.text or "")


def _settings(pool: ServedPool, **settings: str) -> dict[str, str]:
    return (
        {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
        | pool.environment
        | {"ACAJS_SESSION_ID": _SESSION}
        | {f"ACAJS_{name.upper()}": value for name, value in settings.items()}
    )


async def _prepared(kernel: RunningKernel) -> None:
    for code in ("var runs = (globalThis.runs ?? 0) + 1", "const base = 20; var shown = 'x'"):
        assert (await kernel.run(code)).reply["status"] == "ok"
    assert (await kernel.run("console.log('seen'); throw new Error('not again')")).error


async def test_by_default_the_loss_is_one_clear_error_and_the_next_cell_starts_fresh(
    pool: ServedPool, client: PoolClient
) -> None:
    """Nothing is run on a session that is not the one the user thinks it is."""
    async with running_kernel(_settings(pool)) as kernel:
        await _prepared(kernel)
        await client.stop_session(_SESSION)
        lost = await kernel.run("var ran = true")
        assert lost.error["ename"] == "SessionLostError"
        assert "Variables are gone" in lost.error["evalue"]
        assert "did not run" in lost.error["evalue"]
        assert "ACAJS_ON_SESSION_LOSS" in lost.traceback
        assert (
            _text(await kernel.run("[typeof ran, typeof base]")) == "[ 'undefined', 'undefined' ]"
        )


async def test_restart_runs_the_cell_on_the_fresh_session_with_a_warning(
    pool: ServedPool, client: PoolClient
) -> None:
    """The user who chose so is told that the variables are gone."""
    async with running_kernel(_settings(pool, on_session_loss="restart")) as kernel:
        await _prepared(kernel)
        await client.stop_session(_SESSION)
        ran = await kernel.run("typeof base")
        assert _text(ran) == "'undefined'"
        assert "Variables are gone" in ran.stderr


async def test_replay_brings_the_variables_back_without_showing_output(
    pool: ServedPool, client: PoolClient
) -> None:
    """The successful cells run again, in order, once; the failed one does not."""
    async with running_kernel(_settings(pool, on_session_loss="replay")) as kernel:
        await _prepared(kernel)
        await client.stop_session(_SESSION)
        ran = await kernel.run("base + runs")
        assert _text(ran) == "21"
        assert "2 earlier successful cells" in ran.stderr
        assert ran.stdout == ""


async def test_replay_stops_at_the_first_failure_and_tells(
    pool: ServedPool, client: PoolClient
) -> None:
    """A cell that only works once is named, and nothing behind it runs."""
    async with running_kernel(_settings(pool, on_session_loss="replay")) as kernel:
        await kernel.run("if (process.env.ONCE_DONE) throw new Error('only once'); var a = 1")
        await kernel.run("prompt('Name?')", allow_stdin=False)
        await kernel.run("var b = await Promise.resolve(2)")
        request = kernel.client.execute("var answer = prompt('Name?')", allow_stdin=True)
        await kernel.client.get_stdin_msg(timeout=30)
        kernel.client.input("Ada")
        assert (await kernel.collect(request)).reply["status"] == "ok"
        await kernel.run("var c = 3")
        await client.stop_session(_SESSION)
        lost = await kernel.run("c")
        assert lost.error["ename"] == "SessionLostError"
        assert re.search(r"In\[4\] failed", lost.error["evalue"])
        assert _text(await kernel.run("[b, typeof c]")) == "[ 2, 'undefined' ]"


@pytest.mark.parametrize("choice", ["error", "restart", "replay"])
async def test_a_cell_that_had_begun_is_never_run_again(
    pool: ServedPool, client: PoolClient, choice: str
) -> None:
    """Whatever was chosen: it may have done things that must not happen twice."""
    async with running_kernel(_settings(pool, on_session_loss=choice)) as kernel:
        request = kernel.client.execute("console.log('begun'); await new Promise(() => {})")
        await kernel.until(request, "begun")
        await client.stop_session(_SESSION)
        lost = await kernel.collect(request)
        assert lost.error["ename"] == "SessionLostError"
        assert "not run again" in lost.error["evalue"]
        assert _text(await kernel.run("1 + 1")) == "2"


async def test_a_named_session_is_found_again_by_the_next_kernel(pool: ServedPool) -> None:
    """A notebook reattached with the same identifier finds its variables."""
    async with running_kernel(_settings(pool)) as kernel:
        await kernel.run("var attached = 'same'")
    async with running_kernel(_settings(pool)) as kernel:
        assert _text(await kernel.run("attached")) == "'same'"


async def test_restarting_the_kernel_cleans_a_named_session(pool: ServedPool) -> None:
    """A restart means a clean state, in the same session."""
    async with running_kernel(_settings(pool)) as kernel:
        folder = _text(await kernel.run("var stale = 1; process.cwd()"))
        await kernel.manager.restart_kernel()
        await kernel.client.wait_for_ready(timeout=60)
        assert _text(await kernel.run("typeof stale")) == "'undefined'"
        assert _text(await kernel.run("process.cwd()")) == folder
