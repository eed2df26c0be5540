"""Opening a session: with its agent where that is wanted and possible, else a plain one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from acajs_kernel.errors import AgentUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acajs_kernel.session.connecting import SessionAccess, SessionSettings
    from acajs_kernel.session.events import Cell, CommMessage, Completions, Outcome
    from acajs_kernel.session.frontend import Frontend

__all__ = ["Session", "open_session"]


class Session(Protocol):
    """What both ways of running cells have in common."""

    @property
    def node_version(self) -> str:
        """The session's Node, such as "20.20.2"; empty where that is unknown."""

    @property
    def folder(self) -> str:
        """The session's working folder; empty where that is unknown."""

    @property
    def mode(self) -> str:
        """How cells run: "rich" or "plain"."""

    async def execute(self, cell: Cell) -> Outcome:
        """Run a cell once."""

    async def evaluate(self, cell: Cell) -> Any:  # noqa: ANN401 -- JSON
        """Return the value of a cell that is one expression."""

    async def restart(self) -> None:
        """Begin with no variables."""

    def set_timeout(self, seconds: int) -> None:
        """Bound one execution."""

    async def interrupt(self) -> None:
        """End the running cell; do nothing if none runs."""

    def send_comm(self, key: str, message: CommMessage) -> None:
        """Hand on a frontend's message of a comm."""

    async def ping(self) -> None:
        """Renew the session's life."""

    async def complete(self, code: str, cursor: int) -> Completions | None:
        """Return completions, or None where the session cannot be asked."""

    async def inspect(self, code: str, cursor: int, detail: int) -> Mapping[str, Any] | None:
        """Describe what is at a cursor, or return None."""

    async def close(self, *, restart: bool) -> None:
        """Give up the session."""


async def open_session(
    settings: SessionSettings, access: SessionAccess, frontend: Frontend
) -> Session:
    """Open the session that is reached so, and return it ready for its first cell.

    Args:
        settings: How its cells run. A session that they name is taken over with its variables,
            and outlives whoever opens it; any other begins clean, and `close` stops it.
        access: The pool's client, which the session does not close, and the identifier.
        frontend: Told, and asked, what cells show and want to know.

    Raises:
        AgentUnavailableError: The settings demand the rich runtime, and it cannot be had.
        PoolError: The pool cannot be used.
    """
    has_own_files = settings.working_folder.in_place is None
    if settings.runtime != "plain":
        # Imported here because launching the kernel must not wait for it, nor plain mode ever.
        from acajs_kernel.session.rich.session import RichSession  # noqa: PLC0415

        rich = RichSession(
            access.pool,
            access.identifier,
            pinned=bool(settings.session_id),
            timeout_seconds=settings.timeout_seconds,
            has_own_files=has_own_files,
            colors=settings.colors,
            frontend=frontend,
        )
        try:
            await rich.open()
        except AgentUnavailableError as error:
            if settings.runtime == "rich":
                raise
            frontend.notice(
                "",
                f"{error.message}\nCells run in plain mode: each goes unchanged to the service, "
                f"nothing awaits promises, and output comes when the cell has ended.",
            )
        else:
            return rich
    from acajs_kernel.session.plain.session import PlainSession  # noqa: PLC0415 -- as above

    plain = PlainSession(
        access.pool,
        access.identifier,
        pinned=bool(settings.session_id),
        timeout_seconds=settings.timeout_seconds,
        has_own_files=has_own_files,
        frontend=frontend,
    )
    await plain.open()
    return plain
