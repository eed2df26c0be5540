"""Interrupts at random moments of cells of every form."""

from __future__ import annotations

import asyncio
import os
import random

import pytest

from tests.kernel_client import RunningKernel, running_kernel
from tests.seeds import SEED

_INTERRUPTS = int(os.environ.get("TESTS_INTERRUPTS", "150"))
_LONGEST_SECONDS = 0.03

# Each counts its rounds in a variable that the next cell reads, and none ends by itself.
_FORMS = (
    "for (;;) rounds++",
    "for (;;) { rounds++; console.log(rounds) }",
    "for (;;) { rounds++; await null }",
    "for (;;) { rounds++; await new Promise((done) => setTimeout(done, 1)) }",
    "for (;;) { rounds++; await new Promise(setImmediate) }",
    "try { for (;;) rounds++ } finally { finished++ }",
    "(function again() { rounds++; queueMicrotask(again) })(); await new Promise(() => {})",
    "setInterval(() => rounds++, 1); await new Promise(() => {})",
    "for await (const round of async function* () { for (;;) yield rounds++ }()) ;",
    "require('child_process').execSync('sleep 100')",
    "await require('util').promisify(require('child_process').exec)('sleep 100')",
)


@pytest.mark.slow
@pytest.mark.timeout(60 + _INTERRUPTS)
async def test_no_interrupt_is_lost_and_no_next_cell_is_hit(environment: dict[str, str]) -> None:
    """Whenever it comes: the cell ends, and the next one runs and finds its variables."""
    dice = random.Random(SEED)
    async with running_kernel(environment | {"ACAJS_RUNTIME": "rich"}) as kernel:
        for number in range(_INTERRUPTS):
            prepared = await kernel.run(f"var rounds = 0, finished = 0; globalThis.kept = {number}")
            assert prepared.reply["status"] == "ok", (number, prepared.reply)
            form = dice.choice(_FORMS)
            await _interrupt(kernel, form, dice.uniform(0, _LONGEST_SECONDS))
            after = await kernel.run("globalThis.kept")
            assert after.reply["status"] == "ok", (number, form, after.reply)
            shown = [(m["msg_type"], m["content"]) for m in after.messages]
            assert after.types == ["execute_result"], (number, form, shown)
            assert after.text == f"\x1b[33m{number}\x1b[39m"


async def _interrupt(kernel: RunningKernel, form: str, seconds: float) -> None:
    request = kernel.client.execute(form)
    await asyncio.sleep(seconds)  # the moment is the point
    await kernel.interrupt()
    ran = await kernel.collect(request, seconds=10)
    assert ran.reply["status"] in {"error", "aborted"}, (form, ran.reply)
