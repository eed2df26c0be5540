"""How cost grows: ``python -m benchmarks.scale``, which writes SCALE.md and scale.svg.

One pool with up to 100 sessions, 30,000 cells of one kernel, outputs and variables of
growing size, and the client alone against a pool that answers at once.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import os
import platform
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil

from acajs_kernel.local import LocalPool
from acajs_kernel.pool import Answer, Call, Endpoint, PoolClient
from acajs_kernel.session.embedded import EmbeddedPool
from benchmarks.client import launched
from benchmarks.kernels import acajs
from benchmarks.memory import proportional_megabytes, tree_megabytes
from benchmarks.plot import Chart, draw

_SESSIONS = (1, 10, 25, 50, 75, 100)
_OUTPUT_MEGABYTES = (1, 2, 5, 10, 20)
_VARIABLES = (100, 1_000, 5_000, 10_000)
_CELLS_OF_STUB = 2_000
_HEAP_CODE = """
require("node:v8").setFlagsFromString("--expose-gc");
require("node:vm").runInNewContext("gc")();
process.memoryUsage().heapUsed;
"""
_FOLDER = Path(__file__).parent


class _AtOnce:
    """A pool in this process that answers without doing anything."""

    async def answer(self, call: Call) -> Answer | None:
        """Answer every execution with 2."""
        body = b'{"properties":{"status":"Success","stdout":"","stderr":"","executionResult":2}}'
        return Answer(200, "OK", {}, body if call.is_execution else b"{}", 0.0, len(body))

    def transport(self) -> httpx.AsyncBaseTransport:
        """Never used."""
        return httpx.MockTransport(lambda _: httpx.Response(500))


async def _many_sessions() -> tuple[list[tuple[int, float, float, float]], list[str]]:
    """Fill one pool; return for each size: sessions, MB each, ms to allocate, ms a cell."""
    own = psutil.Process()
    rows = []
    count = 0
    async with LocalPool(max_sessions=max(_SESSIONS)) as pool:
        client = PoolClient(Endpoint.parse("http://scale.localhost"), in_process=EmbeddedPool(pool))
        async with client:
            for size in _SESSIONS:
                allocations = []
                while count < size:
                    began = time.perf_counter()
                    await client.execute(f"session-{count}", "1+1")
                    allocations.append(time.perf_counter() - began)
                    count += 1
                memory = sum(proportional_megabytes(p) for p in own.children(recursive=True))
                # One cell in each session, all at the same time.
                began = time.perf_counter()
                await asyncio.gather(
                    *(client.execute(f"session-{index}", "1+1") for index in range(size))
                )
                each = (time.perf_counter() - began) / size
                rows.append(
                    (size, memory / size, statistics.median(allocations) * 1000, each * 1000)
                )
    left = [f"process {child.pid}" for child in own.children(recursive=True)]
    return rows, left


async def _client_alone() -> tuple[float, float]:
    """Return cells per second of the client against a pool that answers at once, and CPU ms."""
    async with PoolClient(Endpoint.parse("http://stub.localhost"), in_process=_AtOnce()) as client:
        await client.execute("stub-session", "1+1")
        began, cpu = time.perf_counter(), time.process_time()
        for _ in range(_CELLS_OF_STUB):
            await client.execute("stub-session", "1+1")
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return _CELLS_OF_STUB / seconds, cpu / _CELLS_OF_STUB * 1000


@contextlib.contextmanager
def _stub_pool() -> Iterator[str]:
    """Serve a pool on a port that answers every execution at once; yield its endpoint."""
    body = b'{"properties":{"status":"Success","stdout":"","stderr":"","executionResult":2}}'
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    answer = (head % len(body)).encode() + body

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = re.search(rb"content-length: *(\d+)", request)
                await reader.readexactly(int(length[1]) if length else 0)
                writer.write(answer)

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, name="stub-pool", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _kernel_alone(folder: Path) -> tuple[float, float]:
    """Return cells per second of a kernel on a pool that answers at once, and its CPU ms."""
    with _stub_pool() as endpoint:
        kernel = acajs(
            "stub",
            {
                "JUPYTER_DATA_DIR": str(folder),
                "ACAJS_POOL_ENDPOINT": endpoint,
                "ACAJS_TOKEN": "stub",
                "ACAJS_RUNTIME": "plain",
            },
        )
        with launched(kernel, folder) as frontend:
            frontend.connect()
            for _ in range(50):
                frontend.run("1+1")
            process = psutil.Process(frontend.pid)
            began, before = time.perf_counter(), sum(process.cpu_times()[:2])
            for _ in range(_CELLS_OF_STUB):
                frontend.run("1+1")
            seconds = time.perf_counter() - began
            cpu = sum(process.cpu_times()[:2]) - before
    return _CELLS_OF_STUB / seconds, cpu / _CELLS_OF_STUB * 1000


def _one_kernel(
    cells: int, folder: Path
) -> tuple[
    list[tuple[int, float, float, float]],
    list[tuple[float, float]],
    list[tuple[float, float, float]],
]:
    """Return memory over cells, seconds over MB, latency over variables.

    Memory is that of the kernel, of it and its session, and of what lives in the runner.
    """
    kernel = acajs("acajs", {"JUPYTER_DATA_DIR": str(folder)})
    grown, outputs, variables = [], [], []
    with launched(kernel, folder) as frontend:
        frontend.connect()
        steps = 20
        for step in range(steps + 1):
            times = [
                frontend.run("var value = 1 + 1; value").seconds for _ in range(cells // steps)
            ]
            own, tree = tree_megabytes(frontend.pid)
            heap = float(re.sub(r"\x1b\[\d+m", "", frontend.run(_HEAP_CODE).result or "")) / 1e6
            grown.append(((step + 1) * (cells // steps), own, tree, heap))
            latency = statistics.median(times) * 1000
            print(f"{grown[-1][0]} cells: {own:.0f} MB, {latency:.1f} ms", file=sys.stderr)
        for megabytes in _OUTPUT_MEGABYTES:
            code = f"for (let i = 0; i < {megabytes} * 10000; i++) console.log('x'.repeat(99))"
            cell = frontend.run(code)
            if len(cell.text) != megabytes * 1_000_000:
                raise RuntimeError("output was lost")
            outputs.append((float(megabytes), cell.seconds))
        made = 0
        for count in _VARIABLES:
            names = "".join(f"var name{index} = {index};" for index in range(made, count))
            frontend.run(names)
            made = count
            times = [frontend.run("1 + 1").seconds for _ in range(20)]
            content = {"code": "name", "cursor_pos": 4}
            asked = [frontend.ask("complete_request", content) for _ in range(5)]
            variables.append(
                (
                    float(count),
                    statistics.median(times) * 1000,
                    statistics.median(asked) * 1000,
                )
            )
    return grown, outputs, variables


def main() -> None:
    """Measure, and write SCALE.md and scale.svg."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--cells", type=int, default=30_000, help="how many cells one kernel runs")
    options = parser.parse_args()
    rows, left = asyncio.run(_many_sessions())
    rate, cpu = asyncio.run(_client_alone())
    with tempfile.TemporaryDirectory(prefix="acajs-scale-") as folder:
        kernel_rate, kernel_cpu = _kernel_alone(Path(folder))
        grown, outputs, variables = _one_kernel(options.cells, Path(folder))
    # Before that caches fill, and V8 lets its heaps grow to the size that suits the rate.
    settled = grown[len(grown) // 2 :]
    growth = {
        "kernel": _slope([(cells, own) for cells, own, _, _ in settled]),
        "kernel and session": _slope([(cells, tree) for cells, _, tree, _ in settled]),
        "what lives in the runner": _slope([(cells, heap) for cells, _, _, heap in settled]),
    }
    charts = [
        Chart(
            "Memory over cells",
            "cells run",
            "MB (PSS)",
            {
                "kernel and session": [(cells, tree) for cells, _, tree, _ in grown],
                "kernel": [(cells, own) for cells, own, _, _ in grown],
                "runner's heap after a collection": [(cells, heap) for cells, *_, heap in grown],
            },
        ),
        Chart(
            "Sessions of one pool", "sessions", "MB each", {"": [(row[0], row[1]) for row in rows]}
        ),
        Chart(
            "Sessions of one pool: cells at the same time",
            "sessions",
            "ms",
            {
                "to allocate one": [(row[0], row[2]) for row in rows],
                "for a cell of each": [(row[0], row[3]) for row in rows],
            },
        ),
        Chart("Output of one cell", "MB printed", "s", {"": [(0.0, 0.0), *outputs]}),
        Chart(
            "Variables of the session",
            "variables",
            "ms",
            {
                "trivial cell": [(count, cell) for count, cell, _ in variables],
                "completion": [(count, asked) for count, _, asked in variables],
            },
        ),
    ]
    (_FOLDER / "scale.svg").write_text(draw(charts), encoding="utf-8")
    alone = [
        f"- the client: {rate:,.0f} calls a second, {cpu:.2f} ms of CPU each",
        (
            f"- a kernel in plain mode: {kernel_rate:,.0f} cells a second, "
            f"{kernel_cpu:.2f} ms of CPU each"
        ),
    ]
    text = _report(options.cells, rows, left, alone, growth)
    (_FOLDER / "SCALE.md").write_text(text, encoding="utf-8")
    print(text)


def _slope(points: list[tuple[int, float]]) -> float:
    """Return the growth of y for 1,000 of x: the least-squares line."""
    return statistics.linear_regression(*zip(*points, strict=True)).slope * 1000


def _report(
    cells: int,
    rows: list[tuple[int, float, float, float]],
    left: list[str],
    alone: list[str],
    growth: dict[str, float],
) -> str:
    lines = [
        "# Scale",
        "",
        (
            f"{dt.datetime.now(dt.timezone.utc):%Y-%m-%d %H:%M} UTC, {platform.system()} on "
            f"{os.cpu_count()} cores, Python {platform.python_version()}."
        ),
        "",
        "![Charts of memory and time over cells, sessions, output and variables](scale.svg)",
        "",
        "## Sessions of one embedded pool",
        "",
        "| sessions | MB each | ms to allocate one | ms for a cell of each at the same time |",
        "|---|---|---|---|",
        *(f"| {n} | {memory:.1f} | {alloc:.0f} | {each:.2f} |" for n, memory, alloc, each in rows),
        "",
        f"Left when the pool was closed: {', '.join(left) or 'no process'}.",
        "",
        "## One kernel",
        "",
        f"Over {cells:,} cells memory grew by "
        + ", ".join(
            f"{value:.3f} MB for each 1,000 cells ({name})" for name, value in growth.items()
        )
        + ": a line through the second half. The kernel's part is jupyter_client's record of "
        "signatures, which it cuts at 65,536; V8 lets a heap grow in steps before it collects.",
        "",
        "## Against a pool that answers at once",
        "",
        *alone,
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
