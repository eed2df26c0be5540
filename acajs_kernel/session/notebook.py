"""One notebook's remote session: which pool, which identifier, which way of running cells."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acajs_kernel.errors import AcaJsError
from acajs_kernel.session.events import Cell, Error, Event, InputRequest, Outcome
from acajs_kernel.session.identity import derive_identifier

if TYPE_CHECKING:
    from acajs_kernel.pool import PoolClient
    from acajs_kernel.session.plain import PlainSession

__all__ = ["NotebookSession", "SessionSettings"]

_log = logging.getLogger("acajs_kernel")

_NOT_RUN = "The wait for the session was ended; the cell did not run."
INTERRUPTED_WAIT = Outcome(
    error=Error("KeyboardInterrupt", _NOT_RUN, (f"\x1b[31mKeyboardInterrupt\x1b[39m: {_NOT_RUN}",))
)


@dataclass(frozen=True)
class SessionSettings:
    """What a session is told of the kernel's settings.

    Attributes:
        endpoint: The pool's management endpoint; empty for the embedded pool.
        api_version: The API version for executions and files.
        session_id: The identifier that the user named, or empty.
        token: A bearer token, or empty for azure-identity.
        runtime: How cells run: "auto", "rich" or "plain".
        timeout_seconds: Bound of a plain execution, at most 220.
        keepalive_minutes: How long an idle session is kept alive.
    """

    endpoint: str
    api_version: str
    session_id: str
    token: str
    runtime: str
    timeout_seconds: int
    keepalive_minutes: float

    def __repr__(self) -> str:
        return f"SessionSettings(endpoint={self.endpoint!r}, runtime={self.runtime!r})"


class NotebookSession:
    """One notebook's session, from its first request to its end.

    `open` starts everything and may fail; its failure is kept and raised again by the first
    `execute`, which is where a user sees it; the `execute` after that tries anew.

    Args:
        settings: The kernel's settings.
        key: The secret of the kernel's connection file, from which the identifier is derived.
        on_event: Told of what cells show, with the key of the cell.
        on_input: Asked for a line from the user.
        on_notice: Told what the user should know, in one or more sentences.
    """

    def __init__(
        self,
        settings: SessionSettings,
        *,
        key: bytes,
        on_event: Callable[[str, Event], None],
        on_input: Callable[[str, InputRequest], Awaitable[str]],
        on_notice: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._key = key
        self._on_event = on_event
        self._on_input = on_input
        self._on_notice = on_notice
        self._resources = AsyncExitStack()
        self._opening: asyncio.Task[PlainSession] | None = None
        self._open_session: PlainSession | None = None
        self._interrupted: asyncio.Future[None] | None = None

    @property
    def pool_name(self) -> str:
        """The pool in use, for people."""
        return self._settings.endpoint or "the embedded pool on the local Node"

    @property
    def node_version(self) -> str:
        """The Node version of the session, such as "20.20.2"; empty until it is known."""
        return self._open_session.node_version if self._open_session is not None else ""

    def start(self) -> None:
        """Begin to open the session, without waiting for it."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
            # The failure is reported by the cell that awaits it, which may never come.
            self._opening.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def execute(self, cell: Cell) -> Outcome:
        """Run a cell once, and return how it ended.

        Raises:
            AcaJsError: The session could not be opened, or the cell could not be run, or
                it is unknown whether it was.
        """
        session = await self._ready()
        return INTERRUPTED_WAIT if session is None else await session.execute(cell)

    async def _ready(self) -> PlainSession | None:
        """Wait until the session is open; None if an interrupt came first."""
        self.start()
        opening = self._opening
        assert opening is not None  # noqa: S101 -- start() has just made it
        if not opening.done():
            self._interrupted = asyncio.get_running_loop().create_future()
            try:
                await asyncio.wait(
                    {opening, self._interrupted}, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                self._interrupted = None
            if not opening.done():
                return None
        try:
            return opening.result()
        except AcaJsError:
            self._opening = None  # the next cell tries again
            raise

    async def interrupt(self) -> None:
        """End the running cell, or the wait for it."""
        if self._interrupted is not None and not self._interrupted.done():
            self._interrupted.set_result(None)
        elif self._open_session is not None:
            await self._open_session.interrupt()

    async def close(self, *, restart: bool) -> None:
        """End the session as far as it should end, and release everything else.

        Args:
            restart: The kernel is about to start again for the same notebook.
        """
        if self._opening is not None and not self._opening.done():
            self._opening.cancel()
        try:
            if self._open_session is not None:
                await self._open_session.close(restart=restart)
        finally:
            await self._resources.aclose()

    async def _open(self) -> PlainSession:
        await self._resources.aclose()  # what an earlier attempt has left
        self._resources = AsyncExitStack()
        pool = await self._connect()
        # Imported here because launching the kernel must not wait for it.
        from acajs_kernel.session.plain import PlainSession  # noqa: PLC0415

        session = PlainSession(
            pool,
            self._settings.session_id or derive_identifier(self._key),
            pinned=bool(self._settings.session_id),
            timeout_seconds=self._settings.timeout_seconds,
            on_event=self._on_event,
        )
        await session.open()
        self._open_session = session
        return session

    async def _connect(self) -> PoolClient:
        """Build the client of the configured pool, or of an embedded one."""
        # Imported here because launching the kernel must not wait for it.
        from acajs_kernel.pool import (  # noqa: PLC0415
            AzureToken,
            Endpoint,
            PoolClient,
            StaticToken,
            asgi_transport,
        )

        settings = self._settings
        if settings.endpoint:
            client = PoolClient(
                Endpoint.parse(settings.endpoint),
                tokens=StaticToken(settings.token) if settings.token else AzureToken(),
                api_version=settings.api_version,
                on_wait=lambda wait: self._on_notice(wait.sentence),
            )
        else:
            from acajs_kernel.local import LocalPool  # noqa: PLC0415

            local = await self._resources.enter_async_context(LocalPool())
            client = PoolClient(
                Endpoint.parse("http://embedded.localhost"),
                api_version=settings.api_version,
                transport=asgi_transport(local.application),
            )
        return await self._resources.enter_async_context(client)
