"""Running the reference notebook in a session, and what it gave."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Protocol

from acajs_kernel.errors import AcaJsError, NotFoundError
from acajs_kernel.pool import Endpoint, PoolClient
from acajs_kernel.session import (
    Cell,
    ClearOutput,
    DisplayData,
    Error,
    Event,
    ExecuteResult,
    InputRequest,
    Message,
    Outcome,
    Stream,
)
from acajs_kernel.session.plain.session import PlainSession
from acajs_kernel.session.rich.session import RichSession
from tests.faults.notebook import LOG_NAME, Step
from tests.faults.proxy import FaultProxy
from tests.session.callbacks import Callbacks

__all__ = ["Lane", "NotebookRun", "Shown", "Tokens", "pool_client"]

# The runner's end is waited for by nobody: the next one takes its place.
_FORGET_AGENT = """(() => {
  const symbol = Symbol.for("acajs.agent");
  globalThis[symbol]?.dispose();
  delete globalThis[symbol];
  require("fs").rmSync("%s", { force: true });
})()"""

_CELL_SECONDS = 30

Shown = tuple[Any, ...]


class Session(Protocol):
    """What both ways of running cells have in common, as far as it is needed here."""

    async def open(self) -> None:
        """Open the session."""

    async def execute(self, cell: Cell) -> Outcome:
        """Run a cell."""

    async def ping(self) -> None:
        """Send a request that changes nothing."""


class Tokens:
    """Gives another token whenever one is refused, as a credential does."""

    def __init__(self) -> None:
        self._number = 0

    async def token(self, *, refresh: bool = False) -> str:
        """Return a token; the proxy puts the pool's own in its place."""
        self._number += refresh
        return f"token-{self._number}"


@dataclass
class NotebookRun:
    """What a run of a notebook gave.

    Attributes:
        shown: By cell number, what it showed and how it ended; texts of a stream that
            follow one another are one.
        failures: By cell number, the error of ours that it ended with.
        ran: The numbers that the cells have left in the file, in their order.
        requests: How many requests that execute code were made.
        pauses: How often the client paused before it asked again.
        opening_failures: The errors that opening the session has met.
    """

    shown: dict[int, list[Shown]] = field(default_factory=dict)
    failures: dict[int, AcaJsError] = field(default_factory=dict)
    ran: list[int] = field(default_factory=list)
    requests: int = 0
    pauses: int = 0
    opening_failures: list[AcaJsError] = field(default_factory=list)

    def add(self, key: str, shown: Shown) -> None:
        """Note what a cell shows."""
        so_far = self.shown.setdefault(int(key), [])
        if shown[0] == "stream" and so_far and so_far[-1][:2] == shown[:2]:
            shown = (*shown[:2], so_far.pop()[2] + shown[2])
        so_far.append(shown)


def pool_client(endpoint: str, sleep: Callable[[float], Awaitable[object]]) -> PoolClient:
    """Return a client that pauses as `sleep` does."""
    return PoolClient(Endpoint.parse(endpoint), tokens=Tokens(), sleep=sleep, random=lambda: 0.0)


class Lane:
    """One session behind one proxy, in which notebooks run one after another.

    Args:
        proxy: The proxy.
        direct: A client of the pool that does not go through the proxy.
        identifier: The session.
    """

    def __init__(self, proxy: FaultProxy, direct: PoolClient, identifier: str) -> None:
        self.proxy = proxy
        self._direct = direct
        self.identifier = identifier

    async def run_rich(self, steps: Sequence[Step]) -> NotebookRun:
        """Run a notebook through a new agent and a new runner."""

        def session(pool: PoolClient, run: NotebookRun) -> Session:
            answers: dict[str, list[str]] = {
                str(number): list(step.answers) for number, step in _numbered(steps)
            }

            async def answer(key: str, request: InputRequest) -> str:
                run.add(key, ("input", request.prompt, request.password))
                return answers[key].pop(0)

            return RichSession(
                pool,
                self.identifier,
                pinned=False,
                frontend=Callbacks(
                    on_event=lambda key, event: run.add(key, _shown(event)),
                    on_input=answer,
                    on_notice=lambda text: run.add("0", ("notice", text)),
                ),
            )

        return await self._run(steps, session)

    async def run_plain(self, steps: Sequence[Step]) -> NotebookRun:
        """Run a notebook as plain executions."""

        def session(pool: PoolClient, run: NotebookRun) -> Session:
            return PlainSession(
                pool,
                self.identifier,
                pinned=True,
                timeout_seconds=60,
                frontend=Callbacks(
                    on_event=lambda key, event: run.add(key, _shown(event)),
                ),
            )

        return await self._run(steps, session)

    async def _run(
        self, steps: Sequence[Step], make: Callable[[PoolClient, NotebookRun], Session]
    ) -> NotebookRun:
        await self._direct.execute(self.identifier, _FORGET_AGENT % LOG_NAME, timeout_seconds=60)
        run = NotebookRun()

        async def pause(_seconds: float) -> None:
            run.pauses += 1
            await self.proxy.listen()

        async with pool_client(self.proxy.endpoint, pause) as pool:
            session = make(pool, run)
            is_open = False

            async def overtake() -> None:
                if is_open:
                    await session.ping()
                else:
                    await pool.execute(self.identifier, "0", repeatable=True)

            self.proxy.on_held = lambda: self.proxy.after(overtake())
            for number, step in _numbered(steps):
                try:
                    if not is_open:  # as the notebook's session does: the next cell tries anew
                        await session.open()
                        is_open = True
                except AcaJsError as error:
                    run.opening_failures.append(error)
                    run.failures[number] = error
                    continue
                await self._execute(session, run, number, step)
            if isinstance(session, RichSession):
                await _ping(session, run)
            await self.proxy.settle()
        run.requests = self.proxy.requests
        run.ran = await self._log()
        return run

    async def _execute(self, session: Session, run: NotebookRun, number: int, step: Step) -> None:
        cell = Cell(
            str(number),
            step.text(number),
            number=number,
            expressions=step.expressions,
            allow_stdin=True,
        )
        try:
            outcome = await asyncio.wait_for(session.execute(cell), _CELL_SECONDS)
        except AcaJsError as error:
            run.failures[number] = error
            return
        ending = _shown(outcome.error) if outcome.error is not None else ("ok",)
        # How a cell ended is known apart from what it shows, some of which comes later.
        run.shown.setdefault(number, [])
        run.shown[-number] = [(*ending, dict(outcome.expressions))]

    async def _log(self) -> list[int]:
        content = BytesIO()
        try:
            await self._direct.download(self.identifier, LOG_NAME, content)
        except NotFoundError:
            return []
        return [int(line) for line in content.getvalue().split()]


async def _ping(session: Session, run: NotebookRun) -> None:
    """Fetch what has come since the last cell ended."""
    try:
        await session.ping()
    except AcaJsError as error:
        run.failures[0] = error


def _numbered(steps: Sequence[Step]) -> Iterable[tuple[int, Step]]:
    return enumerate(steps, start=1)


def _shown(event: Event | Error) -> Shown:
    if isinstance(event, Stream):
        return "stream", event.name, event.text
    if isinstance(event, ExecuteResult):
        return "result", dict(event.data), dict(event.metadata)
    if isinstance(event, DisplayData):
        kind = "update" if event.update else "display"
        return kind, dict(event.data), dict(event.metadata), event.display_id
    if isinstance(event, ClearOutput):
        return "clear", event.wait
    if isinstance(event, Message):
        return "message", event.type, dict(event.content)
    return "error", event.ename, event.evalue, tuple(event.traceback)
