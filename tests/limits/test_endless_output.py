"""A cell that prints without end: memory stays bounded, and an interrupt ends it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest
import zmq

from tests.kernel_client import RunningKernel, running_kernel

from .memory import watched_memory

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="memory is measured on POSIX")

_MEGABYTE = 1 << 20
_SECONDS = float(os.environ.get("ACAJS_TEST_ENDLESS_SECONDS", "6"))
_ENDLESS = "let i = 0; for (;;) console.log('line ' + i++ + ' of an endless loop')"


async def _interrupted_seconds(kernel: RunningKernel) -> float:
    """Interrupt the running cell, and return how long its reply takes."""
    begun = time.monotonic()
    await kernel.manager.interrupt_kernel()
    reply = await kernel.client.get_shell_msg(timeout=30)
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    return time.monotonic() - begun


@pytest.mark.slow
async def test_endless_output_is_streamed_in_bounded_memory(kernel: RunningKernel) -> None:
    """While a frontend reads, output keeps coming, in order, and nothing piles up."""
    request = kernel.client.execute(_ENDLESS)
    deadline = time.monotonic() + _SECONDS
    pieces: list[str] = []
    async with watched_memory(kernel.pid) as peaks:
        while time.monotonic() < deadline:
            message = await kernel.published(request)
            pieces.append(message["content"].get("text", ""))
        seconds = await _interrupted_seconds(kernel)
    rest = await kernel.collect(request, reply=False)
    lines = ("".join(pieces) + rest.stdout).splitlines()
    assert len(lines) > 50_000
    assert lines[:-1] == [f"line {n} of an endless loop" for n in range(len(lines) - 1)]
    print(f"{len(lines):,} lines; peaks: {peaks}; interrupted in {seconds:.2f} s")  # noqa: T201 -- figures
    assert seconds < 2
    assert peaks.kernel < 350 * _MEGABYTE, peaks
    assert max(peaks.node.values()) < 350 * _MEGABYTE, peaks
    assert (await kernel.run("console.log(i > 50_000)")).stdout == "true\n"


@pytest.mark.slow
async def test_a_frontend_that_reads_nothing_costs_bounded_memory_and_is_told(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Unread output makes the cell wait, then is dropped; the notice and idle still arrive."""
    log = tmp_path / "log"
    with log.open("w") as stderr:
        async with running_kernel(environment, stderr=stderr) as kernel:
            await kernel.run("0")
            request = kernel.client.execute(_ENDLESS)
            async with watched_memory(kernel.pid) as peaks:
                deadline = time.monotonic() + 60
                while "has read nothing" not in log.read_text():
                    assert time.monotonic() < deadline, "nobody missed the frontend"
                    await asyncio.sleep(0.1)
                seconds = await _interrupted_seconds(kernel)
            print(f"peaks: {peaks}; interrupted in {seconds:.2f} s")  # noqa: T201 -- figures
            ran = await kernel.collect(request, reply=False)
            assert ran.types[-1] == "error"
            assert "pieces of output were dropped" in ran.stderr
            assert seconds < 2
            assert peaks.kernel < 350 * _MEGABYTE, peaks
            assert max(peaks.node.values()) < 350 * _MEGABYTE, peaks
            await kernel.settle()
            assert (await kernel.run("console.log(i > 0)")).stdout == "true\n"


@pytest.mark.slow
async def test_a_frontend_that_reads_nothing_does_not_stop_another_one(
    kernel: RunningKernel,
) -> None:
    """A second client that never reads holds the first one up once, not for ever."""
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        subscriber.rcvhwm = 1
        subscriber.linger = 0
        subscriber.subscribe(b"")
        subscriber.connect(f"tcp://127.0.0.1:{kernel.manager.iopub_port}")
        while not subscriber.poll(100):
            await kernel.run("0")
        ran = await kernel.run("process.stdout.write('x'.repeat(40_000_000))", seconds=100)
        assert ran.reply["status"] == "ok"
        assert len(ran.stdout) == 40_000_000
        assert "pieces of output were dropped" in ran.stderr
        begun = time.monotonic()
        assert (await kernel.run("console.log('again')")).stdout == "again\n"
        assert time.monotonic() - begun < 8
