"""Measure the kernel beside others: ``python -m benchmarks``.

Every round launches each kernel in turn, so that whatever else the machine does meets
all of them.
"""

from __future__ import annotations

import argparse
import compileall
import statistics
import sys
import tempfile
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import acajs_kernel
from acajs_kernel.runtime.source import travelling_source
from benchmarks import anatomy
from benchmarks.client import Frontend, launched
from benchmarks.kernels import Contender, acajs, peers
from benchmarks.measures import CELLS, Round, measure
from benchmarks.network import Traffic, relay
from benchmarks.pools import Pool, bare_posts, served_pool
from benchmarks.report import heading, median, ratios, table

_DELAY_SECONDS = 0.05
_OWN = "acajs"
_TCP = "acajs, TCP"
_FAR = "acajs, TCP + 50 ms"
_SESSIONS = 60


def main() -> None:
    """Run everything and print it; with ``--write`` also into RESULTS.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each kernel is measured")
    parser.add_argument(
        "--only", action="append", default=[], help="the name of a kernel; may be repeated"
    )
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    travelling_source()  # a wheel brings it, a checkout prepares it once for each change
    # What pip compiles as it installs is compiled here too, where nothing may have been.
    compileall.compile_dir(str(Path(acajs_kernel.__file__).parent), quiet=1)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="acajs-benchmark-")))
        pool = stack.enter_context(served_pool("--max-sessions", str(_SESSIONS)))
        near = stack.enter_context(relay(pool.endpoint, delay_seconds=0))
        far = stack.enter_context(relay(pool.endpoint, delay_seconds=_DELAY_SECONDS))
        data = {"JUPYTER_DATA_DIR": str(folder / "jupyter")}
        contenders = [
            acajs(_OWN, data),
            acajs(_TCP, data | _access(pool, near)),
            acajs(_FAR, data | _access(pool, far)),
            *peers(),
        ]
        if options.only:
            contenders = [c for c in contenders if c.name in options.only]
        text = _run(contenders, options.rounds, folder, pool, {_TCP: near, _FAR: far})
    if not options.only:
        text += f"\n## Where the time of a short cell goes\n\n{anatomy.section(options.rounds)}\n"
    print(text)
    if options.write:
        (Path(__file__).parent / "RESULTS.md").write_text(text, encoding="utf-8")


def _access(pool: Pool, traffic: Traffic) -> dict[str, str]:
    return {"ACAJS_POOL_ENDPOINT": traffic.endpoint, "ACAJS_TOKEN": pool.token}


def _run(
    contenders: list[Contender],
    rounds: int,
    folder: Path,
    pool: Pool,
    networks: dict[str, Traffic],
) -> str:
    present = [contender for contender in contenders if not contender.missing]
    results: dict[str, list[Round]] = {contender.name: [] for contender in present}
    floors: dict[str, list[float]] = {name: [] for name in networks if name in results}
    counts: dict[str, list[tuple[float, float, float]]] = {name: [] for name in floors}
    for number in range(rounds):
        for contender in present:
            print(f"round {number + 1} of {rounds}: {contender.name}", file=sys.stderr)
            traffic = networks.get(contender.name)
            results[contender.name].append(_measure(contender, folder, traffic, counts))
            if traffic is not None:
                times = bare_posts(traffic.endpoint, pool.token, f"floor-{number}")
                floors[contender.name].append(statistics.median(times) * 1000)
    own = [name for name in (_OWN,) if name in results]
    others = [c.name for c in present if not c.name.startswith(_OWN)]
    parts = [heading(peers(), rounds), "", table(results)]
    if own and others:
        parts += ["", "## Ratios", "", _RATIOS, "", ratios(results, _OWN, others)]
    if floors:
        parts += ["", "## Over TCP", "", _FLOORS, "", _floor_table(results, floors, counts)]
    return "\n".join(parts) + "\n"


_RATIOS = (
    "What ours takes divided by what the other takes: below 1 ours is faster or smaller. "
    "For rates the other way round."
)
_FLOORS = (
    "The floor is a bare `httpx` POST of the same code to the same pool on the same way. Requests "
    "and bytes are those of HTTP/1.1 on the wire."
)


def _floor_table(
    results: dict[str, list[Round]],
    floors: dict[str, list[float]],
    counts: dict[str, list[tuple[float, float, float]]],
) -> str:
    lines = [
        (
            "| | trivial cell, ms | bare POST, ms | ratio | more, ms | requests per cell "
            "| bytes out | bytes in |"
        ),
        "|---" * 8 + "|",
    ]
    for name, posts in floors.items():
        cell = median(results[name], "p50")
        floor = statistics.median(posts)
        if cell is None or not counts[name]:
            continue
        requests, sent, received = (
            statistics.median(column) for column in zip(*counts[name], strict=True)
        )
        lines.append(
            f"| {name} | {cell:.2f} | {floor:.2f} | {cell / floor:.2f} | {cell - floor:.2f} "
            f"| {requests:.2f} | {sent:.0f} | {received:.0f} |"
        )
    return "\n".join(lines)


def _measure(
    contender: Contender,
    folder: Path,
    traffic: Traffic | None,
    counts: dict[str, list[tuple[float, float, float]]],
) -> Round:
    before = (0, 0, 0)

    def between(part: str) -> None:
        nonlocal before
        if traffic is None:
            return
        passed = (traffic.requests, traffic.sent_bytes, traffic.received_bytes)
        if part:
            before = passed
        else:
            requests, sent, received = (
                (now - then) / CELLS for now, then in zip(passed, before, strict=True)
            )
            counts[contender.name].append((requests, sent, received))

    def launch() -> AbstractContextManager[Frontend]:
        return launched(contender, folder)

    return measure(launch, contender.language, between)


if __name__ == "__main__":
    main()
