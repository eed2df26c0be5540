"""An editor beside a pool that has fallen silent: questions give up, and cells pass them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.kernel_client import RunningKernel, running_kernel
from tests.pool_server import served_pool
from tests.silent_pool import SilentPool, silent_pool

# What an editor may be held up by, and what a busy machine may add to that.
_HELD_SECONDS = 3.0
_SLACK_SECONDS = 5.0


@pytest_asyncio.fixture
async def pool(environment: dict[str, str]) -> AsyncIterator[tuple[SilentPool, RunningKernel]]:
    """Give a pool that can fall silent, and a kernel that has run a cell in it."""
    with served_pool(environment) as served, silent_pool(served.endpoint) as silent:
        settings = served.environment | {"ACAJS_POOL_ENDPOINT": silent.endpoint}
        async with running_kernel(environment | settings) as kernel:
            await kernel.run("const thing = { alpha: 1 }; function adding(a) { return a }")
            yield silent, kernel


async def _ask(kernel: RunningKernel, kind: str, code: str) -> tuple[dict[str, object], float]:
    begun = time.monotonic()
    message = kernel.client.session.msg(kind, {"code": code, "cursor_pos": len(code)})
    kernel.client.shell_channel.send(message)
    ran = await kernel.collect(message["header"]["msg_id"])
    return ran.reply, time.monotonic() - begun


async def test_the_editor_is_answered_with_what_is_known_without_the_session(
    pool: tuple[SilentPool, RunningKernel],
) -> None:
    """After 3 s the cells' texts and the builtins must do; the next question waits for nothing."""
    silent, kernel = pool
    silent.is_silent = True
    completed, seconds = await _ask(kernel, "complete_request", "addi")
    assert completed["matches"] == ["adding"]
    assert _HELD_SECONDS - 0.5 < seconds < _HELD_SECONDS + _SLACK_SECONDS
    for kind, code in (
        ("complete_request", "Math.ma"),
        ("inspect_request", "Math.max"),
        ("complete_request", "!addi"),
    ):
        reply, seconds = await _ask(kernel, kind, code)
        assert reply["status"] == "ok"
        assert reply.get("matches", ["max"]) in (["max"], ["adding"])
        assert seconds < 1


async def test_a_cell_does_not_wait_for_a_question_before_it(
    pool: tuple[SilentPool, RunningKernel],
) -> None:
    """Tab and then Shift-Enter: the cell begins at once, and ends while the question is open."""
    silent, kernel = pool
    silent.is_silent = True
    asking = kernel.client.session.msg("complete_request", {"code": "thing.al", "cursor_pos": 8})
    kernel.client.shell_channel.send(asking)
    assert await asyncio.to_thread(silent.has_swallowed.wait, 20)
    silent.is_silent = False
    begun = time.monotonic()
    ran = await kernel.run("thing.alpha + 1")
    assert "2" in (ran.text or "")
    assert time.monotonic() - begun < _HELD_SECONDS - 0.5
    again, seconds = await _ask(kernel, "complete_request", "thing.al")
    assert again["matches"] == ["alpha"], "a session that answers cells is asked again"
    assert seconds < 1


@pytest.mark.parametrize("code", ["thing?", "nothing?"])
async def test_help_is_not_waited_for_longer(
    pool: tuple[SilentPool, RunningKernel], code: str
) -> None:
    """``name?`` is a cell, and gives up all the same."""
    silent, kernel = pool
    silent.is_silent = True
    begun = time.monotonic()
    ran = await kernel.run(code)
    assert ran.reply["payload"]
    assert time.monotonic() - begun < _HELD_SECONDS + _SLACK_SECONDS
