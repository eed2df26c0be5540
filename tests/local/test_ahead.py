"""A session that is started before its pool exists."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from acajs_kernel.errors import NodeNotFoundError
from acajs_kernel.local import LocalPool, ahead
from tests.kernel_client import running_kernel

_VERSION = "2025-10-02-preview"
_END_SECONDS = 30.0


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """No test hands its session on to the next."""
    yield
    ahead.discard_started()


async def _run(pool: LocalPool, code: str) -> object:
    body = {"codeInputType": "inline", "executionType": "synchronous", "code": code}
    status, _, content = await pool.executor.answer(
        _VERSION, "started-ahead", json.dumps(body).encode()
    )
    assert status == 200, content
    return json.loads(content)["result"]["executionResult"]


async def test_a_pool_takes_over_what_was_started() -> None:
    """The first session is the process that was started, with what was run in it."""
    ahead.start_ahead("globalThis.early = 6 * 7")
    started = ahead.take_started()
    assert started is not None
    assert started.is_prepared
    async with LocalPool(started=started) as pool:
        assert await _run(pool, "early") == 42
        assert await _run(pool, "process.pid") == started.process.pid
        assert started.folder.exists()
    assert not started.folder.exists()


def test_what_was_started_is_taken_once() -> None:
    """Two pools never share a process."""
    ahead.start_ahead(None)
    first = ahead.take_started()
    assert first is not None
    assert not first.is_prepared
    assert ahead.take_started() is None
    first.process.stop()
    first.process.wait_stopped()


async def test_what_is_not_wanted_leaves_nothing_behind() -> None:
    """A discarded session's process ends and its folder goes."""
    ahead.start_ahead(None)
    with ahead._lock:
        (started,) = ahead._started
    ahead.discard_started()
    await asyncio.wait_for(asyncio.to_thread(started.process.wait_stopped), _END_SECONDS)
    assert not started.folder.exists()


def test_a_launch_goes_on_without_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Node nothing is started; the pool says so later, to somebody who sees it."""

    def find_nothing() -> None:
        raise NodeNotFoundError("none")

    monkeypatch.setattr(ahead, "find_node", find_nothing)
    ahead.start_ahead(None)
    assert ahead.take_started() is None


async def test_a_pool_elsewhere_needs_no_node_here(environment: dict[str, str]) -> None:
    """With an endpoint in the environment no process is started beside the kernel's own."""
    elsewhere = {"ACAJS_POOL_ENDPOINT": "http://127.0.0.1:9", "ACAJS_TOKEN": "unused"}
    async with running_kernel(environment | elsewhere) as kernel:
        assert psutil.Process(kernel.pid).children(recursive=True) == []


async def test_an_endpoint_on_the_command_line_counts_as_well(environment: dict[str, str]) -> None:
    """A kernel spec may name the pool in its arguments."""
    arguments = ["--AcaJsKernel.endpoint=http://127.0.0.1:9"]
    async with running_kernel(environment, extra_arguments=arguments) as kernel:
        assert psutil.Process(kernel.pid).children(recursive=True) == []


async def test_a_bad_setting_leaves_nothing_running(environment: dict[str, str]) -> None:
    """No cell can run, so that what was started for the first one has to go."""
    async with running_kernel(environment | {"ACAJS_TIMEOUT": "soon"}) as kernel:
        assert (await kernel.run("1")).error["ename"] == "ConfigurationError"
        children = psutil.Process(kernel.pid).children(recursive=True)
        _, alive = await asyncio.to_thread(psutil.wait_procs, children, _END_SECONDS)
        assert alive == []


async def test_a_session_of_another_folder_is_not_taken_over(tmp_path: Path) -> None:
    """What a configuration file names counts more than the guess at the launch."""
    ahead.start_ahead(None, tmp_path)
    assert ahead.take_started_in(None) is None
    ahead.start_ahead(None, tmp_path)
    started = ahead.take_started_in(tmp_path)
    assert started is not None
    assert started.process.data_folder == tmp_path
    started.process.stop()
    started.held.close()
    await asyncio.to_thread(started.process.wait_stopped)
    assert await asyncio.to_thread(tmp_path.is_dir)
