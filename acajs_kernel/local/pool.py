"""The embedded pool: sessions on the local Node.js, behind the service's REST API."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import shutil
import sys
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from acajs_kernel.errors import ConfigurationError

from .executor import Executor
from .node import ask_node_version, find_node
from .platforms import make_pool_folder
from .session_process import SessionProcess
from .sessions import SessionRegistry, wait_stopped

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from starlette.applications import Starlette
    from typing_extensions import Self

    from .ahead import StartedSession
    from .platforms import HeldFolder

__all__ = ["LocalPool"]


class LocalPool:
    """A session pool on this machine.

    ``application`` speaks both families of the service's REST API. Use it in one event
    loop, and close the pool in that loop: ``async with LocalPool() as pool``. Should the
    process die without closing it, the sessions' processes and files go all the same.

    Args:
        max_sessions: How many sessions may live at once.
        cooldown_seconds: How long a session lives after its last request, in seconds.
        node: The Node.js executable; None looks for it as ``find_node`` does.
        token: The bearer token that every request must bring. None asks for no token,
            which is right only where no port is opened.
        maximum_timeout_seconds: The longest time limit that an execution may ask for, in
            seconds; the service's is 220.
        root: The folder to make the sessions' folders in, or None for one that nobody else
            can write to.
        forward_environment: Environment variables that sessions get besides the few that
            pass anyway, exactly as they are given here.
        started: What the first session is made of, where it was started ahead.
        workspace: The folder that sessions work in, and whose files they have; nothing of it is
            removed with them. None gives each session a folder of its own.

    Raises:
        ConfigurationError: A number is out of range or the token is empty.
        NodeNotFoundError: There is no Node.js.
    """

    def __init__(
        self,
        *,
        max_sessions: int = 10,
        cooldown_seconds: float = 300,
        node: Path | None = None,
        token: str | None = None,
        maximum_timeout_seconds: int = 220,
        root: Path | None = None,
        forward_environment: Mapping[str, str] | None = None,
        started: StartedSession | None = None,
        workspace: Path | None = None,
    ) -> None:
        if max_sessions < 1 or cooldown_seconds <= 0 or maximum_timeout_seconds < 1:
            raise ConfigurationError(
                "The embedded pool's number of sessions, cooldown and time limit must be "
                f"positive, but are {max_sessions}, {cooldown_seconds:g} and "
                f"{maximum_timeout_seconds}."
            )
        if token is not None and not token.strip():
            raise ConfigurationError("The embedded pool's token must not be empty.")
        self.has_token = token is not None
        self._token = token
        self._node = node or (started.node if started is not None else find_node())
        self._root = root
        self._workspace = workspace
        self._forwarded = dict(forward_environment or {})
        self._folder: Path | None = None
        self._held: HeldFolder | None = None
        self._lock = threading.Lock()
        self._spare: Future[SessionProcess] | None = None
        if started is not None:
            self._folder, self._held = started.folder, started.held
            self._spare = Future()
            self._spare.set_result(started.process)
        self._closed = False
        self._version: asyncio.Future[str] | None = None
        self._registry = SessionRegistry(
            max_sessions=max_sessions,
            cooldown_seconds=cooldown_seconds,
            take_process=self._take_process,
        )
        self.executor = Executor(self._registry, maximum_timeout_seconds)
        """Runs code without HTTP, for a client in this process."""

    @functools.cached_property
    def application(self) -> Starlette:
        """The ASGI application; mount it, or put it on a port with ``serve``."""
        # Imported here because Starlette is slow to load, and not needed to run cells.
        from .application import build_application  # noqa: PLC0415

        return build_application(
            self._registry,
            token=self._token,
            executor=self.executor,
            node_version=self._node_version,
        )

    def __repr__(self) -> str:
        return f"<LocalPool with {len(self._registry.list())} sessions>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def prewarm(self) -> None:
        """Start one spare Node process in the background, for the first session.

        May be called before the event loop runs. An error shows when a session is made.
        """
        with self._lock:
            if self._spare is None and not self._closed:
                self._spare = self._start_in_thread()

    async def aclose(self) -> None:
        """Kill every session and remove its folder, within about a second.

        Requests that still run are answered with an error. May be called again.
        """
        with self._lock:
            self._closed = True
            spare, self._spare = self._spare, None
        await asyncio.gather(self._registry.close(), _stop_spare(spare))
        with self._lock:
            folder, self._folder = self._folder, None
            held, self._held = self._held, None
        if held is not None:
            held.close()
        if folder is not None:
            # Its sessions' folders are gone by now, unless one of them takes long.
            with contextlib.suppress(OSError):
                folder.rmdir()
            if sys.platform == "win32":
                shutil.rmtree(folder, ignore_errors=True)

    async def _take_process(self) -> SessionProcess:
        with self._lock:
            spare, self._spare = self._spare, None
        started = spare or self._start_in_thread()
        return await asyncio.shield(asyncio.wrap_future(started))

    def _start_in_thread(self) -> Future[SessionProcess]:
        """Start a process without blocking the event loop for the milliseconds it takes."""
        started: Future[SessionProcess] = Future()

        def start() -> None:
            try:
                started.set_result(
                    SessionProcess.start(
                        pool_folder=self._pool_folder(),
                        node=self._node,
                        forwarded=self._forwarded,
                        workspace=self._workspace,
                    )
                )
            except Exception as error:
                started.set_exception(error)

        threading.Thread(target=start, name="acajs-session-start", daemon=True).start()
        return started

    def _pool_folder(self) -> Path:
        with self._lock:
            # The guard of the last session that ends removes it, so it may be gone.
            if self._folder is None or not self._folder.exists():
                if self._held is not None:
                    self._held.close()
                self._folder, self._held = make_pool_folder(self._root)
            return self._folder

    async def _node_version(self) -> str:
        if self._version is None:
            asking = asyncio.to_thread(ask_node_version, self._node)
            self._version = asyncio.ensure_future(asking)
        try:
            version = await asyncio.shield(self._version)
        except Exception:
            version = ""  # no thread could be started
        if not version:
            self._version = None  # it is asked again
        return version.removeprefix("v")


async def _stop_spare(spare: Future[SessionProcess] | None) -> None:
    if spare is None:
        return
    try:
        process = await asyncio.wrap_future(spare)
    except Exception:
        return
    process.stop()
    await wait_stopped(process)
