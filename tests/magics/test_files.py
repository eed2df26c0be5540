"""The magics for files, on the embedded pool and over TCP, in both families of the API."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.kernel_client import Ran, RunningKernel, running_kernel
from tests.pool_server import served_pool


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder of the notebook."""
    return tmp_path_factory.mktemp("notebook")


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=["embedded, old", "served, new"]
)
async def kernel(request: pytest.FixtureRequest, here: Path) -> AsyncIterator[RunningKernel]:
    """Start one kernel for all tests of this module, beside the notebook."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
    if request.param == "embedded, old":
        async with running_kernel(clean, cwd=str(here)) as running:
            yield running
        return
    with served_pool(clean) as pool:
        environment = clean | pool.environment | {"ACAJS_API_VERSION": "2025-10-02-preview"}
        async with running_kernel(environment, cwd=str(here)) as running:
            yield running


def _displays(ran: Ran) -> list[dict[str, str]]:
    kinds = ("display_data", "update_display_data")
    return [m["content"]["data"] for m in ran.messages if m["msg_type"] in kinds]


async def test_files_go_there_and_back(kernel: RunningKernel, here: Path) -> None:
    """A folder is uploaded, read by a cell, listed, downloaded again and removed."""
    (here / "data" / "inner").mkdir(parents=True, exist_ok=True)
    (here / "data" / "a<b>.txt").write_text("alpha")
    (here / "data" / "inner" / "b.bin").write_bytes(bytes(400_000))
    uploaded = await kernel.run("%upload data --to things")
    assert uploaded.reply["status"] == "ok"
    assert uploaded.types[0] == "display_data"
    assert set(uploaded.types[1:]) == {"update_display_data"}
    assert _displays(uploaded)[-1]["text/plain"] == "Uploaded 2 files, 390.6 KB"
    assert "things/a&lt;b&gt;.txt" in _displays(uploaded)[-1]["text/html"]
    read = await kernel.run("require('fs').readFileSync('things/a<b>.txt', 'utf8')")
    assert "alpha" in str(read.text)
    listed = _displays(await kernel.run("%files -r"))[0]
    assert re.findall(r"\S+$", listed["text/plain"], re.MULTILINE) == [
        "things/",
        "things/a<b>.txt",
        "things/inner/",
        "things/inner/b.bin",
    ]
    assert "<td>390.6 KB</td>" in listed["text/html"]
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", listed["text/html"])
    downloaded = await kernel.run("%download things/**/*.bin 'things/a<b>.txt' back/")
    assert downloaded.reply["status"] == "ok"
    assert (here / "back" / "inner" / "b.bin").read_bytes() == bytes(400_000)
    assert (here / "back" / "a<b>.txt").read_text() == "alpha"
    renamed = await kernel.run("%download things/inner/b.bin --to copy.bin")
    assert _displays(renamed)[-1]["text/plain"] == "Downloaded 1 file, 390.6 KB: copy.bin"
    assert (here / "copy.bin").stat().st_size == 400_000
    refused = await kernel.run("%rm things")
    assert refused.error["ename"] == "TransferError"
    assert "Add -r" in refused.traceback
    assert (await kernel.run("%rm -r things")).stdout == "Removed things\n"
    assert (await kernel.run("%files")).stdout == "There are no files here.\n"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%upload", "Which files?"),
        ("%upload a --to", "Give exactly one name after --to."),
        ("%upload nothing.csv", "There is no file nothing.csv in"),
        ("%download nothing.csv", "The session has no file 'nothing.csv'."),
        ("%download ../x", "not a path in the session's data folder"),
        ("%files a b", "Name one folder only."),
        ("%rm *.nothing", "No file in the session matches '*.nothing'."),
    ],
)
async def test_a_mistake_is_explained(kernel: RunningKernel, cell: str, words: str) -> None:
    """The error says what was wrong, and nothing behind it runs."""
    ran = await kernel.run(f"{cell}\nconsole.log('ran')")
    assert words in ran.traceback
    assert ran.stdout == ""


async def test_an_interrupt_leaves_no_half_file(kernel: RunningKernel, here: Path) -> None:
    """An upload is interrupted: the session has neither the file nor a part of it."""
    # So much that it takes long after the interrupt, were it not for that.
    for number in range(10):
        with (here / f"large{number}.bin").open("wb") as sparse:
            sparse.truncate(120 * 1024 * 1024)
    request = kernel.client.execute("%upload large*.bin")
    while True:
        message = await kernel.published(request)
        if message["msg_type"] == "display_data":
            break
    await asyncio.wait_for(kernel.interrupt(), 30)
    ran = await kernel.collect(request)
    assert ran.error["ename"] == "KeyboardInterrupt"
    after = await kernel.run("require('fs').readdirSync('.').length")
    assert "0" in str(after.text)
    await kernel.run("1")  # the kernel goes on


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
async def test_an_upload_into_a_replaced_session_is_refused(
    kernel: RunningKernel, here: Path
) -> None:
    """What was lost is told before files go where the notebook's variables are not."""
    (here / "small.txt").write_text("small")
    process = await kernel.run("process.ppid")
    os.kill(int(re.sub(r"\x1b\[\d+m", "", str(process.text))), signal.SIGKILL)
    lost = await kernel.run("%upload small.txt")
    assert lost.error["ename"] == "SessionLostError"
    assert (await kernel.run("%files")).stdout == "There are no files here.\n"
    assert (await kernel.run("%upload small.txt")).reply["status"] == "ok"
    assert (await kernel.run("%rm small.txt")).reply["status"] == "ok"
