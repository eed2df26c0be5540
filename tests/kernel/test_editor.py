"""What editors and consoles ask of the kernel, through real messages."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.kernel_client import RunningKernel, running_kernel


@pytest_asyncio.fixture
async def kernel(environment: dict[str, str], tmp_path: Path) -> AsyncIterator[RunningKernel]:
    """Start a kernel in rich mode, with a history of its own."""
    settings = {"ACAJS_RUNTIME": "rich", "ACAJS_HISTORY": str(tmp_path / "history.sqlite")}
    async with running_kernel(environment | settings) as running:
        await running.run(
            "/** Adds. */ function add(a, b) { return a + b }\n"
            "const thing = { alpha: 1 }; class Shape {}"
        )
        yield running


async def _ask(kernel: RunningKernel, message_type: str, content: dict[str, Any]) -> Any:
    """Send a request of exactly this content, and return the reply's."""
    message = kernel.client.session.msg(message_type, content)
    kernel.client.shell_channel.send(message)
    ran = await kernel.collect(message["header"]["msg_id"])
    assert ran.reply["status"] == "ok"
    return ran.reply


async def test_the_requests_of_jupyterlab_and_vs_code_are_answered(kernel: RunningKernel) -> None:
    """Their shapes, as recorded; types for icons come with the completions."""
    completed = await _ask(kernel, "complete_request", {"code": "thing.al", "cursor_pos": 8})
    assert completed["matches"] == ["alpha"]
    assert (completed["cursor_start"], completed["cursor_end"]) == (6, 8)
    assert completed["metadata"]["_jupyter_types_experimental"] == [
        {"start": 6, "end": 8, "text": "alpha", "type": "property"}
    ]
    # JupyterLab's tooltip, its contextual help, and VS Code's, which names no detail level.
    for content in (
        {"code": "add(", "cursor_pos": 4, "detail_level": 0},
        {"code": "x = add", "cursor_pos": 7, "detail_level": 1},
        {"code": "add", "cursor_pos": 3},
    ):
        shown = await _ask(kernel, "inspect_request", content)
        assert shown["found"] is True
        assert set(shown["data"]) == {"text/plain", "text/markdown"}
        assert "Adds." in shown["data"]["text/plain"]
    nothing = await _ask(kernel, "inspect_request", {"code": "", "cursor_pos": 0})
    assert (nothing["found"], nothing["data"]) == (False, {})
    message = kernel.client.session.msg("is_complete_request", {"code": "if (a) {"})
    kernel.client.shell_channel.send(message)
    judged = (await kernel.collect(message["header"]["msg_id"])).reply
    assert judged == {"status": "incomplete", "indent": "  "}


async def test_a_name_with_a_question_mark_asks_for_help(kernel: RunningKernel) -> None:
    """The reply carries a page for the pager; nothing is run, nothing shown."""
    short = await kernel.run("add?")
    assert short.types == []
    (page,) = short.reply["payload"]
    assert page["source"] == "page"
    assert "return" not in page["data"]["text/plain"]
    (page,) = (await kernel.run("add??")).reply["payload"]
    assert "return a + b" in page["data"]["text/plain"]
    (page,) = (await kernel.run("nowhere?")).reply["payload"]
    assert "nowhere" in page["data"]["text/plain"]
    assert (await kernel.run("thing ? 1 : 2")).reply["payload"] == []


async def test_the_editor_is_answered_while_a_cell_runs(kernel: RunningKernel) -> None:
    """At once, though cells queue; the status that frontends see last is busy."""
    request = kernel.client.execute("console.log('begun'); const during = 1; for (;;) {}")
    await kernel.until(request, "begun")
    begun = time.monotonic()
    completed = await kernel.collect(kernel.client.complete("duri", 4))
    assert completed.reply["matches"] == ["during"]
    shown = await kernel.collect(kernel.client.inspect("Math.max", 8))
    assert shown.reply["found"]
    past = await kernel.collect(kernel.client.history(hist_access_type="tail", n=1))
    assert "thing" in past.reply["history"][0][2]
    assert time.monotonic() - begun < 5  # the cell would run for ever
    status = await kernel.published(request)
    assert status["content"] == {"execution_state": "busy"}
    await kernel.manager.interrupt_kernel()
    assert (await kernel.collect(request)).error["ename"] == "KeyboardInterrupt"
    assert (await kernel.run("1 + 1")).reply["status"] == "ok"


async def test_the_history_outlives_the_kernel(environment: dict[str, str], tmp_path: Path) -> None:
    """A later kernel finds what an earlier one ran, with its results, under its session."""
    settings = {"ACAJS_RUNTIME": "plain", "ACAJS_HISTORY": str(tmp_path / "history.sqlite")}
    async with running_kernel(environment | settings) as first:
        await first.run("6 * 7")
        await first.run("'hidden'", store_history=False)
    async with running_kernel(environment | settings) as second:
        await second.run("'later'")
        ask = second.client.history
        tail = await second.collect(ask(hist_access_type="tail", n=10, output=True))
        assert tail.reply["history"] == [[1, 1, ["6 * 7", "42"]], [2, 1, ["'later'", "'later'"]]]
        before = await second.collect(
            ask(hist_access_type="range", session=-1, start=1, output=False)
        )
        assert before.reply["history"] == [[1, 1, "6 * 7"]]
        found = await second.collect(ask(hist_access_type="search", pattern="6*", output=False))
        assert found.reply["history"] == [[1, 1, "6 * 7"]]


@pytest.mark.parametrize("setting", ["off", "/dev/null/none"])
async def test_without_a_file_the_history_is_the_kernels_own(
    environment: dict[str, str], setting: str
) -> None:
    """Switched off, or where no file can be written."""
    settings = {"ACAJS_RUNTIME": "plain", "ACAJS_HISTORY": setting}
    async with running_kernel(environment | settings) as kernel:
        await kernel.run("1 + 1")
        tail = await kernel.collect(kernel.client.history(hist_access_type="tail", n=5))
        assert [entry[2] for entry in tail.reply["history"]] == ["1 + 1"]


async def test_variables_are_listed_as_a_table(kernel: RunningKernel) -> None:
    """Jupyter.who() shows names, types, sizes and previews of what the user has made."""
    ran = await kernel.run("var text = 'abc'; Jupyter.who()")
    table = ran.data["text/html"]
    assert table.count("<tr>") == 5  # head, add, thing, Shape, text
    for name in ("add", "thing", "Shape", "text", "3 characters"):
        assert f">{name}<" in table
