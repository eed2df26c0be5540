"""TypeScript in cells: a real kernel, rich and plain."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.kernel_client import RunningKernel, running_kernel

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

_IMPORTS = [
    ("import { type Stats, readFileSync } from 'node:fs'\ntypeof readFileSync", "'function'"),
    ("import { join, type Foo } from 'node:path'; let j: string = join('a', 'b'); j", "'a/b'"),
    ("import type { Stats } from 'node:fs'; import os from 'node:os'; typeof os", "'object'"),
]

# Each cell is on its own; what it shows as its value.
_CELLS = [
    ("const a1: number = 41; a1 + 1", "42"),
    ("interface P1 { x: number }\nlet p1: P1 = { x: 1 }; p1.x", "1"),
    ("type T1 = string | number; var t1: T1 = 'text'; t1", "'text'"),
    ("enum Color { Red, Green = 5, Blue }\nColor.Blue", "6"),
    ("const enum Flag { A = 1 << 2 }\nFlag.A", "4"),
    ("namespace N1 { export const v = 3 }\nN1.v", "3"),
    ("class C1 { constructor(private x: number, public y = 2) {} }\nnew C1(1).y", "2"),
    ("function same<T>(x: T): T { return x }\nsame<string>('q' as string)!", "'q'"),
    ("abstract class A1 { abstract m(): void; n(): number { return 1 } }\ntypeof A1", "'function'"),
    ("let v1 = <number>3; v1", "3"),
    ("import type { Stats } from 'node:fs'\n5", "5"),
    ("import os = require('node:os')\ntypeof os.cpus", "'function'"),
    ("declare const nowhere: number\ntypeof nowhere", "'undefined'"),
    ("function over(x: string): string\nfunction over(x: any) { return x }\nover('o')", "'o'"),
    ("const o1 = { a: 1 } satisfies Record<string, number>; o1.a", "1"),
    ("class G1<T> { readonly a: T[] = []; declare z: number }\nnew G1<number>().a.length", "0"),
    ("let unset!: string; unset = 'set'; unset", "'set'"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["rich", "plain"])
async def kernel(request: pytest.FixtureRequest) -> AsyncIterator[RunningKernel]:
    """Start one kernel for all tests of this module, in each mode."""
    async with running_kernel({"ACAJS_RUNTIME": request.param}) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rich() -> AsyncIterator[RunningKernel]:
    """Start one kernel in rich mode."""
    async with running_kernel({"ACAJS_RUNTIME": "rich"}) as running:
        yield running


def _shown(text: str | None) -> str:
    return _COLOURS.sub("", text or "")


@pytest.mark.parametrize(("code", "value"), _CELLS)
async def test_a_cell_that_can_only_be_typescript_runs(
    kernel: RunningKernel, code: str, value: str
) -> None:
    """Types are erased, and what has a meaning at run time has it."""
    ran = await kernel.run(code)
    assert ran.reply["status"] == "ok", ran.reply
    assert _shown(ran.text) == value


@pytest.mark.parametrize(("code", "value"), _IMPORTS)
async def test_imports_lose_their_types(rich: RunningKernel, code: str, value: str) -> None:
    """What is only a type is not imported."""
    assert _shown((await rich.run(code)).text) == value


async def test_what_javascript_reads_in_another_way_is_javascript(kernel: RunningKernel) -> None:
    """`f<number>(1)` is two comparisons; `%%ts` makes it a call."""
    await kernel.run("var f = (x) => x * 2, number = 1")
    assert _shown((await kernel.run("f<number>(1)")).text) == "false"
    assert _shown((await kernel.run("%%ts\nf<number>(1)")).text) == "2"


async def test_a_notebook_of_typescript_reads_it_as_typescript() -> None:
    """The setting decides for every cell, and frontends learn the language."""
    async with running_kernel({"ACAJS_LANGUAGE": "typescript"}) as kernel:
        await kernel.run("var f = (x: number) => x * 2, number = 1")
        assert _shown((await kernel.run("f<number>(1)")).text) == "2"
        assert _shown((await kernel.run("f(2) // JavaScript is TypeScript")).text) == "4"
        kernel.client.kernel_info()
        while True:
            reply = await kernel.client.get_shell_msg(timeout=60)
            if reply["msg_type"] == "kernel_info_reply":
                break
        language: dict[str, Any] = reply["content"]["language_info"]
        assert language["name"] == language["pygments_lexer"] == "typescript"
        assert language["file_extension"] == ".ts"
        assert language["mimetype"] == "text/typescript"


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        (
            "let one: string = 'x'\nlet two: string = null.z",
            ["In[N]:2", "let two: string = null.z", "                       ^"],
        ),
        (
            "const b: number = 1;\nconst b: number = 2",
            ["In[N]:2", "const b: number = 2", "      ^"],
        ),
        (
            "let x: number = ;",
            ["In[N]:1", "let x: number = ;", "     ^"],
        ),
    ],
)
async def test_an_error_names_its_line_and_column_in_the_typescript(
    rich: RunningKernel, code: str, lines: list[str]
) -> None:
    """Erasing moves nothing; a text that is neither language gets V8's own error."""
    ran = await rich.run(code)
    shown = _shown(ran.traceback).split("\n")
    expected = [line.replace("N", str(ran.reply["execution_count"])) for line in lines]
    assert shown[1 : 1 + len(lines)] == expected


async def test_what_cannot_be_run_is_named_with_its_place(kernel: RunningKernel) -> None:
    """The error says what to write instead, and nothing of the cell has run."""
    ran = await kernel.run("globalThis.begun = true\nnamespace A { const x = 1; export { x } }\n1")
    assert ran.error["ename"] == "SyntaxError"
    shown = _shown(ran.traceback).split("\n")
    assert shown[1].endswith(":2")
    assert "^" in shown[3]
    assert _shown((await kernel.run("typeof begun")).text) == "'undefined'"


async def test_a_refused_cell_leaves_its_names_to_later_ones(rich: RunningKernel) -> None:
    """V8 has declared nothing of it, so that no later declaration is another kind."""
    await rich.run("const fresh: number = 1; const fresh: number = 2")
    await rich.run("var fresh = 3")
    assert _shown((await rich.run("globalThis.fresh")).text) == "3"


async def test_late_output_stands_under_its_typescript_cell(rich: RunningKernel) -> None:
    """What a timer prints belongs to the cell that has set it."""
    request = rich.client.execute("setTimeout(() => console.log('late' as string), 20)")
    await rich.until(request, "late")


async def test_a_typescript_cell_can_ask_and_be_interrupted(rich: RunningKernel) -> None:
    """Its second request is a cell as any other."""
    request = rich.client.execute("let answer: string = prompt('Name?'); answer", allow_stdin=True)
    question = await rich.client.get_stdin_msg(timeout=60)
    assert question["content"]["prompt"].strip() == "Name?"
    rich.client.input("Ada")
    assert _shown((await rich.collect(request)).text) == "'Ada'"
    request = rich.client.execute("let n: number = 0; console.log('on'); for (;;) n++")
    await rich.until(request, "on")
    await rich.interrupt()
    assert (await rich.collect(request)).error["ename"] == "KeyboardInterrupt"
    assert int(_shown((await rich.run("n")).text)) > 0


async def test_expressions_of_a_request_are_evaluated_after_typescript(
    rich: RunningKernel,
) -> None:
    """As for every cell that ends well."""
    ran = await rich.run("var wide: number = 7", user_expressions={"twice": "wide * 2"})
    data = ran.reply["user_expressions"]["twice"]["data"]
    assert _shown(data["text/plain"]) == "14"
