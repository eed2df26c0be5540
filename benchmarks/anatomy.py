"""Where the time of a short cell goes: ``python -m benchmarks.anatomy``.

The same cell, ``1+1``, through ever more of its way: one request by plain httpx, by the
pool's client, through a session without Jupyter, and as a whole; beside it Jupyter's messages
with nothing behind them. The ways take turns, so that whatever else the machine does meets
all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from itertools import count
from pathlib import Path

from acajs_kernel.http.authentication import StaticToken
from acajs_kernel.local import LocalPool
from acajs_kernel.pool import Endpoint, PoolClient
from acajs_kernel.session import Cell
from acajs_kernel.session.embedded import EmbeddedPool
from acajs_kernel.session.frontend import QuietFrontend
from acajs_kernel.session.rich.session import RichSession
from benchmarks.client import launched
from benchmarks.kernels import Contender, acajs
from benchmarks.pools import Pool, bare_posts, served_pool

__all__ = ["section"]

_CODE = "1+1"
_WARMING_CELLS = 60
_CELLS = 200

_JUPYTER = "Jupyter's messages, with nothing behind them"
_POST = "bare `httpx` POST"
_CLIENT = "the pool's client, over TCP"
_SESSION = "session without Jupyter, over TCP"
_CELL = "cell, over TCP"
_EMBEDDED_SESSION = "session without Jupyter, embedded"
_EMBEDDED_CELL = "cell, embedded"

_INTRODUCTION = (
    "The same cell through ever more of its way: medians of {rounds} rounds of {cells} each, "
    "the ways taking turns (`python -m benchmarks.anatomy`). Jupyter's messages alone are "
    "those of this kernel answering each cell at once."
)
_CONCLUSION = (
    "So Jupyter's messages and one request of the pool's client take {least:.2f} ms here, "
    "{ratio:.2f} times the bare POST, before anything is done with a cell. What a session adds "
    "to the request, {session:.2f} ms, pays for the runner that the cell can be interrupted in, "
    "for output while it runs, and for rich results; the rest, {rest:.2f} ms, is what the two "
    "take from each other in one process."
)

_Way = Callable[[], list[float]]


def section(rounds: int) -> str:
    """Measure, and return what was measured as a section in Markdown.

    Args:
        rounds: How often the ways take turns.
    """
    loop = asyncio.new_event_loop()
    times: dict[str, list[float]] = {}
    with ExitStack() as stack:
        stack.callback(loop.close)
        pool = stack.enter_context(served_pool())
        sessions = AsyncExitStack()
        stack.callback(lambda: loop.run_until_complete(sessions.aclose()))
        ways = loop.run_until_complete(_sessions(sessions, pool, loop))
        ways |= _kernels(stack, pool)
        for number in range(rounds):
            print(f"anatomy: round {number + 1} of {rounds}", file=sys.stderr)
            for name, way in ways.items():
                times.setdefault(name, []).append(statistics.median(way()) * 1000)
    return _markdown({name: statistics.median(each) for name, each in times.items()}, rounds)


def _markdown(medians: dict[str, float], rounds: int) -> str:
    least = medians[_JUPYTER] + medians[_CLIENT]
    session = medians[_SESSION] - medians[_CLIENT]
    return "\n".join(
        [
            _INTRODUCTION.format(rounds=rounds, cells=_CELLS),
            "",
            "| | ms | times the bare POST |",
            "|---|---|---|",
            *(
                f"| {name} | {medians[name]:.2f} | {medians[name] / medians[_POST]:.2f} |"
                for name in _ORDER
            ),
            "",
            _CONCLUSION.format(
                least=least,
                ratio=least / medians[_POST],
                session=session,
                rest=medians[_CELL] - least - session,
            ),
        ]
    )


_ORDER = (_JUPYTER, _POST, _CLIENT, _SESSION, _CELL, _EMBEDDED_SESSION, _EMBEDDED_CELL)


async def _sessions(
    stack: AsyncExitStack, served: Pool, loop: asyncio.AbstractEventLoop
) -> dict[str, _Way]:
    """Open sessions in this process, without Jupyter; return how cells run in them."""
    over_tcp = await stack.enter_async_context(
        PoolClient(Endpoint.parse(served.endpoint), tokens=StaticToken(served.token))
    )
    embedded = await stack.enter_async_context(
        PoolClient(
            Endpoint.parse("http://anatomy.localhost"),
            in_process=EmbeddedPool(await stack.enter_async_context(LocalPool())),
        )
    )

    async def execute() -> None:
        await over_tcp.execute("anatomy-client", _CODE)

    def timed(run: Callable[[], Awaitable[object]]) -> _Way:
        return lambda: loop.run_until_complete(_times(run))

    return {
        _POST: lambda: bare_posts(served.endpoint, served.token, "anatomy-post"),
        _CLIENT: timed(execute),
        _SESSION: timed(await _opened(stack, over_tcp)),
        _EMBEDDED_SESSION: timed(await _opened(stack, embedded)),
    }


class _Printing(QuietFrontend):
    """Prints what the session has to say: the figures may be worth less then."""

    def notice(self, key: str, text: str) -> None:  # noqa: ARG002
        print(text)


async def _opened(stack: AsyncExitStack, client: PoolClient) -> Callable[[], Awaitable[object]]:
    session = RichSession(
        client,
        "anatomy-session",
        pinned=False,
        frontend=_Printing(),
    )
    await session.open()
    stack.push_async_callback(session.close, restart=False)
    numbers = count()

    async def run() -> None:
        number = next(numbers)
        outcome = await session.execute(Cell(f"anatomy-{number}", _CODE, number=number))
        if outcome.error is not None:
            raise RuntimeError(f"the cell did not succeed: {outcome}")

    return run


async def _times(run: Callable[[], Awaitable[object]]) -> list[float]:
    times = []
    for index in range(_WARMING_CELLS + _CELLS):
        began = time.perf_counter()
        await run()
        if index >= _WARMING_CELLS:
            times.append(time.perf_counter() - began)
    return times


def _kernels(stack: ExitStack, served: Pool) -> dict[str, _Way]:
    """Launch kernels; return how cells run in them."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="acajs-benchmark-")))
    data = {"JUPYTER_DATA_DIR": str(folder / "jupyter")}
    access = {"ACAJS_POOL_ENDPOINT": served.endpoint, "ACAJS_TOKEN": served.token}
    null = Contender(
        _JUPYTER,
        [sys.executable, "-m", "benchmarks.null_kernel", "-f", "{connection_file}"],
        environment=data | {"PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    kernels = (null, acajs(_EMBEDDED_CELL, data), acajs(_CELL, data | access))

    def way(kernel: Contender) -> _Way:
        frontend = stack.enter_context(launched(kernel, folder))
        frontend.connect()

        def run() -> list[float]:
            cells = [frontend.run(_CODE) for _ in range(_WARMING_CELLS + _CELLS)]
            if not all(cell.has_succeeded and "2" in (cell.result or "") for cell in cells):
                raise RuntimeError(f"{kernel.name}: a cell did not succeed")
            return [cell.seconds for cell in cells[_WARMING_CELLS:]]

        return run

    return {kernel.name: way(kernel) for kernel in kernels}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.anatomy", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often the ways take turns")
    print(section(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
