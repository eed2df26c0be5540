"""Copies under faults: nothing that has not arrived whole is used, and nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from acajs_kernel.errors import AcaJsError, TransferError
from acajs_kernel.local import LocalPool
from acajs_kernel.pool import Endpoint, PoolClient, asgi_transport
from acajs_kernel.session import SessionAccess
from acajs_kernel.workspace.copies import Copies
from acajs_kernel.workspace.survey import Limits
from tests.workspace.notebook import write_files

_LIMITS = Limits(500, 50 * 1024 * 1024)
_NEW = "2025-10-02-preview"


class _Meddler:
    """Stands before a pool; counts requests, and spoils the one that is asked for.

    Attributes:
        plan: What becomes of a request, by its number: "before" and "after" lose it or its
            answer, "half" changes half of what is uploaded.
        waited_for: Told when so many requests have come.
    """

    def __init__(self, application: Any) -> None:
        self._application = application
        self.requests: list[str] = []
        self.plan: dict[int, str] = {}
        self.waited_for: dict[int, asyncio.Event] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request, spoilt."""
        fault = self.plan.get(len(self.requests), "")
        self.requests.append(f"{scope['method']} {scope['path']}")
        if event := self.waited_for.get(len(self.requests)):
            event.set()
        if fault == "before":
            raise ConnectionError("lost on its way")

        async def spoilt_receive() -> Any:
            message = await receive()
            if fault == "half" and message.get("body"):
                message = {**message, "body": message["body"].replace(b"new", b"nEw")}
            return message

        async def spoilt_send(message: Any) -> None:
            if fault == "after" and message["type"] == "http.response.start":
                raise ConnectionError("lost on its way back")
            await send(message)

        await self._application(scope, spoilt_receive, spoilt_send)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[LocalPool]:
    """Run one pool for all tests."""
    async with LocalPool(max_sessions=100) as opened:
        yield opened


@pytest.fixture
def meddler(pool: LocalPool) -> _Meddler:
    """Stand before the pool."""
    return _Meddler(pool.application)


@pytest_asyncio.fixture(loop_scope="module")
async def access(meddler: _Meddler) -> AsyncIterator[SessionAccess]:
    """Reach a session of its own."""
    async with PoolClient(
        Endpoint.parse("http://embedded.localhost"),
        api_version=_NEW,
        transport=asgi_transport(meddler),
    ) as client:
        yield SessionAccess(client, secrets.token_hex(16))


async def _files_of(access: SessionAccess) -> dict[str, str]:
    """Return the texts of the files in the session, by their names; hidden ones too."""
    code = (
        'const fs = require("fs"); const found = {};'
        'for (const n of fs.readdirSync(".")) found[n] = fs.readFileSync(n, "utf8");'
        "$$.text(JSON.stringify(found))"
    )
    execution = await access.pool.execute(
        access.identifier, f"(() => {{ {code} }})()", timeout_seconds=30, repeatable=True
    )
    found = (
        execution.result
        if isinstance(execution.result, dict)
        else json.loads(str(execution.result))
    )
    return {str(name): str(text) for name, text in found.items()}


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("fault", ["before", "after", "half"])
@pytest.mark.parametrize("position", range(3))
async def test_whatever_is_lost_files_are_whole_or_as_before(
    fault: str, position: int, access: SessionAccess, meddler: _Meddler, tmp_path: Path
) -> None:
    """After each fault the session has the old files or the new ones, and then the new ones."""
    old = {f"{name}.txt": "old" for name in "abc"}
    new = {f"{name}.txt": "new" * 1000 for name in "abc"}
    write_files(tmp_path, old)
    copies = Copies(tmp_path, _LIMITS)
    said: list[str] = []
    await copies.bring(access, said.append)
    write_files(tmp_path, new)
    meddler.plan = {len(meddler.requests) + position: fault}
    with contextlib.suppress(AcaJsError, ConnectionError):
        await copies.bring(access, said.append)
    meddler.plan = {}
    shown = await _files_of(access)
    visible = {name: text for name, text in shown.items() if not name.startswith(".")}
    assert visible in (old, new)
    await copies.bring(access, said.append)
    shown = await _files_of(access)
    assert {name: text for name, text in shown.items() if not name.startswith(".")} == new
    assert [name for name in shown if name.startswith(".")] == [".acajs-workspace"]
    assert said == []


async def test_an_interrupted_copy_leaves_the_files_as_they_were(
    access: SessionAccess, meddler: _Meddler, tmp_path: Path
) -> None:
    """It is given up between upload and use; the next cell copies what was left."""
    write_files(tmp_path, {"a.txt": "old"})
    copies = Copies(tmp_path, _LIMITS)
    await copies.bring(access, print)
    write_files(tmp_path, {"a.txt": "newer"})
    uploading = meddler.waited_for[len(meddler.requests) + 2] = asyncio.Event()
    copying = asyncio.ensure_future(copies.bring(access, print))
    await asyncio.wait_for(uploading.wait(), 20)
    copying.cancel()
    await asyncio.wait({copying})
    assert (await _files_of(access))["a.txt"] in {"old", "newer"}
    await copies.bring(access, print)
    assert (await _files_of(access))["a.txt"] == "newer"


async def test_an_unchanged_workspace_costs_no_request(
    access: SessionAccess, meddler: _Meddler, tmp_path: Path
) -> None:
    """However many files it has; a change costs three requests, however many have changed."""
    write_files(tmp_path, {f"{number}.txt": "x" for number in range(500)})
    copies = Copies(tmp_path, _LIMITS)
    await copies.bring(access, print)
    assert copies.in_step == 500
    begun = len(meddler.requests)
    await copies.bring(access, print)
    assert len(meddler.requests) == begun
    write_files(tmp_path, {f"{number}.txt": "yy" for number in range(100)})
    await copies.bring(access, print)
    assert len(meddler.requests) == begun + 3


async def test_a_session_that_was_replaced_gets_everything_again(
    access: SessionAccess, tmp_path: Path
) -> None:
    """And only what it lacks where it turns out to be the same one."""
    write_files(tmp_path, {"a.txt": "x"})
    copies = Copies(tmp_path, _LIMITS)
    await copies.bring(access, print)
    await access.pool.stop_session(access.identifier)
    copies.forget()
    await copies.bring(access, print)
    assert (await _files_of(access))["a.txt"] == "x"


async def test_another_kernel_keeps_what_a_cell_has_changed(
    access: SessionAccess, tmp_path: Path
) -> None:
    """The session knows what was sent to it; the later change wins, with a notice."""
    write_files(tmp_path, {"a.txt": "x", "b.txt": "x"})
    await Copies(tmp_path, _LIMITS).bring(access, print)
    await access.pool.execute(
        access.identifier,
        'for (const n of ["a.txt", "b.txt", "c.txt"]) require("fs").writeFileSync(n, "cell")',
        timeout_seconds=30,
    )
    write_files(tmp_path, {"b.txt": "yy", "c.txt": "z"})
    said: list[str] = []
    await Copies(tmp_path, _LIMITS).bring(access, said.append)
    found = await _files_of(access)
    assert (found["a.txt"], found["b.txt"], found["c.txt"]) == ("cell", "yy", "cell")
    assert len(said) == 2
    assert "b.txt was changed by a cell" in said[0]
    assert "%upload c.txt" in said[1]
    assert all(str(tmp_path) in text for text in said)


async def test_a_file_that_vanishes_or_grows_meanwhile_breaks_nothing(
    access: SessionAccess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is copied is what was read; the rest comes with the next cell."""
    write_files(tmp_path, {"a.txt": "x", "b.txt": "x"})
    copies = Copies(tmp_path, _LIMITS)
    pack = copies._pack

    def late(files: Any, bundle: Any) -> Any:
        (tmp_path / "a.txt").unlink()
        (tmp_path / "b.txt").write_text("longer")
        monkeypatch.setattr(copies, "_pack", pack)
        return pack(files, bundle)

    monkeypatch.setattr(copies, "_pack", late)
    await copies.bring(access, print)
    assert (await _files_of(access))["b.txt"] == "longer"
    await copies.bring(access, print)
    found = await _files_of(access)
    assert "a.txt" not in found
    assert found["b.txt"] == "longer"


async def test_a_folder_in_a_files_place_is_an_error_that_says_so(
    access: SessionAccess, tmp_path: Path
) -> None:
    """A cell has made it; nothing else of that copy is put in place."""
    await access.pool.execute(
        access.identifier, 'require("fs").mkdirSync("a.txt/x", { recursive: true })'
    )
    copies, said = Copies(tmp_path, _LIMITS), list[str]()
    write_files(tmp_path, {"a.txt": "x", "b.txt": "x"})
    await copies.bring(access, said.append)
    assert "The session has another a.txt" in said[0]
    write_files(tmp_path, {"a.txt": "yy", "b.txt": "yy"})
    with pytest.raises(TransferError, match=r"a folder in the place of a\.txt"):
        await copies.bring(access, said.append)
