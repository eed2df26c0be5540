"""``acajs files`` and ``acajs sessions``, over TCP, in both families of the API."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from acajs_kernel.cli.sessions import _listed
from acajs_kernel.errors import NotFoundError, PermissionDeniedError, SessionError
from acajs_kernel.pool import SessionInfo
from tests.cli.command import acajs
from tests.pool_server import ServedPool, served_pool

_NEW = "2025-10-02-preview"


@pytest.fixture(scope="module")
def pool() -> Iterator[ServedPool]:
    """Serve one pool for the tests of this module."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith("ACAJS_")}
    with served_pool(clean) as served:
        yield served


@pytest.fixture
def remote(environment: dict[str, str], pool: ServedPool) -> dict[str, str]:
    """Give the environment of a command that uses the served pool."""
    return environment | pool.environment


@pytest.mark.parametrize("version", ["2024-02-02-preview", _NEW])
def test_names_with_the_signs_of_patterns_go_there_and_back(
    remote: dict[str, str], tmp_path: Path, version: str
) -> None:
    """Each command means the file of that very name, and no other that would fit."""
    session = secrets.token_hex(10)
    environment = remote | {"ACAJS_SESSION_ID": session, "ACAJS_API_VERSION": version}
    (tmp_path / "[id]").mkdir()
    for name in ("[slug].js", "s.js", "~x", "[id]/[...all].ts"):
        (tmp_path / name).write_text(name)
    put = acajs(environment, "files", "put", "[slug].js", "s.js", "./~x", "[id]", cwd=tmp_path)
    assert (put.returncode, put.stderr) == (0, "")
    assert put.stdout.splitlines() == ["[slug].js", "s.js", "~x", "[id]/[...all].ts"]
    for name, there in (("[slug].js", "[slug].js"), ("~x", "~x"), ("[id]/[...all].ts", "all")):
        to = ["--to", "./~all"] if there == "all" else ["--to", "back/"]
        got = acajs(environment, "files", "get", name, *to, cwd=tmp_path)
        assert (got.returncode, got.stderr) == (0, ""), name
        (path,) = got.stdout.splitlines()
        assert (tmp_path / path).read_text() == name
    removed = acajs(environment, "files", "rm", "[slug].js")
    assert (removed.returncode, removed.stdout) == (0, "[slug].js\n")
    listed = acajs(environment, "files", "ls").stdout.splitlines()
    assert [line.split()[-1] for line in listed] == ["[id]", "s.js", "~x"]


@pytest.mark.parametrize("version", ["2024-02-02-preview", _NEW])
def test_files_go_there_and_back(remote: dict[str, str], tmp_path: Path, version: str) -> None:
    """put, ls, get and rm do what they say, with the paths as their output."""
    session = secrets.token_hex(10)
    environment = remote | {"ACAJS_SESSION_ID": session, "ACAJS_API_VERSION": version}
    data = tmp_path / "data"
    (data / "inner").mkdir(parents=True)
    (data / "one.txt").write_text("one")
    (data / "inner" / "two.txt").write_bytes(bytes(3000))
    put = acajs(environment, "files", "put", "data", cwd=tmp_path)
    assert (put.returncode, put.stderr) == (0, "")
    assert put.stdout.splitlines() == ["data/one.txt", "data/inner/two.txt"]
    listed = acajs(environment, "files", "ls", "-r").stdout.splitlines()
    assert [line.split()[-1] for line in listed] == [
        "data",
        "data/inner",
        "data/inner/two.txt",
        "data/one.txt",
    ]
    assert listed[2].split()[:2] == ["2.9", "KB"]
    got = acajs(environment, "files", "get", "data/**/*.txt", "--to", "back/", cwd=tmp_path)
    assert (got.returncode, got.stderr) == (0, "")
    assert (tmp_path / "back" / "inner" / "two.txt").read_bytes() == bytes(3000)
    assert (tmp_path / "back" / "one.txt").read_text() == "one"
    removed = acajs(environment, "files", "rm", "-r", "data")
    assert (removed.returncode, removed.stdout) == (0, "data\n")
    missing = acajs(environment, "files", "get", "data/one.txt", cwd=tmp_path)
    assert missing.returncode == 1
    assert missing.stderr.startswith("acajs: The session has no file 'data/one.txt'.\n")
    assert session not in missing.stderr


def test_sessions_are_listed_short_and_stopped(remote: dict[str, str]) -> None:
    """The list shows beginnings that tell sessions apart; those name what to stop."""
    identifiers = ["aaaa1234567890abcdef", "aaaabb34567890abcdef", "cccc1234567890abcdef"]
    acajs(remote, "sessions", "stop", "--all", "--yes")  # those of other tests
    for identifier in identifiers:
        assert acajs(remote, "files", "ls", "--session", identifier).returncode == 0
    listed = acajs(remote, "sessions").stdout.splitlines()
    assert listed[0].split() == ["SESSION", "CREATED", "LAST", "USED", "ENDS"]
    assert sorted(line.split()[0] for line in listed[1:]) == ["aaaa1…", "aaaab…", "cccc…"]
    ambiguous = acajs(remote, "sessions", "stop", "aaaa…")
    assert ambiguous.returncode == 1
    assert "2 live sessions begin with" in ambiguous.stderr
    stopped = acajs(remote, "sessions", "stop", "aaaa1…", "cccc")
    assert (stopped.returncode, stopped.stdout) == (0, "Stopped aaaa…\nStopped cccc…\n")
    asked = acajs(remote, "sessions", "stop", "--all", stdin="n\n")
    assert asked.returncode == 1
    assert acajs(remote, "sessions", "stop", "--all", "--yes").stdout == "Stopped aaaa…\n"
    empty = acajs(remote, "sessions")
    assert (empty.stdout, empty.stderr) == ("", "The pool has no live session.\n")


@pytest.mark.parametrize("command", [["sessions"], ["files", "ls"], ["sessions", "stop"]])
def test_a_command_needs_a_pool(environment: dict[str, str], command: list[str]) -> None:
    """Sessions of the embedded pool end with their kernel: the error says what to set."""
    ran = acajs(environment, *command)
    assert ran.returncode == 1
    assert "ACAJS_POOL_ENDPOINT" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("command", [["files", "ls"], ["sessions", "stop"]])
def test_a_command_needs_a_session(remote: dict[str, str], command: list[str]) -> None:
    """Which session is meant must be said, and how."""
    ran = acajs(remote, *command)
    assert ran.returncode == 1
    assert "ACAJS_SESSION_ID" in ran.stderr


@pytest.mark.parametrize("status", [404, 405])
async def test_a_pool_that_lists_no_sessions_is_explained(status: int) -> None:
    """Pools of custom containers know no such call: the error says what works instead."""

    class Pool:
        async def list_sessions(self) -> list[SessionInfo]:
            raise NotFoundError("There is no such operation.", status=status)

    with pytest.raises(SessionError, match="does not list its sessions") as caught:
        await _listed(Pool())  # type: ignore[arg-type] # all of it that is used
    assert "acajs sessions stop" in caught.value.remedy


async def test_another_failure_of_the_listing_stays_what_it_is() -> None:
    """A role that is missing is no matter of the pool's kind."""

    class Pool:
        async def list_sessions(self) -> list[SessionInfo]:
            raise PermissionDeniedError("No role.", status=403)

    with pytest.raises(PermissionDeniedError):
        await _listed(Pool())  # type: ignore[arg-type] # all of it that is used
