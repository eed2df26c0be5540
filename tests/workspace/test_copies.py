"""Files beside the notebook are copied into a session that has a folder of its own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.kernel_client import RunningKernel
from tests.pool_server import ServedPool, served_pool
from tests.workspace.notebook import kernel_in, shown, write_files

_COPY = {"ACAJS_WORKSPACE": "copy"}


@pytest.fixture(scope="module")
def pool() -> Iterator[ServedPool]:
    """Serve a pool over TCP."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
    with served_pool(clean) as served:
        yield served


@pytest_asyncio.fixture(params=["embedded", "served, new", "served, old, plain"])
async def kernel(
    request: pytest.FixtureRequest, environment: dict[str, str], tmp_path: Path, pool: ServedPool
) -> AsyncIterator[RunningKernel]:
    """Start a kernel beside the files, which are to be copied."""
    if request.param == "embedded":
        variables = environment | _COPY
    else:
        variables = environment | pool.environment | _COPY
        if "new" in request.param:
            variables["ACAJS_API_VERSION"] = "2025-10-02-preview"
        else:
            variables["ACAJS_RUNTIME"] = "plain"
    async with kernel_in(tmp_path, variables, **_COPY) as running:
        yield running


async def _read(kernel: RunningKernel, name: str) -> str | None:
    return shown(await kernel.run(f'require("fs").readFileSync({name!r}, "utf8")'))


async def test_what_has_changed_is_copied_before_a_cell_runs(
    kernel: RunningKernel, tmp_path: Path
) -> None:
    """New, changed and removed files; in folders; of any name."""
    write_files(tmp_path, {"data.csv": "one", "sub dir/ünï 日本.txt": "deep", "empty.txt": ""})
    assert await _read(kernel, "data.csv") == "'one'"
    assert await _read(kernel, "sub dir/ünï 日本.txt") == "'deep'"
    assert await _read(kernel, "empty.txt") == "''"
    write_files(tmp_path, {"data.csv": "two", "new.txt": "new"})
    assert await _read(kernel, "data.csv") == "'two'"
    assert await _read(kernel, "new.txt") == "'new'"
    (tmp_path / "new.txt").unlink()
    ran = await kernel.run('require("fs").existsSync("new.txt")')
    assert shown(ran) == "false"
    assert "stream" not in ran.types


async def test_a_file_that_a_cell_has_changed_stays_until_the_local_one_changes(
    kernel: RunningKernel, tmp_path: Path
) -> None:
    """Also when another file is copied; then a notice names both files."""
    write_files(tmp_path, {"data.csv": "one", "other.csv": "x"})
    await kernel.run('require("fs").writeFileSync("data.csv", "by a cell")')
    write_files(tmp_path, {"other.csv": "y"})
    ran = await kernel.run('require("fs").readFileSync("data.csv", "utf8")')
    assert shown(ran) == "'by a cell'"
    assert ran.stderr == ""
    write_files(tmp_path, {"data.csv": "two"})
    ran = await kernel.run('require("fs").readFileSync("data.csv", "utf8")')
    assert shown(ran) == "'two'"
    assert f"data.csv was changed by a cell in the session, and {tmp_path}" in ran.stderr
    assert (tmp_path / "data.csv").read_text() == "two"


async def test_a_restarted_kernel_knows_what_a_cell_has_changed(
    kernel: RunningKernel, tmp_path: Path
) -> None:
    """The session outlives it, with its files; what only a cell has changed stays."""
    write_files(tmp_path, {"data.csv": "one"})
    await kernel.run('require("fs").writeFileSync("data.csv", "by a cell")')
    await kernel.run("%restart")
    outcome = await _read(kernel, "data.csv")
    is_same_session = (await kernel.run("%runtime")).stdout.startswith("Cells run in rich")
    assert outcome == ("'by a cell'" if is_same_session else "'one'")


async def test_what_must_not_travel_stays(kernel: RunningKernel, tmp_path: Path) -> None:
    """Hidden files, packages, environments, notebooks, ignored ones, links that lead out."""
    write_files(
        tmp_path,
        {
            "data.csv": "",
            ".env": "SECRET=1",
            ".git/config": "",
            "node_modules/x/index.js": "",
            "sub/node_modules/y.js": "",
            "venv/pyvenv.cfg": "",
            "venv/lib/x.py": "",
            "conda/conda-meta/history": "",
            "book.ipynb": "{}",
            "private/a.txt": "",
            "private/keep.txt": "",
            "sub/b.log": "",
            "sub/c.txt": "",
            ".acajsignore": "private/*\n!private/keep.txt\n*.log\n# comment\n!\n!.env\n",
        },
    )
    (tmp_path / "inside").symlink_to("data.csv")
    (tmp_path / "hidden-link").symlink_to(".env")
    (tmp_path / "outside").symlink_to("/etc/passwd")
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "broken").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    ran = await kernel.run(
        'const list = (d) => require("fs").readdirSync(d, { withFileTypes: true }).flatMap((e) =>'
        ' e.isDirectory() ? list(d + e.name + "/") : [d + e.name]);'
        'list("./").filter((n) => !n.startsWith("./.acajs")).sort().join()'
    )
    assert shown(ran) == "'./data.csv,./inside,./private/keep.txt,./sub/c.txt'"
    told = (await kernel.run("%workspace")).stdout
    assert "4 files" in told
    for line in (
        ".env: hidden",
        "node_modules: packages",
        "venv: a virtual environment",
        "book.ipynb: a notebook",
        "private/a.txt: named in .acajsignore",
        "outside: a link that leads out",
        "hidden-link: a link to what is left out",
        "pipe: neither a file nor a folder",
    ):
        assert line in told


@pytest.mark.parametrize("limit", ["ACAJS_WORKSPACE_FILES", "ACAJS_WORKSPACE_MEGABYTES"])
async def test_a_workspace_over_a_limit_sends_nothing_and_says_so_once(
    limit: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """The notice names the limit and what to do; below it, files are copied again."""
    write_files(tmp_path, {"a.txt": "x" * 200, "b.txt": "y"})
    small = {"ACAJS_WORKSPACE_FILES": "1", "ACAJS_WORKSPACE_MEGABYTES": "0.0001"}[limit]
    async with kernel_in(tmp_path, environment, **_COPY, **{limit: small}) as kernel:
        ran = await kernel.run('require("fs").existsSync("a.txt")')
        assert shown(ran) == "false"
        assert limit in ran.stderr
        assert ".acajsignore" in ran.stderr
        assert (await kernel.run("1")).stderr == ""
        assert "Nothing of" in (await kernel.run("%workspace")).stdout


async def test_copying_can_be_turned_on_and_off(
    environment: dict[str, str], tmp_path: Path, pool: ServedPool
) -> None:
    """A remote session keeps its variables meanwhile."""
    write_files(tmp_path, {"a.txt": "x"})
    async with kernel_in(tmp_path, environment | pool.environment) as kernel:
        assert shown(await kernel.run('let x = 1; require("fs").existsSync("a.txt")')) == "false"
        assert "1 files" in (await kernel.run("%workspace copy")).stdout
        assert shown(await kernel.run('require("fs").existsSync("a.txt") && x')) == "1"
        await kernel.run("%workspace off")
        write_files(tmp_path, {"b.txt": "x"})
        assert shown(await kernel.run('require("fs").existsSync("b.txt")')) == "false"
