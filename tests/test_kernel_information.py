"""What a frontend learns of the kernel when it asks once, at the very beginning."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from tests.kernel_client import running_kernel

_SECONDS = 60.0


@pytest.mark.parametrize("runtime", ["rich", "plain"])
async def test_the_first_answer_has_the_version(runtime: str, environment: dict[str, str]) -> None:
    """The reply to the only request, sent before the kernel listens, names the session's Node."""
    manager = AsyncKernelManager(kernel_name="acajs", kernel_spec_manager=KernelSpecManager())
    await manager.start_kernel(env=environment | {"ACAJS_RUNTIME": runtime})
    client = manager.client()
    client.start_channels()
    try:
        request = client.kernel_info()
        reply = await client.get_shell_msg(timeout=_SECONDS)
        assert reply["parent_header"]["msg_id"] == request
        version = reply["content"]["language_info"]["version"]
        assert int(version.split(".")[0]) >= 18
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


async def test_a_pool_that_does_not_answer_is_not_waited_for(environment: dict[str, str]) -> None:
    """Requests after the first moments are answered at once, and one on control always."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings = {"ACAJS_POOL_ENDPOINT": endpoint, "ACAJS_TOKEN": "t"}
        async with running_kernel(environment | settings) as kernel:
            begun = time.monotonic()
            for _ in range(5):
                ran = await kernel.collect(kernel.client.kernel_info())
                assert ran.reply["language_info"]["version"] == ""
            assert time.monotonic() - begun < 5  # they share what is left of 2 s
            begun = time.monotonic()
            await kernel.interrupt()
            assert time.monotonic() - begun < 1
            await asyncio.wait_for(kernel.manager.shutdown_kernel(now=True), _SECONDS)
