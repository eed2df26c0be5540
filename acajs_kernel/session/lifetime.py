"""The session that a notebook has just now: opened, kept alive, given up."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from acajs_kernel.errors import (
    AcaJsError,
    AuthenticationError,
    PermissionDeniedError,
    PoolBusyError,
    PoolUnreachableError,
    SessionError,
)
from acajs_kernel.session.connecting import (
    Listener,
    SessionAccess,
    SessionSettings,
    connect,
    renewal_seconds,
)
from acajs_kernel.session.identity import derive_identifier
from acajs_kernel.session.opening import open_session

if TYPE_CHECKING:
    from acajs_kernel.session.frontend import Frontend
    from acajs_kernel.session.opening import Session

__all__ = ["Lifetime"]

_log = logging.getLogger("acajs_kernel")

_LEAVING_SECONDS = 10.0  # for an opening that was cancelled to end


class Lifetime:
    """Opens a session when it is needed, keeps it alive, and gives it up.

    A failure to open it is kept and raised by the first `ready`; the one after that tries again.

    Args:
        settings: Which pool, which session, how its cells run.
        key: The secret of the kernel's connection file, from which the identifier is derived.
        frontend: The frontend of the sessions that are opened.
        listener: Told how it goes on with the pool.
        clock: Monotonic time in seconds; tests replace it.
        sleep: Pauses for so many seconds; tests replace it.

    Attributes:
        settings: What holds now; whoever changes it leaves the session, if it must.
        session: The open session, or None.
        access: What reaches the session's files, or None.
    """

    def __init__(
        self,
        settings: SessionSettings,
        *,
        key: bytes,
        frontend: Frontend,
        listener: Listener,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.settings = settings
        self._key = key
        self._frontend = frontend
        self._listener = listener
        self._resources = AsyncExitStack()
        self._opening: asyncio.Task[Session] | None = None
        self._opening_since = 0.0
        self._keeping_alive: asyncio.Task[None] | None = None
        self._interrupted: asyncio.Future[None] | None = None
        self._clock = clock
        self._sleep = sleep
        self._last_use = clock()
        self._may_open = asyncio.Event()
        self._may_open.set()
        self._is_half_open = False  # there may be a session in the pool that was not opened here
        self.session: Session | None = None
        self.access: SessionAccess | None = None

    def start(self) -> asyncio.Task[Session]:
        """Begin to open the session, without waiting for it; return what opens it."""
        if self._opening is None:
            self._opening_since = time.monotonic()
            self._opening = asyncio.create_task(self._open())
            # The failure is reported by the cell that awaits it, which may never come.
            self._opening.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._opening

    async def ready(self) -> Session | None:
        """Wait until the session is open; None if an interrupt came first.

        Raises:
            AcaJsError: It could not be opened.
        """
        opening = self.start()
        if not opening.done():
            self._interrupted = interrupted = asyncio.get_running_loop().create_future()
            either: set[asyncio.Future[Any]] = {opening, interrupted}
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._interrupted = None
            if interrupted.done():  # perhaps in the moment in which the session was open
                return None
        try:
            return opening.result()
        except Exception as error:
            self._opening = None  # the next cell tries again, whatever it was
            if isinstance(error, OSError):
                raise _not_opened(error) from error
            raise

    async def wait_opened(self, seconds: float) -> None:
        """Wait until the session is open or could not be opened, or for so long since it began."""
        opening = self.start()
        if not opening.done():
            left = self._opening_since + seconds - time.monotonic()
            await asyncio.wait({opening}, timeout=max(left, 0))

    def interrupt(self) -> bool:
        """End the wait for the session; False if nobody waits for it."""
        if self._interrupted is None or self._interrupted.done():
            return False
        self._interrupted.set_result(None)
        return True

    def begin_use(self) -> None:
        """Count as used until `end_use`."""
        self._last_use = math.inf

    def end_use(self) -> None:
        """Count as idle from now on."""
        self._last_use = self._clock()

    @contextlib.contextmanager
    def idle(self) -> Iterator[None]:
        """Count as idle for a while within a use: a cell waits for a person, not for the session.

        Nothing else asks the session meanwhile, which would cool down without its pings.
        """
        self.end_use()
        try:
            yield
        finally:
            self.begin_use()

    def keep_alive(self) -> None:
        """Renew the idle session for as long as the settings say, from now on."""
        if self._keeping_alive is not None:
            self._keeping_alive.cancel()
            self._keeping_alive = None
        session, access = self.session, self.access
        if session is None or access is None or not self.settings.endpoint:
            return
        if self.settings.keepalive_minutes > 0:
            self._keeping_alive = asyncio.create_task(self._keep_alive(access, session))

    async def leave(self) -> None:
        """Give up the session, stopping it unless the user has named it."""
        opening, self._opening = self._opening, None
        self._may_open.clear()
        try:
            await self._end_tasks(opening)
            session, self.session = self.session, None
            if session is not None:
                await session.close(restart=False)
            else:
                await self._stop_half_open()
        finally:
            self.access = None
            await self._resources.aclose()
            self._may_open.set()

    async def close(self, *, restart: bool) -> None:
        """End the session as far as it should end, and release everything else.

        Args:
            restart: The kernel is about to start again for the same notebook.
        """
        try:
            await self._end_tasks(self._opening)
            # An embedded pool ends with the kernel, and its sessions with it.
            if not self.settings.endpoint:
                return
            if self.session is not None:
                await self.session.close(restart=restart)
            elif not restart:  # else the next kernel takes the session over
                await self._stop_half_open()
        finally:
            await self._resources.aclose()

    async def _end_tasks(self, opening: asyncio.Task[Session] | None) -> None:
        for task in (opening, self._keeping_alive):
            if task is not None:
                task.cancel()
        if opening is not None:
            await asyncio.wait({opening}, timeout=_LEAVING_SECONDS)

    async def _stop_half_open(self) -> None:
        """Stop the session that an opening has left in the pool, if that has not ended well."""
        if not self._is_half_open or self.access is None or self.settings.session_id:
            return
        self._is_half_open = False
        # Imported here because launching the kernel must not wait for it.
        from acajs_kernel.session.stopping import stop_session  # noqa: PLC0415

        stopping = stop_session(self.access.pool, self.access.identifier)
        try:
            await asyncio.wait_for(stopping, _LEAVING_SECONDS)
        except (AcaJsError, asyncio.TimeoutError) as error:
            _log.info("a session that was being opened was not stopped: %s", error)

    async def _open(self) -> Session:
        await self._may_open.wait()
        await self._resources.aclose()  # what an earlier attempt has left
        self._resources = AsyncExitStack()
        pool = await connect(self.settings, self._resources, self._listener)
        identifier = self.settings.session_id or derive_identifier(self._key)
        self.access = SessionAccess(pool, identifier)
        self._is_half_open = True
        try:
            self.session = await open_session(self.settings, self.access, self._frontend)
        except (AuthenticationError, PermissionDeniedError, PoolBusyError, PoolUnreachableError):
            self._is_half_open = False  # none was allocated
            raise
        self._is_half_open = False
        self.keep_alive()
        return self.session

    async def _keep_alive(self, access: SessionAccess, session: Session) -> None:
        # Imported here because launching the kernel must not wait for it.
        from acajs_kernel.session.keepalive import keep_alive  # noqa: PLC0415

        await keep_alive(
            session.ping,
            last_use=lambda: self._last_use,
            interval_seconds=await renewal_seconds(access.pool, access.identifier),
            idle_seconds=self.settings.keepalive_minutes * 60,
            clock=self._clock,
            sleep=self._sleep,
        )


def _not_opened(error: OSError) -> SessionError:
    """Say that this machine refused what opening a session takes."""
    remedy = "Run the cell again once that is fixed; you need not restart the kernel."
    if error.errno in {errno.EMFILE, errno.ENFILE}:
        remedy = f"Close other notebooks, or allow more open files (ulimit -n). {remedy}"
    elif error.errno == errno.ENOSPC:
        remedy = f"Make room on the disk. {remedy}"
    return SessionError(
        f"The session could not be opened, because this machine refused it: {error}", remedy=remedy
    )
