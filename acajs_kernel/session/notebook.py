"""One notebook's remote session: which pool, which identifier, which way of running cells."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from acajs_kernel.errors import AcaJsError, SessionLostError
from acajs_kernel.session.events import (
    Cell,
    Completions,
    Error,
    Event,
    InputRequest,
    Outcome,
    Stream,
)
from acajs_kernel.session.identity import derive_identifier

if TYPE_CHECKING:
    from acajs_kernel.pool import PoolClient, Wait
    from acajs_kernel.session.plain import PlainSession
    from acajs_kernel.session.rich import RichSession

__all__ = ["NotebookSession", "SessionSettings"]

_log = logging.getLogger("acajs_kernel")

_UNNOTICED_SECONDS = 1.0
_USUAL_COOLDOWN_SECONDS = 300.0  # of the vendor's tutorial

_TEXTS_KEPT = 100  # cells whose names are completed while the session cannot be asked

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
        timeout_seconds: Bound of one execution, at most 220.
        keepalive_minutes: How long an idle session is kept alive.
        on_session_loss: What to do when the session was replaced: "error", "restart" or
            "replay".
    """

    endpoint: str
    api_version: str
    session_id: str
    token: str
    runtime: str
    timeout_seconds: int
    keepalive_minutes: float
    on_session_loss: str = "error"

    def __repr__(self) -> str:
        return f"SessionSettings(endpoint={self.endpoint!r}, runtime={self.runtime!r})"


class _Session(Protocol):
    """What both ways of running cells have in common."""

    @property
    def node_version(self) -> str: ...
    async def execute(self, cell: Cell) -> Outcome: ...
    async def interrupt(self) -> None: ...
    async def ping(self) -> None: ...
    async def complete(self, code: str, cursor: int) -> Completions | None: ...
    async def inspect(self, code: str, cursor: int, detail: int) -> Mapping[str, Any] | None: ...
    async def close(self, *, restart: bool) -> None: ...


class NotebookSession:
    """One notebook's session, from its first request to its end.

    `open` starts everything and may fail; its failure is kept and raised again by the first
    `execute`, which is where a user sees it; the `execute` after that tries anew.

    Args:
        settings: The kernel's settings.
        key: The secret of the kernel's connection file, from which the identifier is derived.
        on_event: Told of what cells show, with the key of the cell.
        on_input: Asked for a line from the user.
        on_pause: Awaited before more of a running cell is fetched: returns when what was
            shown has been taken up.
    """

    def __init__(
        self,
        settings: SessionSettings,
        *,
        key: bytes,
        on_event: Callable[[str, Event], None],
        on_input: Callable[[str, InputRequest], Awaitable[str]],
        on_pause: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._settings = settings
        self._key = key
        self._on_event = on_event
        self._on_input = on_input
        self._on_pause = on_pause
        self._resources = AsyncExitStack()
        self._opening: asyncio.Task[_Session] | None = None
        self._open_session: _Session | None = None
        self._keeping_alive: asyncio.Task[None] | None = None
        self._running_key: str | None = None
        self._notices: list[str] = []
        self._succeeded: list[Cell] = []
        self._texts: deque[str] = deque(maxlen=_TEXTS_KEPT)
        self._last_use = time.monotonic()
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
        self._running_key = cell.key
        self._last_use = math.inf
        if not cell.silent:
            self._texts.append(cell.code)
        self._show_notices()
        try:
            session = await self._ready()
            if session is None:
                return INTERRUPTED_WAIT
            try:
                outcome = await session.execute(cell)
            except SessionLostError as error:
                # A cell that had begun may have done things that must not happen twice.
                if error.was_running or self._settings.on_session_loss == "error":
                    raise
                outcome = await self._start_afresh(session, cell)
            keeps = self._settings.on_session_loss == "replay"
            if keeps and outcome.error is None and not cell.silent:
                self._succeeded.append(cell)
            return outcome
        finally:
            self._running_key = None
            self._last_use = time.monotonic()

    async def _start_afresh(self, session: _Session, cell: Cell) -> Outcome:
        """Run a cell on the fresh session that has replaced the notebook's own."""
        earlier, self._succeeded = self._succeeded, []
        if self._settings.on_session_loss == "restart":
            self._notify(
                "The session was replaced by a fresh one: it had cooled down, was stopped, or "
                "failed. Variables are gone; this cell runs on the fresh session."
            )
            return await session.execute(cell)
        self._notify(
            "The session was replaced by a fresh one: it had cooled down, was stopped, or "
            f"failed. Running the {len(earlier)} earlier successful cells again."
        )
        for done in earlier:
            again = replace(
                done,
                key=f"{cell.key}/{done.key}",  # nobody shows what a cell of this key shows
                silent=True,
                expressions={},
                allow_stdin=False,
            )
            outcome = await session.execute(again)
            if outcome.error is not None:
                raise SessionLostError(
                    f"The session was replaced by a fresh one, and In[{done.number}] failed when "
                    f"it was run again: {outcome.error.ename}: {outcome.error.evalue} "
                    "The cells behind it, and this one, did not run.",
                    remedy="Run the cells again from the top.",
                )
            self._succeeded.append(done)
        return await session.execute(cell)

    def _notify(self, text: str) -> None:
        """Tell the user something: below the running cell, else below the next one."""
        self._notices.append(text.rstrip("\n") + "\n")
        self._show_notices()

    def _report_wait(self, wait: Wait) -> None:
        """Show that the pool is waited for; a blip that is over in a moment is not worth a word."""
        if wait.attempt > 1 or wait.seconds > _UNNOTICED_SECONDS:
            self._notify(wait.sentence)

    def _show_notices(self) -> None:
        while self._running_key is not None and self._notices:
            self._on_event(self._running_key, Stream("stderr", self._notices.pop(0)))

    async def _ready(self) -> _Session | None:
        """Wait until the session is open; None if an interrupt came first."""
        self.start()
        opening = self._opening
        assert opening is not None  # noqa: S101 -- start() has just made it
        if not opening.done():
            self._interrupted = asyncio.get_running_loop().create_future()
            either: set[asyncio.Future[Any]] = {opening, self._interrupted}
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
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

    async def complete(self, code: str, cursor: int) -> Completions:
        """Return completions at a cursor (in code points).

        From the live session; while it runs a cell, is not open yet or cannot be reached, from
        what is known without it: the cells' texts, the language and the builtins.
        """
        # Imported here because launching the kernel must not wait for it.
        from acajs_kernel.session.completing import known_completions  # noqa: PLC0415

        live: Completions | None = None
        if self._open_session is not None:
            try:
                live = await self._open_session.complete(code, cursor)
            except AcaJsError as error:
                _log.info("no completions from the session: %s", error.message)
        return live or known_completions(code, cursor, tuple(self._texts))

    async def inspect(self, code: str, cursor: int, detail: int) -> Mapping[str, Any] | None:
        """Describe what stands at a cursor (in code points) as a MIME bundle, or None.

        From the live session, else from what is known without it: the builtins.
        """
        # Imported here because launching the kernel must not wait for it.
        from acajs_kernel.cell.completion import wanted_expression  # noqa: PLC0415
        from acajs_kernel.session.describing import describe_known  # noqa: PLC0415

        live: Mapping[str, Any] | None = None
        if self._open_session is not None:
            try:
                live = await self._open_session.inspect(code, cursor, detail)
            except AcaJsError as error:
                _log.info("nothing to inspect in the session: %s", error.message)
        return live or describe_known(wanted_expression(code, cursor))

    async def close(self, *, restart: bool) -> None:
        """End the session as far as it should end, and release everything else.

        Args:
            restart: The kernel is about to start again for the same notebook.
        """
        for task in (self._opening, self._keeping_alive):
            if task is not None:
                task.cancel()
        try:
            # An embedded pool ends with the kernel, and its sessions with it.
            if self._open_session is not None and self._settings.endpoint:
                await self._open_session.close(restart=restart)
        finally:
            await self._resources.aclose()

    async def _open(self) -> _Session:
        await self._resources.aclose()  # what an earlier attempt has left
        self._resources = AsyncExitStack()
        pool = await self._connect()
        identifier = self._settings.session_id or derive_identifier(self._key)
        session: _Session | None = None
        if self._settings.runtime != "plain":
            session = await self._open_rich(pool, identifier)
        if session is None:
            session = await self._open_plain(pool, identifier)
        self._open_session = session
        if self._settings.endpoint and self._settings.keepalive_minutes > 0:
            self._keeping_alive = asyncio.create_task(self._keep_alive(pool, identifier, session))
        return session

    async def _open_rich(self, pool: PoolClient, identifier: str) -> RichSession | None:
        """Open the session with its agent; None where it cannot have one and need not."""
        # Imported here because launching the kernel must not wait for it.
        from acajs_kernel.session.agent import AgentUnavailableError  # noqa: PLC0415
        from acajs_kernel.session.rich import RichSession  # noqa: PLC0415

        session = RichSession(
            pool,
            identifier,
            pinned=bool(self._settings.session_id),
            timeout_seconds=self._settings.timeout_seconds,
            on_event=self._on_event,
            on_input=self._on_input,
            on_notice=self._notify,
            on_pause=self._on_pause,
        )
        try:
            await session.open()
        except AgentUnavailableError as error:
            if self._settings.runtime == "rich":
                raise
            self._notify(
                f"{error.message}\nCells run in plain mode: each goes unchanged to the service, "
                "promises are not awaited, and output comes when the cell has ended."
            )
            return None
        return session

    async def _open_plain(self, pool: PoolClient, identifier: str) -> PlainSession:
        # Imported here because launching the kernel must not wait for it.
        from acajs_kernel.session.plain import PlainSession  # noqa: PLC0415

        session = PlainSession(
            pool,
            identifier,
            pinned=bool(self._settings.session_id),
            timeout_seconds=self._settings.timeout_seconds,
            on_event=self._on_event,
        )
        await session.open()
        return session

    async def _keep_alive(self, pool: PoolClient, identifier: str, session: _Session) -> None:
        from acajs_kernel.session.keepalive import keep_alive  # noqa: PLC0415 -- as above

        await keep_alive(
            session.ping,
            last_use=lambda: self._last_use,
            interval_seconds=await _renewal_seconds(pool, identifier),
            idle_seconds=self._settings.keepalive_minutes * 60,
        )

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
                on_wait=self._report_wait,
            )
        else:
            from acajs_kernel.local import LocalPool  # noqa: PLC0415

            # It lives and dies with the kernel: nothing else could want the session's place.
            local = await self._resources.enter_async_context(LocalPool(cooldown_seconds=math.inf))
            client = PoolClient(
                Endpoint.parse("http://embedded.localhost"),
                api_version=settings.api_version,
                transport=asgi_transport(local.application),
            )
        return await self._resources.enter_async_context(client)


async def _renewal_seconds(pool: PoolClient, identifier: str) -> float:
    """Choose how often to renew a session: three times within its cooldown."""
    cooldown = _USUAL_COOLDOWN_SECONDS
    try:
        session = await pool.get_session(identifier)
    except AcaJsError as error:
        _log.info("the session's cooldown is unknown: %s", error.message)
    else:
        if session.expires_at is not None and session.last_accessed_at is not None:
            cooldown = (session.expires_at - session.last_accessed_at).total_seconds()
    return max(cooldown / 3, 1)
