"""A token and a whole session identifier never leave the kernel but to the pool."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from acajs_kernel.config import Settings
from acajs_kernel.pool import Endpoint, PoolClient, StaticToken
from acajs_kernel.session.identity import derive_identifier
from acajs_kernel.session.notebook import SessionSettings
from tests.kernel_client import Ran, RunningKernel, running_kernel
from tests.pool_server import ServedPool, served_pool

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="looks at processes as on POSIX")

# What must not reach the processes in which cells run.
_FORBIDDEN_VARIABLE = re.compile(r"ACAJS_(?!SESSION_MARKER$)|AZURE_|TOKEN|SECRET|PASSWORD|API_KEY")
_PLANTED = {
    "AZURE_CLIENT_SECRET": "planted-client-secret-52701",
    "GITHUB_TOKEN": "planted-forge-token-97311",
    "NPM_CONFIG__AUTHTOKEN": "planted-registry-token-11873",
    "OPENAI_API_KEY": "planted-service-key-40927",
}


@pytest.fixture
def pool(environment: dict[str, str]) -> Iterator[ServedPool]:
    """Serve a pool from a shell full of secrets."""
    with served_pool(environment | _PLANTED) as served:
        yield served


class _Evidence:
    """Everything that somebody other than the pool could read, under the place it came from."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def add(self, place: str, text: object) -> None:
        self.texts[place] = self.texts.get(place, "") + str(text) + "\n"

    def add_cell(self, place: str, ran: Ran) -> None:
        self.add(place, json.dumps([ran.reply, ran.messages], default=str))

    def add_processes(self, place: str) -> None:
        """Add every command line, and the environment of every Node process."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                self.add(f"{place}, arguments", " ".join(process.cmdline()))
                if process.name() == "node":
                    self.add(f"{place}, node's environment", process.environ())

    def places_of(self, secret: str) -> list[str]:
        spellings = {secret.lower(), quote(secret, safe="").lower()}
        return [
            place
            for place, text in self.texts.items()
            if any(spelling in text.lower() for spelling in spellings)
        ]


async def _live(kernel: RunningKernel, evidence: _Evidence, *, rich: bool) -> None:
    """Go through what a kernel can meet: success, failure, interrupt, questions."""
    cells = {
        "success": "console.log('fine'); 6 * 7",
        "environment": "console.log(JSON.stringify(process.env), process.argv)",
        "failure": "throw new Error('oops')",
        "syntax error": "for (",
        "globals": "console.log(Object.getOwnPropertyNames(globalThis))",
    }
    for name, code in cells.items():
        evidence.add_cell(name, await kernel.run(code, user_expressions={"e": "1 + 1"}))
    evidence.add_processes("processes")
    if rich:
        request = kernel.client.execute("console.log('busy'); for (;;);")
        await kernel.until(request, "busy")
        await kernel.manager.interrupt_kernel()
        evidence.add_cell("interrupt", await kernel.collect(request))
        kernel.client.complete("proc", 4)
        evidence.add("completion", await kernel.client.get_shell_msg(timeout=60))
        kernel.client.inspect("process", 3)
        evidence.add("inspection", await kernel.client.get_shell_msg(timeout=60))
    kernel.client.kernel_info()
    evidence.add("kernel_info", await kernel.client.get_shell_msg(timeout=60))


@pytest.mark.parametrize(
    ("runtime", "version"), [("rich", "2024-02-02-preview"), ("plain", "2025-10-02-preview")]
)
async def test_nothing_that_can_be_read_holds_a_secret(
    environment: dict[str, str], tmp_path: Path, pool: ServedPool, runtime: str, version: str
) -> None:
    """A kernel at DEBUG, from launch to a pool that is gone: logs, outputs, processes."""
    log = tmp_path / "log"
    evidence = _Evidence()
    settings = {
        "ACAJS_LOG_LEVEL": "DEBUG",
        "ACAJS_RUNTIME": runtime,
        "ACAJS_API_VERSION": version,
    }
    with log.open("w") as stderr:
        async with running_kernel(
            environment | pool.environment | settings | _PLANTED,
            stdout=stderr,
            stderr=stderr,
            extra_arguments=["--debug"],
        ) as kernel:
            key = kernel.manager.session.key
            await _live(kernel, evidence, rich=runtime == "rich")
            await kernel.manager.restart_kernel(newports=False)
            await kernel.client.wait_for_ready(timeout=60)
            await kernel.settle()
            evidence.add_cell("after a restart", await kernel.run("1"))
            pool.process.kill()
            pool.process.wait()
            request = kernel.client.execute("1")
            await kernel.until(request, "Trying again")
            await kernel.manager.interrupt_kernel()
            evidence.add_cell("pool gone", await kernel.collect(request))
    evidence.add("log", log.read_text())
    assert "POST /" in evidence.texts["log"], "the log should be at DEBUG"
    assert evidence.texts["processes, node's environment"]
    identifier = derive_identifier(key)
    assert evidence.places_of(identifier) == []
    assert evidence.places_of(pool.token) == []
    for planted in _PLANTED.values():
        assert evidence.places_of(planted) == [], planted


async def test_sessions_do_not_inherit_secrets_of_the_shell(
    environment: dict[str, str], pool: ServedPool
) -> None:
    """Neither served nor embedded sessions get variables of ours, of Azure's, or tokens."""
    for settings in (pool.environment, {"ACAJS_TOKEN": "unused-token"}):
        async with running_kernel(environment | settings | _PLANTED) as kernel:
            ran = await kernel.run("console.log(JSON.stringify(Object.keys(process.env)))")
            names = json.loads(ran.stdout)
            assert "PATH" in names
            assert [name for name in names if _FORBIDDEN_VARIABLE.search(name)] == []


def test_no_repr_shows_a_secret() -> None:
    """What a debugger or a traceback with values would print."""
    token, identifier = "repr-token-5120397", "repr-identifier-7731920"
    settings = SessionSettings(
        endpoint="https://pool.example",
        api_version="2024-02-02-preview",
        session_id=identifier,
        token=token,
        runtime="auto",
        timeout_seconds=220,
        keepalive_minutes=30,
    )
    source = StaticToken(token)
    client = PoolClient(Endpoint.parse("https://pool.example"), tokens=source)
    for value in (settings, source, client, Settings(token=token, session_id=identifier)):
        assert token not in repr(value)
        assert identifier not in repr(value)
