"""Nothing of a session survives: orderly, or when the pool's process is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from acajs_kernel.local import LocalPool

from .conftest import NEW, Api, client_of, names_in, new_identifier

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the guard is for POSIX")

WAIT = 30.0

# A child in the session's process group, a detached one, and one that a detached one left.
CHILDREN = """
  var { spawn } = require("child_process");
  var plain = spawn("sleep", ["1000"]);
  var detached = spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
  var orphan = spawn("sh", ["-c", "setsid sleep 1000 & echo $!"], { detached: true });
  $$.async();
  {
    const mine = $$;
    orphan.stdout.once("data", (text) =>
      mine.text(JSON.stringify([process.pid, plain.pid, detached.pid, Number(text)])));
  }
"""

POOL_PROCESS = """
import asyncio, json, sys
from pathlib import Path
import httpx
from acajs_kernel.local import LocalPool

async def main():
    pool = LocalPool(root=Path(sys.argv[1]))
    pool.prewarm()
    pool.prewarm()
    transport = httpx.ASGITransport(app=pool.application)
    client = httpx.AsyncClient(transport=transport, base_url="http://x.localhost", timeout=60)
    async def execute(code):
        answer = await client.post(
            "/executions",
            params={"api-version": "2025-10-02-preview", "identifier": "abcd1234"},
            json={"codeInputType": "inline", "executionType": "synchronous", "code": code},
        )
        return answer.json()
    pids = (await execute(sys.argv[2]))["result"]["executionResult"]
    pool.prewarm()
    spare = await asyncio.wrap_future(pool._spare)
    print(json.dumps(pids + [spare.pid]), flush=True)
    await execute(sys.argv[3])

asyncio.run(main())
"""


def is_alive(pid: int) -> bool:
    """Whether a process exists and is more than the remains of one."""
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip()[:1] not in {"", "Z"}


def wait_until(condition: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < limit, what
        time.sleep(0.02)


async def test_stopping_a_session_kills_all_its_processes_and_its_folder(tmp_path: Path) -> None:
    """DELETE /session ends Node, children, detached children, and removes every file."""
    async with LocalPool(root=tmp_path) as pool, client_of(pool) as client:
        api, other = Api(client, NEW, new_identifier()), Api(client, NEW, new_identifier())
        survivor = (await other.run("process.pid"))["executionResult"]
        pids = (await api.run(CHILDREN))["executionResult"]
        assert all(is_alive(pid) for pid in pids)
        await api.run(
            "var fs = require('fs'); fs.mkdirSync('locked/in', {recursive: true});"
            "fs.writeFileSync('locked/in/f', ''); fs.chmodSync('locked', 0); undefined"
        )
        running = asyncio.ensure_future(api.execute("for(;;){}"))
        await api.send("GET", "/files")
        assert (await api.send("DELETE", "/session")).status_code == 204
        await running
        assert not any(is_alive(pid) for pid in pids)
        assert is_alive(survivor)
        assert len(names_in(tmp_path / names_in(tmp_path)[0])) == 1
    assert not is_alive(survivor)
    assert names_in(tmp_path) == []


async def test_closing_takes_about_a_second_whatever_runs(tmp_path: Path) -> None:
    """Closing a pool with busy sessions ends them all at the same time."""
    pool = LocalPool(root=tmp_path)
    async with client_of(pool) as client:
        apis = [Api(client, NEW, new_identifier()) for _ in range(4)]
        pids = [
            (await api.run("process.on('SIGTERM', () => {}); process.pid"))["executionResult"]
            for api in apis
        ]
        codes = ["for(;;){}", "require('child_process').execSync('sleep 1000')"] * 2
        running = [
            asyncio.ensure_future(api.execute(c)) for api, c in zip(apis, codes, strict=True)
        ]
        await apis[-1].send("GET", "/files")
        began = time.monotonic()
        await pool.aclose()
        assert time.monotonic() - began < 4  # generous, for a loaded machine
        await asyncio.gather(*running)
    assert not any(is_alive(pid) for pid in pids)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    "busy",
    ["for(;;){}", "require('child_process').execSync('sleep 1000')", "$$.async()"],
    ids=["loop", "blocked", "idle"],
)
def test_killing_the_pools_process_leaves_no_process_and_no_folder(
    tmp_path: Path, busy: str
) -> None:
    """After SIGKILL of the pool's process all of its sessions' processes and folders go."""
    pool = subprocess.Popen(
        [sys.executable, "-c", POOL_PROCESS, str(tmp_path), CHILDREN, busy],
        stdout=subprocess.PIPE,
        text=True,
    )
    with pool:
        assert pool.stdout is not None
        pids = [int(pid) for pid in pool.stdout.readline().strip("[] \n").split(",")]
        assert len(pids) == 5
        assert all(is_alive(pid) for pid in pids)
        assert names_in(tmp_path) != []
        pool.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(is_alive(pid) for pid in pids), "a process survived")
    wait_until(lambda: not names_in(tmp_path), "a folder survived")


def test_pool_that_is_never_closed_leaves_nothing(tmp_path: Path) -> None:
    """A program that ends without closing its pool leaves nothing either, and does not hang."""
    program = POOL_PROCESS.replace("await execute(sys.argv[3])", "return")
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(tmp_path), CHILDREN],
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=True,
    )
    pids = [int(pid) for pid in ended.stdout.strip("[] \n").split(",")]
    wait_until(lambda: not any(is_alive(pid) for pid in pids), "a process survived")
    wait_until(lambda: not names_in(tmp_path), "a folder survived")


async def test_forked_copy_of_the_pools_process_does_not_keep_a_session_alive() -> None:
    """A fork that holds the guard's pipe open does not keep stopped sessions alive."""
    async with LocalPool() as pool, client_of(pool) as client:
        api = Api(client, NEW, new_identifier())
        pid = (await api.run("process.pid"))["executionResult"]
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(write_end)
            os.read(read_end, 1)
            os._exit(0)
        try:
            assert (await api.send("DELETE", "/session")).status_code == 204
            assert not is_alive(pid)
        finally:
            os.close(read_end)
            os.close(write_end)
            await asyncio.to_thread(os.waitpid, child, 0)


async def test_folders_are_private(tmp_path: Path) -> None:
    """Other users of the machine can enter neither the pool's folder nor a session's."""
    async with LocalPool(root=tmp_path) as pool, client_of(pool) as client:
        await Api(client, NEW, new_identifier()).run("1")
        modes = [path.stat().st_mode for path in tmp_path.rglob("*")]  # noqa: ASYNC240 - quick
        assert [mode & 0o777 for mode in modes] == [0o700] * 6
