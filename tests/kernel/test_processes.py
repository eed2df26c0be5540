"""Nothing survives a kernel that is killed, and whatever crashes comes back working."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.ioloop.manager import AsyncIOLoopKernelManager
from jupyter_client.manager import AsyncKernelManager

from tests.kernel_client import RunningKernel, running_kernel
from tests.pool_server import served_pool
from tests.seeds import SEED

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="looks at processes as on POSIX")

_GONE_SECONDS = 5.0


# ---- after SIGKILL


def _processes_of(folder: Path) -> list[psutil.Process]:
    """Return the processes that were started with a folder in their environment or arguments."""
    found = []
    mark = str(folder)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = [*process.cmdline(), *process.environ().values()]
            if any(mark in word for word in words):
                found.append(process)
    return found


def _is_listening(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


async def _leftovers(folder: Path, ports: list[int]) -> list[object]:
    """Return what is left when nothing is left, or when the time is over."""
    deadline = time.monotonic() + _GONE_SECONDS
    while True:
        left: list[object] = list(await asyncio.to_thread(_processes_of, folder))
        left += folder.glob("acajs-*")  # noqa: ASYNC240 -- a short list
        left += [port for port in ports if _is_listening(port)]
        if not left or time.monotonic() > deadline:
            return left
        await asyncio.sleep(0.05)


async def _until_output(client: Any) -> None:
    while (await client.get_iopub_msg(timeout=60))["msg_type"] != "stream":
        pass


async def _reach(phase: str, client: Any, pause: float) -> None:
    """Bring a launched kernel into a phase of its life, and stay there for so many seconds."""
    if phase != "launch":
        await client.wait_for_ready(timeout=60)
    if phase == "first cell":
        client.execute("console.log('hello')")
    elif phase == "streaming":
        client.execute("for (let i = 0; ; i++) console.log(i)")
        await _until_output(client)
    elif phase in {"idle", "shutdown"}:
        client.execute(
            "require('child_process').spawn('sleep', ['1000'], {detached: true}).unref();"
            "console.log('idle')"
        )
        await _until_output(client)
    if phase == "shutdown":
        client.shutdown()
    await asyncio.sleep(pause)  # the moment is the point


def _moments() -> list[tuple[str, float]]:
    """Choose two moments in each phase, the same in every run."""
    chance = random.Random(SEED)
    longest = {"launch": 0.8, "first cell": 0.4, "streaming": 0.5, "idle": 0.3, "shutdown": 0.1}
    return [
        (phase, round(chance.uniform(0, seconds), 3))
        for phase, seconds in longest.items()
        for _ in range(2)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("phase", "pause"), _moments())
async def test_a_killed_kernel_leaves_nothing(
    environment: dict[str, str], tmp_path: Path, phase: str, pause: float
) -> None:
    """SIGKILL at any moment: no process, no temporary folder and no port after 5 s."""
    manager = AsyncKernelManager(kernel_name="acajs")
    await manager.start_kernel(env=environment | {"TMPDIR": str(tmp_path)})
    client = manager.client()
    client.start_channels()
    try:
        assert _processes_of(tmp_path), "nothing would be found later"
        await _reach(phase, client, pause)
    finally:
        client.stop_channels()
        await manager.signal_kernel(9)
        assert manager.provisioner is not None
        await manager.provisioner.wait()
    ports = [manager.shell_port, manager.iopub_port, manager.stdin_port, manager.control_port]
    assert await _leftovers(tmp_path, [*ports, manager.hb_port]) == []
    await manager.cleanup_resources()


_PARENT = """
import sys, time
from jupyter_client.manager import start_new_kernel
_, client = start_new_kernel(kernel_name="acajs", startup_timeout=60)
reply = client.execute_interactive("var state = 1", timeout=60)
print(reply["content"]["status"], flush=True)
sys.stdin.read()
"""


async def test_a_kernel_whose_parent_is_killed_gives_its_session_back(
    environment: dict[str, str],
) -> None:
    """A server that ends without shutting its kernels down leaves no session that counts."""
    with served_pool(environment) as pool:
        parent = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _PARENT),
            env=environment | pool.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert parent.stdout is not None
            assert await asyncio.wait_for(parent.stdout.readline(), 90) == b"ok\n"
            assert len(await pool.sessions()) == 1
        finally:
            parent.kill()
            await parent.wait()
        await pool.until_empty(30)


# ---- crashes


def _node(kernel: RunningKernel, argument: str) -> psutil.Process:
    """Return the living Node process of a kernel that has an argument."""
    (found,) = [
        process
        for process in psutil.Process(kernel.pid).children(recursive=True)
        if process.status() != psutil.STATUS_ZOMBIE
        and process.name() == "node"
        and any(argument in word for word in process.cmdline())
    ]
    return found


@pytest.fixture(params=["--max-old-space-size", "session_host.js"], ids=["runner", "interpreter"])
def process(request: pytest.FixtureRequest) -> str:
    """Name what crashes, by an argument of it."""
    return str(request.param)


@contextlib.asynccontextmanager
async def _kernel_with_state(environment: dict[str, str]) -> AsyncIterator[RunningKernel]:
    async with running_kernel(environment) as kernel:
        assert (await kernel.run("globalThis.state = 1")).reply["status"] == "ok"
        yield kernel


async def test_a_crash_while_idle_is_told_once_and_leaves_a_working_kernel(
    environment: dict[str, str], process: str
) -> None:
    """The next cell says that the variables are gone, the one after that just runs."""
    async with _kernel_with_state(environment) as kernel:
        crashed = _node(kernel, process)
        crashed.kill()
        deadline = time.monotonic() + 10
        while crashed.is_running() and crashed.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        first = await kernel.run("console.log('state', globalThis.state)")
        told = first.stderr + "\n".join(first.reply.get("traceback", []))
        assert "ariables are gone" in told
        second = await kernel.run("console.log('state', globalThis.state)")
        assert (second.stdout, second.stderr) == ("state undefined\n", "")


async def test_a_crash_while_a_cell_runs_ends_it_with_one_error(
    environment: dict[str, str], process: str
) -> None:
    """The running cell fails at once and says that the variables are gone; the next one runs."""
    async with _kernel_with_state(environment) as kernel:
        request = kernel.client.execute("console.log('busy'); for (;;);")
        await kernel.until(request, "busy")
        begun = time.monotonic()
        _node(kernel, process).kill()
        ran = await kernel.collect(request)
        assert "ariables are gone" in ran.error["evalue"]
        assert time.monotonic() - begun < 10
        after = await kernel.run("console.log('state', globalThis.state)")
        assert (after.stdout, after.stderr) == ("state undefined\n", "")


async def test_a_kernel_that_crashes_is_restarted_by_jupyter_and_works(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """After SIGKILL Jupyter's restarter starts it again, and the same client goes on."""
    manager = AsyncIOLoopKernelManager(kernel_name="acajs")
    await manager.start_kernel(env=environment | {"TMPDIR": str(tmp_path)})
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        kernel = RunningKernel(manager, client)
        assert (await kernel.run("globalThis.state = 1")).reply["status"] == "ok"
        restarted = asyncio.Event()
        manager.add_restart_callback(restarted.set, "restart")
        killed = kernel.pid
        await manager.signal_kernel(9)
        await asyncio.wait_for(restarted.wait(), 30)
        await client.wait_for_ready(timeout=60)
        await kernel.settle()
        assert kernel.pid != killed
        ran = await kernel.run("console.log('state', globalThis.state)")
        assert (ran.stdout, ran.stderr) == ("state undefined\n", "")
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=False)
    assert await _leftovers(tmp_path, []) == []
