"""Large cells, large output, many outputs: all of it arrives, or what does not is named."""

from __future__ import annotations

import sys

import pytest

from acajs_kernel.kernel.messages import MAXIMUM_CHARACTERS
from tests.kernel_client import RunningKernel

from .memory import watched_memory

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="memory is measured on POSIX")

_MEGABYTE = 1 << 20


async def test_a_cell_of_five_megabytes_runs(kernel: RunningKernel) -> None:
    """A cell's text of 5,000,000 characters arrives whole, and is not kept many times over."""
    async with watched_memory(kernel.pid) as peaks:
        for _ in range(4):
            ran = await kernel.run(f"{{ const text = '{'x' * 5_000_000}'; text.length }}")
            assert ran.text is not None
            assert "5000000" in ran.text
    assert peaks.kernel < 400 * _MEGABYTE, peaks
    assert max(peaks.node.values()) < 600 * _MEGABYTE, peaks


@pytest.mark.parametrize(
    "code",
    [
        "for (let i = 0; i < 500_000; i++) process.stdout.write('y'.repeat(99) + '\\n')",
        "process.stdout.write(('y'.repeat(99) + '\\n').repeat(500_000))",
    ],
    ids=["lines", "one write"],
)
async def test_output_of_fifty_megabytes_arrives_whole(kernel: RunningKernel, code: str) -> None:
    """50,000,000 characters of output are all shown, and memory stays bounded."""
    async with watched_memory(kernel.pid) as peaks:
        ran = await kernel.run(code, seconds=100)
    assert ran.reply["status"] == "ok"
    assert ran.stdout == ("y" * 99 + "\n") * 500_000
    assert peaks.kernel < 400 * _MEGABYTE, peaks
    assert max(peaks.node.values()) < 600 * _MEGABYTE, peaks


async def test_ten_thousand_displays_arrive_in_order(kernel: RunningKernel) -> None:
    """A burst of displays, larger than any queue of ZeroMQ's, loses none and no idle."""
    ran = await kernel.run("for (let i = 0; i < 10_000; i++) display(i)", seconds=100)
    assert ran.types == ["display_data"] * 10_000
    shown = [m["content"]["data"]["text/plain"] for m in ran.messages if "data" in m["content"]]
    plain = [text.removeprefix("\x1b[33m").removesuffix("\x1b[39m") for text in shown]
    assert plain == [str(number) for number in range(10_000)]


async def test_a_frontend_that_reads_after_the_reply_gets_everything(
    kernel: RunningKernel,
) -> None:
    """Output that fits is kept for a client which looks at the reply first."""
    request = kernel.client.execute("for (let i = 0; i < 10_000; i++) display(i)")
    reply = await kernel.client.get_shell_msg(timeout=60)
    assert reply["content"]["status"] == "ok"
    ran = await kernel.collect(request, reply=False)
    assert ran.types == ["display_data"] * 10_000


async def test_a_display_that_is_too_large_is_cut_visibly(kernel: RunningKernel) -> None:
    """A text above the bound is cut and says by how much; the kernel goes on."""
    length = MAXIMUM_CHARACTERS + 1234
    ran = await kernel.run(
        f"display({{'text/plain': 'z'.repeat({length})}}, {{raw: true}})", seconds=100
    )
    (shown,) = [m["content"]["data"] for m in ran.messages if m["msg_type"] == "display_data"]
    assert shown["text/plain"].endswith("z… cut: 1,234 more characters\n")
    assert shown["text/plain"].count("z") == MAXIMUM_CHARACTERS
    assert (await kernel.run("console.log('on')")).stdout == "on\n"


async def test_a_huge_error_is_cut_visibly(kernel: RunningKernel) -> None:
    """An error's message of 3,000,000 characters does not travel whole three times."""
    ran = await kernel.run("throw new Error('e'.repeat(3_000_000))")
    assert "more characters" in ran.error["evalue"]
    assert len(ran.error["evalue"]) < 1_100_000
    assert sum(map(len, ran.error["traceback"])) < 4_000_000
