"""Sessions that cannot do everything: the kernel says so, or finds another way."""

from __future__ import annotations

import re

import pytest

from tests.kernel_client import Ran, running_kernel
from tests.pool_server import served_variant


def _text(ran: Ran) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", ran.text or "")


async def test_without_child_processes_cells_run_plain_and_it_is_said_once(
    environment: dict[str, str],
) -> None:
    """The notice names the reason; the cells work as plain ones do."""
    with served_variant(environment, "no-children") as pool:
        async with running_kernel(environment | pool.environment) as kernel:
            first = await kernel.run("var a = 1; a + 1")
            assert _text(first) == "2"
            assert "EPERM" in first.stderr
            assert "plain mode" in first.stderr
            second = await kernel.run("a + 2")
            assert (_text(second), second.stderr) == ("3", "")


async def test_an_executor_of_another_language_runs_its_own_cells_plain(
    environment: dict[str, str],
) -> None:
    """What the pool understands still works, and the notice says what is wrong."""
    with served_variant(environment, "other-language") as pool:
        async with running_kernel(environment | pool.environment) as kernel:
            ran = await kernel.run('print("hello")')
            assert ran.stdout == "hello\n"
            assert "invalid syntax" in ran.stderr
            assert "plain mode" in ran.stderr


async def test_who_insists_on_rich_gets_an_error_instead(environment: dict[str, str]) -> None:
    """With ACAJS_RUNTIME=rich nothing runs another way."""
    with served_variant(environment, "no-children") as pool:
        settings = environment | pool.environment | {"ACAJS_RUNTIME": "rich"}
        async with running_kernel(settings) as kernel:
            ran = await kernel.run("1 + 1")
            assert ran.error["ename"] == "AgentUnavailableError"
            assert "EPERM" in ran.error["evalue"]
            assert "ACAJS_RUNTIME" in ran.traceback


@pytest.mark.parametrize(
    ("variant", "api_version"),
    [
        ("cut-result", "2024-02-02-preview"),
        ("no-result", "2024-02-02-preview"),
        ("no-result", "2025-10-02-preview"),  # stdout is cut at 4096 characters there
        ("cut-everything", "2024-02-02-preview"),
    ],
)
async def test_cut_answers_find_another_way(
    environment: dict[str, str], variant: str, api_version: str
) -> None:
    """Whatever the service cuts, the output arrives whole and once."""
    settings = {"ACAJS_API_VERSION": api_version, "ACAJS_RUNTIME": "rich"}
    with served_variant(environment, variant) as pool:
        async with running_kernel(environment | pool.environment | settings) as kernel:
            for _ in range(2):
                ran = await kernel.run("console.log('é'.repeat(20000)); console.error('e'); 6 * 7")
                assert ran.stdout == "é" * 20_000 + "\n"
                assert ran.stderr == "e\n"
                assert _text(ran) == "42"
            ran = await kernel.run("process.cwd(); require('fs').readdirSync('.').join()")
            assert "acajs-answer" not in _text(ran)


async def test_a_cell_may_run_longer_than_one_request(environment: dict[str, str]) -> None:
    """Executions of at most 3 s carry a cell of 7 s."""
    with served_variant(environment, "short-requests") as pool:
        settings = environment | pool.environment | {"ACAJS_TIMEOUT": "3"}
        async with running_kernel(settings) as kernel:
            ran = await kernel.run(
                "for (let i = 0; i < 7; i++) {\n"
                "  await new Promise((done) => setTimeout(done, 1000)); console.log(i);\n"
                "}\n'done'"
            )
            assert ran.stdout == "0\n1\n2\n3\n4\n5\n6\n"
            assert _text(ran) == "'done'"
