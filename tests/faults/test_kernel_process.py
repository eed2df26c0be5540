"""One fault of every kind within one notebook, between a real kernel process and the pool."""

from __future__ import annotations

import asyncio
import os
import random
from typing import Any

import pytest

from tests.faults.driving import Lane, NotebookRun, Shown
from tests.faults.kinds import FAULTS, FOR_GOOD
from tests.faults.notebook import STEPS, Step
from tests.faults.proxy import Fault
from tests.kernel_client import RunningKernel, running_kernel
from tests.seeds import SEED

_MESSAGE_SECONDS = 60
_FIRST_POSITION = 3  # the one of the first cell, or of the second
_STRIDE = 2  # so that what is asked again comes through

# A wait of two seconds is told of in the notebook.
_NOT_HERE = FOR_GOOD | {"429 with Retry-After"}


class _Notebook:
    """Runs cells in a kernel, and collects what each shows, also after its end."""

    def __init__(self, kernel: RunningKernel) -> None:
        self._kernel = kernel
        self._numbers: dict[str, int] = {}
        self.run = NotebookRun()

    async def execute(self, number: int, step: Step) -> None:
        """Run a cell and answer its questions, until its reply and its idle status."""
        client = self._kernel.client
        request = client.execute(
            step.text(number), allow_stdin=True, user_expressions=step.expressions
        )
        self._numbers[request] = number
        self.run.shown.setdefault(number, [])
        answering = asyncio.create_task(self._answer(number, step))
        try:
            while await self._take_message() != (request, "idle"):
                pass
            await answering
        finally:
            answering.cancel()
        message = await client.get_shell_msg(timeout=_MESSAGE_SECONDS)
        # The client asked more than once whether the kernel was ready.
        while message["parent_header"].get("msg_id") != request:
            message = await client.get_shell_msg(timeout=_MESSAGE_SECONDS)
        self.run.shown[-number] = [_ending(message["content"])]

    async def _answer(self, number: int, step: Step) -> None:
        for answer in step.answers:
            message = await self._kernel.client.get_stdin_msg(timeout=_MESSAGE_SECONDS)
            content = message["content"]
            self.run.add(str(number), ("input", content["prompt"], content["password"]))
            self._kernel.client.input(answer)

    async def _take_message(self) -> tuple[str, str]:
        message = await self._kernel.client.get_iopub_msg(timeout=_MESSAGE_SECONDS)
        request = message["parent_header"].get("msg_id", "")
        shown = _shown(message["msg_type"], message["content"])
        if shown is not None:
            self.run.add(str(self._numbers[request]), shown)
        return request, message["content"].get("execution_state", "")


def _shown(kind: str, content: dict[str, Any]) -> Shown | None:
    if kind == "stream":
        return "stream", content["name"], content["text"]
    if kind == "execute_result":
        return "result", content["data"], content["metadata"]
    if kind in {"display_data", "update_display_data"}:
        name = "display" if kind == "display_data" else "update"
        return name, content["data"], content["metadata"], content["transient"]["display_id"]
    return ("clear", content["wait"]) if kind == "clear_output" else None


def _ending(reply: dict[str, Any]) -> Shown:
    if reply["status"] == "ok":
        return "ok", reply["user_expressions"]
    return "error", reply["ename"], reply["evalue"], tuple(reply["traceback"]), {}


@pytest.mark.slow
async def test_a_kernel_process_survives_one_fault_of_every_kind(
    lanes: asyncio.Queue[Lane],
) -> None:
    """What clients see is what the session shows without a fault, cell by cell."""
    lane, other = await lanes.get(), await lanes.get()
    lane.proxy.begin(lambda _: None)
    clean = await lane.run_rich(STEPS)
    names = sorted(set(FAULTS) - _NOT_HERE)
    random.Random(SEED).shuffle(names)

    def plan(position: int) -> Fault | None:
        index, rest = divmod(position - _FIRST_POSITION, _STRIDE)
        return FAULTS[names[index]] if rest == 0 and 0 <= index < len(names) else None

    proxy = other.proxy
    proxy.begin(plan)
    proxy.on_held = lambda: None
    environment = {name: text for name, text in os.environ.items() if name[:6] != "ACAJS_"} | {
        "ACAJS_POOL_ENDPOINT": proxy.endpoint,
        "ACAJS_TOKEN": "the-proxy-knows-the-real-one",
        "ACAJS_RUNTIME": "rich",
    }
    async with running_kernel(environment) as kernel:
        notebook = _Notebook(kernel)
        for number, step in enumerate(STEPS, start=1):
            await notebook.execute(number, step)
        await proxy.settle()
        await notebook.execute(
            len(STEPS) + 1,
            Step("require('fs').readFileSync('ran.txt', 'utf8').split('\\n').length"),
        )
    for free in (lane, other):
        lanes.put_nowait(free)
    assert {injection.fault for injection in proxy.injections} == set(names)
    count = notebook.run.shown.pop(len(STEPS) + 1)
    assert str(len(STEPS) + 2) in count[0][1]["text/plain"]
    notebook.run.shown.pop(-len(STEPS) - 1)
    assert notebook.run.shown == clean.shown
