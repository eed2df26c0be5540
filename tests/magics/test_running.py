"""Cells with magics, through a real kernel on its embedded pool."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator

import pytest_asyncio

from tests.kernel_client import RunningKernel, running_kernel

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kernel() -> AsyncIterator[RunningKernel]:
    """Start one kernel for all tests of this module."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
    async with running_kernel(clean | {"ACAJS_RUNTIME": "rich"}) as running:
        yield running


async def test_parts_run_in_order_and_the_last_value_is_shown(kernel: RunningKernel) -> None:
    """As in IPython: what stands before the last statement shows no value."""
    ran = await kernel.run("console.log('a'); 1\n%time console.log('b'); 2\nconsole.log('c'); 3")
    assert re.sub(r"CPU[^\n]*\nWall[^\n]*\n", "T\n", ran.stdout) == "a\nb\nT\nc\n"
    assert _ANSI.sub("", ran.text or "") == "3"
    ran = await kernel.run("1;\n%time 2")
    assert _ANSI.sub("", ran.text or "") == "2"
    assert (await kernel.run("1;\n%lsmagic")).data is None


async def test_a_cell_stops_at_the_part_that_fails(kernel: RunningKernel) -> None:
    """The traceback names the cell's own line; the variables made before it stay."""
    ran = await kernel.run("const before = 1;\n%time null.x\nglobalThis.behind = 1")
    assert ran.error["ename"] == "TypeError"
    assert re.search(r"In\[\d+\]:2:12", ran.traceback)
    assert "%time null.x" in ran.traceback
    ran = await kernel.run("[before, globalThis.behind]")
    assert _ANSI.sub("", ran.text or "") == "[ 1, undefined ]"


async def test_an_unknown_magic_runs_nothing(kernel: RunningKernel) -> None:
    """The error names the nearest magic, and how to list them all."""
    ran = await kernel.run("console.log('ran');\n%tme 1")
    assert ran.error["ename"] == "MagicError"
    assert "Did you mean %time?" in ran.traceback
    assert "%lsmagic" in ran.traceback
    assert ran.stdout == ""


async def test_markup_is_shown_as_what_it_is(kernel: RunningKernel) -> None:
    """One display, with the text as it stands in the cell."""
    for name, mime in (("html", "text/html"), ("svg", "image/svg+xml")):
        ran = await kernel.run(f"%%{name}\n<b>%who</b>\n")
        (shown,) = [m["content"] for m in ran.messages if m["msg_type"] == "display_data"]
        assert shown["data"][mime] == "<b>%who</b>\n"
