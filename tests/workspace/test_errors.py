"""Errors of a remote session about files that lie beside the notebook, and modules that change."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.kernel_client import RunningKernel
from tests.pool_server import ServedPool, served_pool
from tests.workspace.notebook import kernel_in, shown, write_files


@pytest.fixture(scope="module")
def pool() -> Iterator[ServedPool]:
    """Serve a pool over TCP."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
    with served_pool(clean) as served:
        yield served


@pytest_asyncio.fixture(params=["rich", "plain"])
async def kernel(
    request: pytest.FixtureRequest, environment: dict[str, str], tmp_path: Path, pool: ServedPool
) -> AsyncIterator[RunningKernel]:
    """Start a kernel whose session is elsewhere."""
    variables = environment | pool.environment | {"ACAJS_RUNTIME": request.param}
    async with kernel_in(tmp_path, variables) as running:
        yield running


@pytest.mark.parametrize(
    "code",
    [
        'require("fs").readFileSync("data.csv")',
        'require("fs").readdirSync("sub")',
        'require("./helper")',
        'require("./sub/deep.js")',
        'await require("fs").promises.readFile("data.csv")',
        'import x from "./helper.js"',
        'await import("./sub/deep.js")',
    ],
)
async def test_the_error_says_how_to_send_the_file_and_that_helps(
    code: str, kernel: RunningKernel, tmp_path: Path
) -> None:
    """The command that it names sends it to where the code looks."""
    write_files(tmp_path, {"data.csv": "a", "helper.js": "", "sub/deep.js": ""})
    ran = await kernel.run(code)
    if kernel_is_plain(ran.traceback, code):
        pytest.skip("plain mode has neither await nor import")
    match = re.search(r"^Send it: (%upload .+)$", ran.traceback, re.MULTILINE)
    assert match is not None, ran.traceback
    assert "%workspace copy" in ran.traceback
    await kernel.run(match[1])
    assert (await kernel.run(code)).reply["status"] == "ok"


def kernel_is_plain(traceback: str, code: str) -> bool:
    """Tell whether code has failed because plain mode cannot run it."""
    needs_rich = "await" in code or "import" in code
    return needs_rich and ("SyntaxError" in traceback or "DYNAMIC_IMPORT" in traceback)


async def test_with_copies_the_error_says_why_the_file_is_left_out(
    environment: dict[str, str], tmp_path: Path, pool: ServedPool
) -> None:
    """It is ignored, hidden, or the workspace is too large."""
    write_files(tmp_path, {"data.csv": "a", ".acajsignore": "data.*", "other.txt": "x"})
    variables = environment | pool.environment
    async with kernel_in(tmp_path, variables, ACAJS_WORKSPACE="copy") as kernel:
        traceback = (await kernel.run('require("fs").readFileSync("data.csv")')).traceback
        assert "left out of what is copied: named in .acajsignore" in traceback
        assert "Send it: %upload data.csv" in traceback


async def test_an_edited_module_is_loaded_anew_whichever_way_it_comes(
    environment: dict[str, str], tmp_path: Path, pool: ServedPool
) -> None:
    """By `%upload`, `%%writefile` or as a copy; `%autoreload off` keeps it."""
    variables = environment | pool.environment
    cell = 'import { x } from "./a.mjs";\n[x, require("./b.cjs")].join()'
    async with kernel_in(tmp_path, variables, ACAJS_WORKSPACE="copy") as kernel:
        write_files(tmp_path, {"a.mjs": "export const x = 1", "b.cjs": "module.exports = 1"})
        assert shown(await kernel.run(cell)) == "'1,1'"
        write_files(tmp_path, {"a.mjs": "export const x = 2", "b.cjs": "module.exports = 2"})
        assert shown(await kernel.run(cell)) == "'2,2'"
        await kernel.run("%%writefile b.cjs\nmodule.exports = 3")
        assert shown(await kernel.run(cell)) == "'2,3'"
        write_files(tmp_path, {"elsewhere/a.mjs": "export const x = 4"})
        await kernel.run("%upload elsewhere/a.mjs")
        assert shown(await kernel.run(cell)) == "'4,3'"
        assert "Modules stay" in (await kernel.run("%autoreload off")).stdout
        await kernel.run("%%writefile b.cjs\nmodule.exports = 5")
        assert shown(await kernel.run(cell)) == "'4,3'"
        assert "loaded anew" in (await kernel.run("%autoreload on")).stdout
        assert shown(await kernel.run(cell)) == "'4,5'"


async def test_an_edited_module_is_loaded_anew_in_place(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """With the modules that depend on it."""
    write_files(
        tmp_path,
        {"a.mjs": 'export { x } from "./b.mjs"', "b.mjs": "export const x = 1"},
    )
    cell = 'import { x } from "./a.mjs"; x'
    async with kernel_in(tmp_path, environment) as kernel:
        assert shown(await kernel.run(cell)) == "1"
        write_files(tmp_path, {"b.mjs": "export const x = 2"})
        assert shown(await kernel.run(cell)) == "2"


async def test_an_import_that_fails_names_its_line(kernel: RunningKernel) -> None:
    """Of the cell that the user wrote."""
    ran = await kernel.run('let a = 1;\n\nimport { b } from "./missing.mjs";')
    if "SyntaxError" in ran.traceback:
        pytest.skip("plain mode has no import")
    assert re.search(r"In\[\d+\]:3", ran.traceback)
    assert 'import { b } from "./missing.mjs";' in ran.traceback
