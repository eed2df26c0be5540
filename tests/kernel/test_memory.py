"""A cell that needs more memory than there is."""

from __future__ import annotations

import pytest

from tests.kernel_client import running_kernel


@pytest.mark.slow
async def test_running_out_of_memory_ends_the_runtime_only(environment: dict[str, str]) -> None:
    """The error says so; the session and the kernel live on."""
    async with running_kernel(environment | {"ACAJS_RUNTIME": "rich"}) as kernel:
        await kernel.run("var before = 1")
        ran = await kernel.run("const hog = []; for (;;) hog.push(new Array(5e6).fill(0.5))")
        assert "heap" in ran.error["evalue"]
        assert "variables are gone" in ran.error["evalue"]
        ran = await kernel.run("console.log(typeof before, 'alive')")
        assert ran.stdout == "undefined alive\n"
