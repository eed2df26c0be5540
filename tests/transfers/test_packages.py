"""Packages that are installed here for a session."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from acajs_kernel.errors import TransferError
from acajs_kernel.transfers import DataFolder, packages


def _pretend(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let a Python program stand for npm."""
    monkeypatch.setattr(packages, "find_npm", lambda: [sys.executable, "-c", program])


async def test_an_npm_that_fails_changes_nothing(
    folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its output is shown, its status named, and the session stays as it was."""
    _pretend(monkeypatch, "print('npm says no'); raise SystemExit(7)")
    printed: list[str] = []
    with pytest.raises(TransferError, match="status 7; the session is unchanged"):
        await packages.bring_packages(folder, ["any"], tmp_path, on_output=printed.append)
    assert "npm says no" in "".join(printed)
    assert await folder.entries() == []


@pytest.mark.skipif(sys.platform == "win32", reason="process groups of POSIX")
async def test_an_interrupted_npm_is_ended(
    folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled while npm runs, npm does not outlive the command."""
    _pretend(monkeypatch, "import os, time; print(os.getpid(), flush=True); time.sleep(600)")
    printed: asyncio.Queue[str] = asyncio.Queue()
    task = asyncio.ensure_future(
        packages.bring_packages(folder, ["any"], tmp_path, on_output=printed.put_nowait)
    )
    process = int(await asyncio.wait_for(printed.get(), 60))
    os.kill(process, 0)  # it runs
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
