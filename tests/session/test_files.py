"""What a notebook's session does with the files beside the notebook."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from acajs_kernel.session import (
    Cell,
    Error,
    Event,
    NotebookSession,
    SessionAccess,
    SessionSettings,
)
from acajs_kernel.session.frontend import QuietFrontend

_SECONDS = 60


class _Files:
    """Files whose copying does not end."""

    def __init__(self) -> None:
        self.has_begun = asyncio.Event()
        self.was_ended = False

    async def prepare(
        self, _settings: SessionSettings, _access: SessionAccess, _say: Callable[[str], None]
    ) -> None:
        """Copy for ever."""
        self.has_begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.was_ended = True

    def forget(self) -> None:
        """Forget nothing."""

    def explain(self, error: Error, _settings: SessionSettings, _session_folder: str) -> Error:
        """Explain nothing."""
        return error


class _Frontend(QuietFrontend):
    """Keeps what is shown."""

    def __init__(self) -> None:
        self.shown: list[Event] = []

    def show(self, _key: str, event: Event) -> None:
        """Keep an event."""
        self.shown.append(event)


async def test_an_interrupt_ends_the_copying_before_a_cell() -> None:
    """The cell does not run, and says that it was interrupted."""
    files = _Files()
    frontend = _Frontend()
    settings = SessionSettings(
        endpoint="",
        api_version="2025-10-02-preview",
        session_id="",
        token="",
        runtime="rich",
        timeout_seconds=60,
        keepalive_minutes=0,
        workspace="copy",
    )
    notebook = NotebookSession(
        settings,
        key=b"key",
        frontend=frontend,
        files=lambda: files,
    )
    try:
        running = asyncio.ensure_future(
            notebook.execute(Cell("cell", "console.log('ran')", number=1))
        )
        await asyncio.wait_for(files.has_begun.wait(), _SECONDS)
        await notebook.interrupt()
        outcome = await asyncio.wait_for(running, _SECONDS)
    finally:
        await notebook.close(restart=False)
    assert outcome.error is not None
    assert outcome.error.ename == "KeyboardInterrupt"
    assert files.was_ended
    assert frontend.shown == []
