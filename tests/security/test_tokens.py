"""Tokens of azure-identity, from the first cell to their expiry in the middle of one."""

from __future__ import annotations

import time
from pathlib import Path

from tests import pool_server
from tests.kernel_client import running_kernel

_FAKE_AZURE = str(Path(__file__).parent / "fake_azure")


def _settings(behaviour: str, endpoint: str) -> dict[str, str]:
    return {
        "PYTHONPATH": _FAKE_AZURE,
        "FAKE_CREDENTIAL": behaviour,
        "ACAJS_POOL_ENDPOINT": endpoint,
    }


async def test_a_token_that_expires_while_a_cell_runs_is_replaced(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """A pool that from one moment on accepts another token only loses no output of the cell."""
    file = tmp_path / "token"
    file.write_text("token-0")
    with pool_server._running(["tests.security.rotating_pool", str(file)], environment) as pool:
        async with running_kernel(environment | _settings(str(file), pool.endpoint)) as kernel:
            request = kernel.client.execute(
                "for (let i = 0; i < 30; i++) {"
                " console.log('step', i); await new Promise((done) => setTimeout(done, 50)); }"
            )
            await kernel.until(request, "step 3\n")
            file.write_text("token-1")
            await kernel.until(request, "step 15\n")
            file.write_text("token-2")
            ran = await kernel.collect(request)
            assert ran.reply["status"] == "ok"
            assert ran.stdout.endswith("step 28\nstep 29\n")
            assert ran.stderr == ""
            file.write_text("token-3")
            assert (await kernel.run("console.log('next')")).stdout == "next\n"


async def test_a_credential_that_hangs_is_given_up_and_explained(
    environment: dict[str, str],
) -> None:
    """The cell ends with the time that was waited for and what to do instead."""
    async with running_kernel(environment | _settings("hang", "http://127.0.0.1:9")) as kernel:
        begun = time.monotonic()
        ran = await kernel.run("1")
        assert ran.error["ename"] == "AuthenticationError"
        assert "within 3 s" in ran.error["evalue"]
        assert "az login" in ran.traceback
        assert time.monotonic() - begun < 20


async def test_a_credential_that_hangs_can_be_interrupted(environment: dict[str, str]) -> None:
    """The wait for a token ends at once when the user interrupts."""
    async with running_kernel(environment | _settings("hang", "http://127.0.0.1:9")) as kernel:
        first = await kernel.run("1")  # uses up the attempt that began with the kernel
        assert first.error["ename"] == "AuthenticationError"
        request = kernel.client.execute("2")
        while (await kernel.published(request))["msg_type"] != "execute_input":
            pass
        begun = time.monotonic()
        await kernel.manager.interrupt_kernel()
        ran = await kernel.collect(request)
        assert ran.error["ename"] == "KeyboardInterrupt"
        assert time.monotonic() - begun < 2


async def test_credentials_that_fail_are_told_in_few_words(environment: dict[str, str]) -> None:
    """Of azure-identity's page of reasons the line that helps is shown, the rest is in the log."""
    async with running_kernel(environment | _settings("fail", "http://127.0.0.1:9")) as kernel:
        ran = await kernel.run("1")
        assert ran.error["ename"] == "AuthenticationError"
        assert "Please run 'az login'" in ran.error["evalue"]
        assert "ManagedIdentity" not in ran.traceback
        assert len(ran.traceback) < 800
