"""The sessions of a pool: who has one, how many there are, when they end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import threading
import uuid
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from .interpreter import Interpreter
from .rest import RestError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from .session_process import SessionProcess

__all__ = ["Session", "SessionRegistry"]

_STOP_SECONDS = 5.0
_RETRY_SECONDS = 30

_logger = logging.getLogger("acajs_kernel")


class Session:
    """One session: an interpreter, a folder, and when it was used.

    Args:
        identifier: The client's name for it; a secret, so it is not in the repr.
        interpreter: What runs its code.
        cooldown_seconds: How long it lives after its last request.
    """

    def __init__(self, identifier: str, interpreter: Interpreter, cooldown_seconds: float) -> None:
        self.identifier = identifier
        self.interpreter = interpreter
        self.guid = str(uuid.uuid4())
        self.created_at = datetime.now(timezone.utc)
        self.last_accessed_at = self.created_at
        self.requests = 0
        self.cooldown: asyncio.TimerHandle | None = None
        self._cooldown_seconds = cooldown_seconds

    def __repr__(self) -> str:
        return f"<Session {self.guid}>"

    @property
    def expires_at(self) -> datetime:
        """When the session ends if no further request comes."""
        try:
            return self.last_accessed_at + timedelta(seconds=self._cooldown_seconds)
        except OverflowError:  # the pool inside a kernel lets no session cool down
            return datetime.max.replace(tzinfo=timezone.utc)


class SessionRegistry:
    """All sessions of one pool.

    Args:
        max_sessions: How many may live at once.
        cooldown_seconds: How long a session lives after its last request.
        take_process: Gives a started Node process, perhaps one that was started ahead.
    """

    def __init__(
        self,
        *,
        max_sessions: int,
        cooldown_seconds: float,
        take_process: Callable[[], Awaitable[SessionProcess]],
    ) -> None:
        self._max_sessions = max_sessions
        self._cooldown_seconds = cooldown_seconds
        self._take_process = take_process
        self._sessions: dict[str, Session] = {}
        self._stopping: set[asyncio.Task[None]] = set()
        self._closed = False

    def list(self) -> list[Session]:
        """Return the living sessions, oldest first."""
        return list(self._sessions.values())

    def find(self, identifier: str) -> Session | None:
        """Return the living session of that identifier, without making or renewing it."""
        return self._sessions.get(identifier)

    @contextlib.asynccontextmanager
    async def use(self, identifier: str) -> AsyncIterator[Session]:
        """Give the identifier's session, made where there is none, for one request.

        Its cooldown starts again when its last request has ended.

        Raises:
            RestError: 429 when the pool is full, 503 when it is closed.
        """
        session = self._sessions.get(identifier) or self._make(identifier)
        with self.hold(session):
            yield session

    @contextlib.contextmanager
    def hold(self, session: Session) -> Iterator[None]:
        """Keep a session from cooling down; its cooldown starts again when nobody holds it."""
        session.requests += 1
        session.last_accessed_at = datetime.now(timezone.utc)
        if session.cooldown is not None:
            session.cooldown.cancel()
            session.cooldown = None
        try:
            yield
        finally:
            session.requests -= 1
            session.last_accessed_at = datetime.now(timezone.utc)
            if session.requests == 0 and self._sessions.get(session.identifier) is session:
                session.cooldown = asyncio.get_running_loop().call_later(
                    self._cooldown_seconds, self._expire, session
                )

    async def stop(self, identifier: str) -> None:
        """End a session, its processes and its files; nothing happens if there is none."""
        session = self._sessions.get(identifier)
        if session is not None:
            await asyncio.shield(self._discard(session))

    async def close(self) -> None:
        """End every session, all at the same time."""
        self._closed = True
        for session in self.list():
            self._discard(session)
        if self._stopping:
            await asyncio.wait(set(self._stopping))

    def _make(self, identifier: str) -> Session:
        if self._closed:
            raise RestError(503, "SessionPoolClosed", "The embedded pool has been closed.")
        if len(self._sessions) >= self._max_sessions:
            raise RestError(
                429,
                "SessionPoolMaxSessionsReached",
                f"All {self._max_sessions} sessions of the pool are in use. A session ends when it "
                f"is stopped, or {self._cooldown_seconds:g} seconds after its last request.",
                headers={"Retry-After": str(self._seconds_until_free())},
            )

        def on_unusable() -> None:
            # It never started, so nothing is lost: the next request may try again.
            self._discard(session)

        interpreter = Interpreter(self._take_process, on_unusable)
        session = Session(identifier, interpreter, self._cooldown_seconds)
        self._sessions[identifier] = session
        interpreter.start()
        return session

    def _seconds_until_free(self) -> int:
        now = datetime.now(timezone.utc)
        idle = [s.expires_at for s in self._sessions.values() if not s.requests]
        seconds = (min(idle) - now).total_seconds() if idle else _RETRY_SECONDS
        return max(1, min(_RETRY_SECONDS, math.ceil(seconds)))

    def _expire(self, session: Session) -> None:
        _logger.debug("%r ended %g s after its last request", session, self._cooldown_seconds)
        self._discard(session)

    def _discard(self, session: Session) -> asyncio.Task[None]:
        if self._sessions.get(session.identifier) is session:
            del self._sessions[session.identifier]
        if session.cooldown is not None:
            session.cooldown.cancel()
        task = asyncio.get_running_loop().create_task(self._stop(session))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)
        return task

    async def _stop(self, session: Session) -> None:
        process = await session.interpreter.stop()
        if process is not None and not await wait_stopped(process):
            _logger.warning(
                "%r was killed, but removing its files takes longer than %g s",
                session,
                _STOP_SECONDS,
            )


async def wait_stopped(process: SessionProcess) -> bool:
    """Wait until a stopped process and its files are gone, at most some seconds.

    Returns:
        Whether they are. If not, they are going: the guard works on its own.
    """
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def wait() -> None:
        process.wait_stopped()
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(done.set)

    # Not a thread pool's: removing a large folder must not keep Python from ending.
    threading.Thread(target=wait, name="acajs-session-stop", daemon=True).start()
    try:
        await asyncio.wait_for(done.wait(), _STOP_SECONDS)
    except asyncio.TimeoutError:
        return False
    return True
