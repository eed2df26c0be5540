"""A session that could not be opened is opened by the next cell, whatever the reason was."""

from __future__ import annotations

import asyncio
import errno
import os
from contextlib import AsyncExitStack
from typing import Any

import pytest

from acajs_kernel.errors import ConfigurationError, SessionError
from acajs_kernel.local import LocalPool
from acajs_kernel.session import Cell, Error, Event
from acajs_kernel.session import lifetime as lifetime_module
from acajs_kernel.session.connecting import SessionSettings, connect
from acajs_kernel.session.notebook import NotebookSession
from tests.session.callbacks import Callbacks

_SECONDS = 60

_REFUSALS = [
    OSError(errno.EMFILE, os.strerror(errno.EMFILE)),
    OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"),
    PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/run/user/1000"),
    BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
]


async def _refuse_input(_key: str, _request: object) -> str:
    raise AssertionError("nothing asks")


def _notebook(shown: list[Event]) -> NotebookSession:
    return NotebookSession(
        SessionSettings("", "2024-02-02-preview", "", "", "plain", 60, 0),
        key=b"key",
        frontend=Callbacks(
            on_event=lambda _key, event: shown.append(event),
            on_input=_refuse_input,
        ),
    )


def _fail_once(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    failures = [error]

    async def connect_or_fail(
        settings: SessionSettings, resources: AsyncExitStack, on_wait: Any
    ) -> Any:
        if failures:
            raise failures.pop()
        return await connect(settings, resources, on_wait)

    monkeypatch.setattr(lifetime_module, "connect", connect_or_fail)


async def _run(notebook: NotebookSession, key: str, code: str) -> Error | None:
    running = notebook.execute(Cell(key, code, number=1))
    return (await asyncio.wait_for(running, _SECONDS)).error


@pytest.mark.parametrize("error", _REFUSALS, ids=lambda error: errno.errorcode[error.errno])
async def test_what_the_machine_refused_once_is_tried_again(
    error: OSError, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first cell says what was refused and what to do, and the second one runs."""
    _fail_once(monkeypatch, error)
    shown: list[Event] = []
    notebook = _notebook(shown)
    try:
        with pytest.raises(SessionError, match="could not be opened") as caught:
            await _run(notebook, "1", "6 * 7")
        assert str(error.strerror) in caught.value.message
        assert "Run the cell again" in caught.value.remedy
        assert ("ulimit -n" in caught.value.remedy) == (error.errno == errno.EMFILE)
        assert await _run(notebook, "2", "6 * 7") is None
        assert len(shown) == 1
    finally:
        await notebook.close(restart=False)


@pytest.mark.parametrize(
    "error", [ImportError("no"), RuntimeError("can't start new thread"), ConfigurationError("no")]
)
async def test_no_failure_is_repeated_for_ever(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any other failure goes to the cell that met it as it is, and the next cell tries anew."""
    _fail_once(monkeypatch, error)
    notebook = _notebook([])
    try:
        with pytest.raises(type(error)):
            await _run(notebook, "1", "1")
        assert await _run(notebook, "2", "1") is None
    finally:
        await notebook.close(restart=False)


async def test_a_node_that_did_not_tell_its_version_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A failure to ask is no answer for the rest of the pool's life."""
    answers: list[str | Exception] = [RuntimeError("can't start new thread"), "", "v20.1.2"]

    def ask(_node: object) -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("acajs_kernel.local.pool.ask_node_version", ask)
    async with LocalPool() as pool:
        assert [await pool._node_version() for _ in range(4)] == ["", "", "20.1.2", "20.1.2"]
