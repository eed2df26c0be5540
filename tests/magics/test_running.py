"""Cells with magics, through a real kernel on its embedded pool."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from acajs_kernel.magics import may_hold_magics
from tests.kernel_client import Ran, RunningKernel

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def _text(ran: Ran) -> str:
    return _ANSI.sub("", ran.text or "")


async def test_parts_run_in_order_and_the_last_value_is_shown(kernel: RunningKernel) -> None:
    """As in IPython: what stands before the last statement shows no value."""
    ran = await kernel.run("console.log('a'); 1\n%time console.log('b'); 2\nconsole.log('c'); 3")
    assert re.sub(r"CPU[^\n]*\nWall[^\n]*\n", "T\n", ran.stdout) == "a\nb\nT\nc\n"
    assert _text(ran) == "3"
    assert _text(await kernel.run("1;\n%time 2")) == "2"
    assert (await kernel.run("1;\n%lsmagic")).data is None


async def test_a_cell_stops_at_the_part_that_fails(kernel: RunningKernel) -> None:
    """The traceback names the cell's own line; the variables made before it stay."""
    ran = await kernel.run("const before = 1;\n%time null.x\nglobalThis.behind = 1")
    assert ran.error["ename"] == "TypeError"
    assert re.search(r"In\[\d+\]:2:12", ran.traceback)
    assert "%time null.x" in ran.traceback
    assert _text(await kernel.run("[before, globalThis.behind]")) == "[ 1, undefined ]"
    ran = await kernel.run("%lsmagic\n\nnull.y")
    assert re.search(r"In\[\d+\]:3:6", ran.traceback)
    assert "null.y\n     ^" in _ANSI.sub("", ran.traceback)


async def test_an_unknown_magic_runs_nothing(kernel: RunningKernel) -> None:
    """The error names the nearest magic, and how to list them all."""
    ran = await kernel.run("console.log('ran');\n%tme 1")
    assert ran.error["ename"] == "MagicError"
    assert "Did you mean %time?" in ran.traceback
    assert "%lsmagic" in ran.traceback
    assert ran.stdout == ""
    assert "%html is a cell magic" in (await kernel.run("%html x")).traceback
    assert "%who is a line magic" in (await kernel.run("%%who\n1")).traceback
    assert "%%html" in (await kernel.run("%%htlm\n1")).traceback


async def test_what_looks_like_a_magic_and_is_none_is_explained(kernel: RunningKernel) -> None:
    """JavaScript has the last word, and its error says how to get the other reading."""
    ran = await kernel.run("const total = 7\n%who")
    assert ran.error["ename"] == "ReferenceError"
    assert "End that line with a semicolon" in ran.traceback
    ran = await kernel.run("!nowhere.sh")
    assert "%sh nowhere always runs a command" in ran.traceback
    ran = await kernel.run("1;\n%%html")
    assert ran.error["ename"] == "SyntaxError"
    assert "put it on the cell's first line" in ran.traceback
    assert _text(await kernel.run("let size = 4;\n10\n%size")) == "2"


async def test_silent_cells_show_nothing_and_expressions_are_evaluated(
    kernel: RunningKernel,
) -> None:
    """Behind the last part, be it JavaScript or a magic; magics run all the same."""
    ran = await kernel.run("%%html\n<b>x</b>", silent=True)
    assert (ran.types, ran.reply["status"]) == ([], "ok")
    before = ran.reply["execution_count"]
    expressions = {"twice": "base * 2"}
    ran = await kernel.run("var base = 21;\n%lsmagic", user_expressions=expressions)
    assert "42" in ran.reply["user_expressions"]["twice"]["data"]["text/plain"]
    ran = await kernel.run("%time 1\nbase = 4", user_expressions=expressions)
    assert "8" in ran.reply["user_expressions"]["twice"]["data"]["text/plain"]
    assert ran.reply["execution_count"] > before


async def test_the_history_keeps_what_was_written(kernel: RunningKernel) -> None:
    """The whole cell, and the value that was shown."""
    await kernel.run("1;\n%time 6 * 7")
    tail = await kernel.collect(
        kernel.client.history(hist_access_type="tail", n=1, output=True, raw=True)
    )
    (_, _, (code, value)) = tail.reply["history"][0]
    assert code == "1;\n%time 6 * 7"
    assert "42" in value


async def test_late_output_of_a_part_stands_under_its_cell(kernel: RunningKernel) -> None:
    """Timers of JavaScript above a magic still belong to the cell that set them."""
    request = kernel.client.execute(
        "setTimeout(() => console.log('late'), 300);\n%lsmagic", store_history=False
    )
    await kernel.collect(request)
    await kernel.until(request, "late")


@pytest.mark.parametrize(
    ("code", "may"),
    [
        ("1 % 2", False),
        ("a\n% b", False),
        ("if (!a) b", False),
        ("a\n!= b", False),
        ("'100 %'", False),
        ("%who", True),
        ("1\n  %%time", True),
        ("f()\n!ls", True),
        ("a\n%size", True),
    ],
)
def test_a_cheap_look_finds_the_cells_that_may_hold_magics(code: str, may: bool) -> None:  # noqa: FBT001 -- a parameter
    """All others take the shorter way."""
    assert may_hold_magics(code) is may


def test_a_kernel_that_runs_no_magic_loads_none() -> None:
    """Nor the parser that would find them."""
    program = (
        "import sys, acajs_kernel.kernel; "
        "print([m for m in sys.modules if m.startswith(('acajs_kernel.magics.', 'tree_sitter'))])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "[]"
