"""What is measured of each kernel; every wait is bounded, and a kernel that fails says how."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TypeAlias

from benchmarks.client import Cell, Frontend, NoAnswerError
from benchmarks.memory import tree_megabytes

__all__ = ["CELLS", "MEASURES", "Round", "measure"]

CELLS = 100
"""How many trivial cells are timed."""

_WARMING_CELLS = 20
_LINES = 100_000
_LINE_CHARACTERS = 80
_TEXT_BYTES = 10_000_000
_SECONDS = 20.0
_RECOVERY_SECONDS = 3.0
_BEGUN_SECONDS = 3.0
_LIVE_LINES = 5

_TRIVIAL = {"javascript": "1+1", "python": "1+1"}
_LINES_CODE = {
    "javascript": f"for (let i = 0; i < {_LINES}; i++) "
    f"console.log(String(i).padStart({_LINE_CHARACTERS}, '.'));",
    "python": f"for i in range({_LINES}): print(str(i).rjust({_LINE_CHARACTERS}, '.'))",
}
_TEXT_CODE = {
    "javascript": f"console.log('x'.repeat({_TEXT_BYTES}));",
    "python": f"print('x' * {_TEXT_BYTES})",
}
_BUSY_CODE = {
    "javascript": "var kept = 42; console.log('begun'); for (;;) {}",
    "python": "kept = 42\nprint('begun', flush=True)\nwhile True: pass",
}
_FIRST_OUTPUT_CODE = {
    "javascript": "console.log('now'); { const end = Date.now() + 400; while (Date.now() < end); }",
    "python": "import time\nprint('now', flush=True)\nend = time.time() + 0.4\n"
    "while time.time() < end: pass",
}
# The clock of both sides is the same machine's.
_LIVE_CODE = {
    "javascript": "for (let i = 0; i < %d; i++) { console.log(Date.now()); "
    "const end = Date.now() + 150; while (Date.now() < end); }",
    "python": "import time\nfor i in range(%d):\n    print(time.time() * 1000, flush=True)\n"
    "    end = time.time() + 0.15\n    while time.time() < end: pass",
}
_ARRAY_CODE = {
    "javascript": "Array.from({ length: 10000 }, (_, i) => i)",
    "python": "list(range(10000))",
}
_COMPLETED = {"javascript": "Math.ma", "python": "str.st"}

MEASURES = {
    "ready": ("launch to ready", "s"),
    "first": ("launch to first result", "s"),
    "p50": ("trivial cell, p50", "ms"),
    "p90": ("trivial cell, p90", "ms"),
    "output": ("first streamed output", "ms"),
    "live": ("live output, worst of 5 lines", "ms"),
    "lines": ("100,000 lines of 80 characters", "MB/s"),
    "text": ("one text of 10 MB", "MB/s"),
    "array": ("result of 10,000 elements", "ms"),
    "complete": ("completion", "ms"),
    "interrupt": ("interrupt of a busy loop", "ms"),
    "own": ("memory of the kernel process", "MB"),
    "tree": ("memory of kernel and session", "MB"),
}
"""The measures in the order of the table: name and unit."""


@dataclass
class Round:
    """One kernel's round: what was measured, and what went wrong with the rest."""

    values: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    @contextlib.contextmanager
    def attempt(self, name: str) -> Iterator[None]:
        """Note a measure that the kernel does not survive, or does not answer."""
        try:
            yield
        except NoAnswerError as error:
            self.failures[name] = str(error)


def measure(
    launch: Callable[[], AbstractContextManager[Frontend]],
    language: str,
    between: Callable[[str], None] = lambda _: None,
) -> Round:
    """Measure one kernel.

    Where it does not survive a part, or is still at it, a new one is launched for the rest.

    Args:
        launch: Launches it.
        language: Of its cells.
        between: Told the name of each part that begins and, as "", ends.
    """
    taken = Round()
    rest = dict(_PARTS)
    with launch() as frontend:
        _measure_cells(frontend, language, taken, between)
        if "p50" not in taken.failures:
            _measure_parts(frontend, language, taken, rest)
    while rest and "first" not in taken.failures:
        with launch() as frontend:
            frontend.connect()
            _measure_parts(frontend, language, taken, rest)
    return taken


def _measure_cells(
    frontend: Frontend, language: str, taken: Round, between: Callable[[str], None]
) -> None:
    values = taken.values
    trivial = _TRIVIAL[language]
    with taken.attempt("first"):
        values["ready"] = frontend.connect()
        first = frontend.run(trivial, seconds=_SECONDS)
        values["first"] = time.perf_counter() - frontend.launched_at
        if "2" not in (first.result or first.text):
            raise NoAnswerError(f"1+1 gave {first.result!r}")
    times: list[float] = []
    with taken.attempt("p50"):
        for _ in range(_WARMING_CELLS):
            frontend.run(trivial, seconds=_SECONDS)
        between("cells")
        while len(times) < CELLS:
            times.append(frontend.run(trivial, seconds=_SECONDS).seconds)
        between("")
        values["p50"] = statistics.median(times) * 1000
        values["p90"] = sorted(times)[int(len(times) * 0.9)] * 1000
        values["own"], values["tree"] = tree_megabytes(frontend.pid)
    if "p50" in taken.failures:
        taken.failures["p50"] = f"cell {len(times) + 1} of {CELLS} did not end"


def _measure_parts(frontend: Frontend, language: str, taken: Round, rest: dict[str, _Part]) -> None:
    """Measure until all is done or the kernel is of no more use; what was tried leaves `rest`."""
    while rest:
        name = next(iter(rest))
        part = rest.pop(name)
        with taken.attempt(name):
            taken.values[name] = part(frontend, language)
        if name in taken.failures:
            try:
                frontend.run(_TRIVIAL[language], seconds=_RECOVERY_SECONDS)
            except NoAnswerError:
                return


def _array(frontend: Frontend, language: str) -> float:
    return 1000 * statistics.median(
        _succeed(frontend.run(_ARRAY_CODE[language], seconds=_SECONDS)).seconds for _ in range(9)
    )


def _succeed(cell: Cell) -> Cell:
    if not cell.has_succeeded:
        raise NoAnswerError(f"an error: {cell.text[:80]}")
    return cell


def _first_output(frontend: Frontend, language: str) -> float:
    times = []
    for _ in range(3):
        cell = _succeed(frontend.run(_FIRST_OUTPUT_CODE[language], seconds=_SECONDS))
        if not cell.outputs:
            raise NoAnswerError("nothing came before idle")
        times.append(cell.outputs[0][0])
    return statistics.median(times) * 1000


def _live_output(frontend: Frontend, language: str) -> float:
    began, began_clock = time.perf_counter(), time.time()
    cell = frontend.finish(
        frontend.begin(_LIVE_CODE[language] % _LIVE_LINES), began, seconds=_SECONDS
    )
    delays = [
        (began_clock + seconds) * 1000 - float(line)
        for seconds, message in cell.outputs
        for line in message["content"].get("text", "").split()
    ]
    if len(delays) != _LIVE_LINES:
        raise NoAnswerError(f"{len(delays)} of {_LIVE_LINES} lines came")
    return max(delays)


def _completion(frontend: Frontend, language: str) -> float:
    code = _COMPLETED[language]
    content = {"code": code, "cursor_pos": len(code)}
    return 1000 * statistics.median(
        frontend.ask("complete_request", content, seconds=_SECONDS) for _ in range(9)
    )


def _text(frontend: Frontend, language: str) -> float:
    return _throughput(frontend, _TEXT_CODE[language], _TEXT_BYTES + 1, None)


def _lines(frontend: Frontend, language: str) -> float:
    return _throughput(frontend, _LINES_CODE[language], None, _LINES)


def _throughput(frontend: Frontend, code: str, size: int | None, lines: int | None) -> float:
    """Return MB/s until the cell's end; all of it must have come by then, and in order."""
    began = time.perf_counter()
    request = frontend.begin(code)
    cell = frontend.finish(request, began, seconds=_SECONDS)
    text = cell.text
    if size is not None and len(text) != size:
        raise NoAnswerError(f"{len(text):,} of {size:,} characters came before idle")
    if lines is not None:
        came = text.split("\n")[:-1]
        if came != [str(index).rjust(_LINE_CHARACTERS, ".") for index in range(lines)]:
            frontend.count_late(cell, request)
            raise NoAnswerError(
                f"{len(came):,} of {lines:,} lines came before idle, {cell.late:,} messages after"
            )
    return len(text) / cell.seconds / 1e6


def _interrupt(frontend: Frontend, language: str) -> float:
    """Return the milliseconds from the interrupt to the cell's end; its state must be kept."""
    began = time.perf_counter()
    request = frontend.begin(_BUSY_CODE[language])
    with contextlib.suppress(NoAnswerError):  # some show nothing before the end
        frontend.finish(request, began, seconds=_BEGUN_SECONDS, until_output=True)
    interrupted = time.perf_counter()
    frontend.interrupt()
    try:
        cell = frontend.finish(request, began, seconds=2 * _SECONDS)
    except NoAnswerError as error:
        raise NoAnswerError(f"not interrupted: {error}") from error
    milliseconds = (began + cell.seconds - interrupted) * 1000
    after = frontend.run("kept", seconds=_SECONDS)
    kept = after.result or after.text
    if "42" not in kept:
        raise NoAnswerError("interrupted, but the variables are gone")
    return milliseconds


_Part: TypeAlias = Callable[[Frontend, str], float]

_PARTS: dict[str, _Part] = {
    "output": _first_output,
    "live": _live_output,
    "array": _array,
    "complete": _completion,
    "text": _text,
    "lines": _lines,
    "interrupt": _interrupt,
}
