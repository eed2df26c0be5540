"""On the embedded pool the session works in the notebook's folder itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.workspace.notebook import kernel_in, names_in, shown, write_files


@pytest.mark.parametrize("runtime", ["rich", "plain"])
async def test_cells_use_what_lies_beside_the_notebook(
    runtime: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """They read and write files, and load modules and packages, here and in the folders above."""
    folder = tmp_path / "über uns" / "book"
    write_files(
        folder,
        {"data.csv": "a,b", "helper.js": "exports.two = 2", "lib/deep.js": "exports.x = 'deep'"},
    )
    write_files(folder.parent, {"node_modules/above/index.js": "exports.x = 'above'"})
    write_files(folder, {"node_modules/here/index.js": "exports.x = 'here'"})
    async with kernel_in(folder, environment, ACAJS_RUNTIME=runtime) as kernel:
        ran = await kernel.run(
            'const fs = require("fs");'
            'fs.writeFileSync("out.txt", "written");'
            '[fs.readFileSync("data.csv", "utf8"), require("./helper.js").two,'
            ' require("./lib/deep").x, require("above").x, require("here").x].join()'
        )
        assert shown(ran) == "'a,b,2,deep,above,here'"
        assert shown(await kernel.run("process.cwd()")) == repr(str(folder.resolve()))
    assert (folder / "out.txt").read_text() == "written"


async def test_imports_find_modules_and_packages_here_and_above(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """`import` does as `require` does."""
    folder = tmp_path / "book"
    write_files(
        folder,
        {"helper.mjs": "export const two = 2", "node_modules/here/index.js": "exports.x = 1"},
    )
    write_files(tmp_path, {"node_modules/above/index.js": "exports.x = 'above'"})
    async with kernel_in(folder, environment, ACAJS_RUNTIME="rich") as kernel:
        ran = await kernel.run(
            'import { two } from "./helper.mjs"; import here from "here"; import up from "above";'
            "\n[two, here.x, up.x].join()"
        )
        assert shown(ran) == "'2,1,above'"


@pytest.mark.parametrize("runtime", ["rich", "plain"])
async def test_the_session_leaves_the_folder_as_it_found_it(
    runtime: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """While it runs and when it has ended there is nothing but the user's own files."""
    folder = tmp_path / "book"
    write_files(folder, {"data.csv": "a,b", "helper.js": "exports.two = 2"})
    before = sorted(folder.rglob("*"))
    async with kernel_in(folder, environment, ACAJS_RUNTIME=runtime) as kernel:
        await kernel.run('console.log(require("./helper.js").two)')
        await kernel.run("%files")
        await kernel.run('"x".repeat(9_000_000).length; setTimeout(() => {}, 10)')
        assert sorted(folder.rglob("*")) == before
        await kernel.run("%restart")
        await kernel.run("throw new Error()")
        assert sorted(folder.rglob("*")) == before
        await kernel.manager.shutdown_kernel(now=False)
    assert sorted(folder.rglob("*")) == before
    assert (folder / "data.csv").read_text() == "a,b"


async def test_two_notebooks_in_one_folder_do_not_disturb_each_other(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Each has its variables; both have the files; the end of one leaves the other's."""
    async with kernel_in(tmp_path, environment) as one:
        async with kernel_in(tmp_path, environment) as other:
            await one.run('require("fs").writeFileSync("shared.txt", "one"); let x = 1')
            ran = await other.run('require("fs").readFileSync("shared.txt", "utf8") + typeof x')
            assert shown(ran) == "'oneundefined'"
        ran = await one.run('require("fs").readFileSync("shared.txt", "utf8") + x')
        assert shown(ran) == "'one1'"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
async def test_a_folder_that_cannot_be_written_works_for_reading(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Cells read and import; writing fails with the system's own error, and the kernel ends."""
    folder = tmp_path / "book"
    write_files(folder, {"data.csv": "a,b", "helper.mjs": "export const two = 2"})
    folder.chmod(0o555)
    try:
        async with kernel_in(folder, environment) as kernel:
            ran = await kernel.run(
                'import { two } from "./helper.mjs";\n'
                'require("fs").readFileSync("data.csv", "utf8") + two'
            )
            assert shown(ran) == "'a,b2'"
            assert (
                "data.csv"
                in (await kernel.run("%files")).messages[-2]["content"]["data"]["text/plain"]
            )
            if os.geteuid() != 0:  # root may write everywhere
                ran = await kernel.run('require("fs").writeFileSync("x", "")')
                assert "EACCES" in ran.error["evalue"]
    finally:
        folder.chmod(0o755)


_TRAP = 'require("fs").writeFileSync(process.env.TRAP ?? __dirname + "/executed", "");'


@pytest.mark.parametrize("runtime", ["rich", "plain"])
async def test_nothing_in_the_folder_runs_unasked(
    runtime: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """Files named like Node's modules, ours, programs or settings are data until asked for."""
    folder = tmp_path / "book"
    folder.mkdir()
    names = "fs vm path net module url agent runner session_host session_interpreter index"
    for name in names.split():
        for ending in ("js", "mjs", "cjs", "json"):
            (folder / f"{name}.{ending}").write_text(_TRAP)
        package = folder / "node_modules" / name
        package.mkdir(parents=True)
        (package / "index.js").write_text(_TRAP)
    for name in ("mkfifo", "node", "npm", "sh", "ps"):
        for program in (folder / name, folder / "node_modules" / ".bin" / name):
            program.parent.mkdir(exist_ok=True)
            program.write_text(f"#!/bin/sh\ntouch '{folder}/executed'\n")
            program.chmod(0o755)
    (folder / "package.json").write_text('{"type": "module", "main": "index.js"}')
    (folder / ".npmrc").write_text("script-shell=./sh\nnode-options=--require ./fs.js\n")
    (folder / "node.config.json").write_text('{"nodeOptions": {"import": ["./fs.mjs"]}}')
    (folder / ".env").write_text("NODE_OPTIONS=--require ./fs.js\n")
    (folder / "tsconfig.json").write_text("{")
    searched = f".:node_modules/.bin::{environment['PATH']}"
    async with kernel_in(folder, environment, ACAJS_RUNTIME=runtime, PATH=searched) as kernel:
        ran = await kernel.run('typeof require("fs").readFileSync + typeof require("vm").Script')
        assert shown(ran) == "'functionfunction'"
        await kernel.run("%files")
        await kernel.run("!echo hello")
        assert shown(await kernel.run("6 * 7")) == "42"
    assert not [name for name in names_in(tmp_path) if name.endswith("executed")]


async def test_magics_say_that_there_is_nothing_to_copy(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """`%upload` and `%download` of what is there copy nothing; what lies elsewhere is copied."""
    folder = tmp_path / "book"
    write_files(folder, {"data.csv": "a,b", "sub/more.csv": "c"})
    write_files(tmp_path, {"elsewhere.csv": "d"})
    async with kernel_in(folder, environment) as kernel:
        for line in ("%upload data.csv", "%download data.csv"):
            ran = await kernel.run(line)
            assert ran.reply["status"] == "ok"
            assert "data.csv is there already" in ran.stdout
        await kernel.run("%upload sub/more.csv ../elsewhere.csv")
        assert (folder / "more.csv").read_text() == "c"
        assert (folder / "elsewhere.csv").read_text() == "d"
        await kernel.run("%download data.csv --to ../copied.csv")
        assert (tmp_path / "copied.csv").read_text() == "a,b"
        assert sorted(path.name for path in folder.iterdir()) == [
            "data.csv",
            "elsewhere.csv",
            "more.csv",
            "sub",
        ]


async def test_magics_ask_before_something_of_the_users_is_lost(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """`%rm` and an `%upload` over another file do nothing where nobody answers, or says no."""
    write_files(tmp_path, {"data.csv": "a,b", "other/data.csv": "new"})
    async with kernel_in(tmp_path, environment) as kernel:
        for line in ("%rm data.csv", "%rm -r other", "%upload other/data.csv"):
            ran = await kernel.run(line, allow_stdin=False)
            assert "Nothing was done" in ran.error["evalue"]
            request = kernel.client.execute(line, allow_stdin=True)
            question = await kernel.client.get_stdin_msg(timeout=30)
            assert (
                "data.csv" in question["content"]["prompt"]
                or "other" in (question["content"]["prompt"])
            )
            kernel.client.input("no")
            assert "the answer was no" in (await kernel.collect(request)).error["evalue"]
        assert (tmp_path / "data.csv").read_text() == "a,b"
        request = kernel.client.execute("%rm data.csv", allow_stdin=True)
        await kernel.client.get_stdin_msg(timeout=30)
        kernel.client.input("y")
        assert "Removed data.csv" in (await kernel.collect(request)).stdout
        assert not (tmp_path / "data.csv").exists()
        ran = await kernel.run("%rm -rf other", allow_stdin=False)
        assert not (tmp_path / "other").exists()


async def test_a_folder_of_another_name_is_worked_in(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """The setting may name one, by a path that starts from the notebook's."""
    write_files(tmp_path, {"elsewhere/data.csv": "there", "book/data.csv": "here"})
    async with kernel_in(tmp_path / "book", environment, ACAJS_WORKSPACE="../elsewhere") as kernel:
        ran = await kernel.run('require("fs").readFileSync("data.csv", "utf8")')
        assert shown(ran) == "'there'"


async def test_a_folder_that_does_not_exist_is_an_error_that_says_so(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """The first cell names the setting and what it may be."""
    async with kernel_in(tmp_path, environment, ACAJS_WORKSPACE="missing") as kernel:
        error = (await kernel.run("1")).error
        assert error["ename"] == "ConfigurationError"
        assert "ACAJS_WORKSPACE" in error["evalue"]


async def test_off_gives_the_session_a_folder_of_its_own(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Nothing of the notebook's folder is seen or written."""
    write_files(tmp_path, {"data.csv": "a,b"})
    async with kernel_in(tmp_path, environment, ACAJS_WORKSPACE="off") as kernel:
        ran = await kernel.run(
            'require("fs").writeFileSync("x", ""); require("fs").readdirSync(".")'
        )
        assert shown(ran) == "[ 'x' ]"
    assert names_in(tmp_path) == ["data.csv"]
