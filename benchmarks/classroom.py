"""A class of students, each with a real kernel, on one pool: ``python -m benchmarks.classroom``.

Every student runs the quickstart from the top, as "Run All" does, with the kernel's default
settings, and must see what is saved in it. All kernels stay alive until the last student has
finished, and then each student looks at what is in their own session. ``--write`` holds two
classes, one at once and one over a minute, and writes the figures into docs/classroom.md.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import datetime as dt
import json
import os
import platform
import re
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from benchmarks.memory import proportional_megabytes, tree_megabytes
from tests.notebook_outputs import shown_by
from tests.pool_server import served_pool

__all__ = ["ClassReport", "Student", "hold_class"]

_REPOSITORY = Path(__file__).parent.parent
_NOTEBOOK = _REPOSITORY / "notebooks" / "quickstart.ipynb"
_PAGE = _REPOSITORY / "docs" / "classroom.md"
_WRITTEN = re.compile(r"(?<=^<!-- begin -->\n).*?(?=^<!-- end -->$)", re.MULTILINE | re.DOTALL)
_CELL_SECONDS = 300
_MARK = (
    'globalThis.students = [...(globalThis.students ?? []), "{name}"];\n'
    'require("node:fs").writeFileSync("{name}.student", "");'
)
_LOOK = (
    "console.log(JSON.stringify([globalThis.students, "
    'require("node:fs").readdirSync(".").filter((name) => name.endsWith(".student"))]))'
)


@dataclass
class Student:
    """How it went for one student.

    Attributes:
        name: The student's.
        first_result_seconds: From the kernel's launch until the first cell had ended.
        cell_seconds: How long each later cell took.
        failure: What failed, or which cell showed something else than is saved; or empty.
        seen: The names of students that left a variable or a file in this one's session.
    """

    name: str
    first_result_seconds: float = 0.0
    cell_seconds: list[float] = field(default_factory=list)
    failure: str = ""
    seen: list[str] = field(default_factory=list)


@dataclass
class ClassReport:
    """How it went for a class.

    Attributes:
        students: Every student.
        seconds: From the first launch until the last student had finished.
        kernel_megabytes: Memory of each student's kernel process, shared pages in parts.
        pool_megabytes: Memory of the pool's server with all its sessions.
    """

    students: Sequence[Student]
    seconds: float
    kernel_megabytes: Sequence[float]
    pool_megabytes: float


async def hold_class(
    students: int, environment: Mapping[str, str], *, pool_process: int, over_seconds: float = 0.0
) -> ClassReport:
    """Let students run the quickstart at once.

    Args:
        students: How many.
        environment: Of each kernel; names the pool.
        pool_process: The process that serves the pool, whose memory is measured.
        over_seconds: The time over which they start, evenly; 0 for all at once.
    """
    everybody = [_Attendance(Student(f"student-{number}")) for number in range(students)]
    begun = time.monotonic()
    async with AsyncExitStack() as kernels:
        await asyncio.gather(
            *(
                one.attend(kernels, environment, over_seconds * number / students)
                for number, one in enumerate(everybody)
            )
        )
        seconds = time.monotonic() - begun
        own = [child for child in psutil.Process().children() if child.pid != pool_process]
        report = ClassReport(
            [one.student for one in everybody],
            seconds,
            [
                proportional_megabytes(child)
                for child in own
                if any("acajs_kernel.__main__" in argument for argument in child.cmdline())
            ],
            tree_megabytes(pool_process)[1],
        )
        await asyncio.gather(*(one.look() for one in everybody))
    return report


class _Attendance:
    """One student's notebook and kernel."""

    def __init__(self, student: Student) -> None:
        self.student = student
        self._notebook = nbformat.read(_NOTEBOOK, as_version=4)
        self._saved = [cell for cell in self._notebook.cells if cell.cell_type == "code"]
        self._notebook.cells = copy.deepcopy(self._notebook.cells)
        for source in (_MARK.replace("{name}", student.name), _LOOK):
            self._notebook.cells.append(nbformat.v4.new_code_cell(source))
        self._client = NotebookClient(
            self._notebook,
            kernel_name="acajs",
            timeout=_CELL_SECONDS,
            coalesce_streams=True,
            startup_timeout=_CELL_SECONDS,
        )

    async def attend(
        self, kernels: AsyncExitStack, environment: Mapping[str, str], pause: float
    ) -> None:
        """Start the kernel, which ends with the stack, and run all cells but the last."""
        await asyncio.sleep(pause)
        begun = time.monotonic()
        with _recorded(self.student):
            await kernels.enter_async_context(
                self._client.async_setup_kernel(env=dict(environment))
            )
            for index, cell in enumerate(self._notebook.cells[:-1]):
                if cell.cell_type != "code":
                    continue
                before = time.monotonic()
                await self._client.async_execute_cell(cell, index)
                if not self.student.first_result_seconds:
                    self.student.first_result_seconds = time.monotonic() - begun
                else:
                    self.student.cell_seconds.append(time.monotonic() - before)
            self._compare()

    def _compare(self) -> None:
        """Note the first cell that showed something else than is saved in the notebook."""
        ran = [cell for cell in self._notebook.cells if cell.cell_type == "code"]
        for number, (fresh, saved) in enumerate(zip(ran, self._saved, strict=False), 1):
            if (shown := shown_by(fresh)) != shown_by(saved):
                self.student.failure = f"cell {number} showed something else than is saved: {shown}"
                return

    async def look(self) -> None:
        """Find whose variables and files are in the session."""
        if self.student.failure:
            return
        with _recorded(self.student):
            cell = self._notebook.cells[-1]
            await self._client.async_execute_cell(cell, len(self._notebook.cells) - 1)
            variables, files = json.loads(cell.outputs[0].text)
            names = {*variables, *(name.removesuffix(".student") for name in files)}
            self.student.seen = sorted(names)


@contextmanager
def _recorded(student: Student) -> Iterator[None]:
    """Note what fails: it is that student's result, and ends nobody else's lesson."""
    try:
        yield
    except CellExecutionError as error:
        student.failure = f"{error.ename}: {error.evalue}"
    except Exception as error:
        student.failure = f"{type(error).__name__}: {error}"


def _rows(report: ClassReport) -> dict[str, str]:
    """Return the figures of a class, for a table."""
    cells = sorted(second for one in report.students for second in one.cell_seconds)
    firsts = sorted(one.first_result_seconds for one in report.students)
    failures = [f"{one.name}: {one.failure}" for one in report.students if one.failure]
    strangers = [one.name for one in report.students if not one.failure and one.seen != [one.name]]
    return {
        "students": f"{len(report.students)}",
        "failures, or outputs other than those saved": f"{len(failures)}",
        "sessions with anything of another student": f"{len(strangers)}",
        "until all had finished": f"{report.seconds:.1f} s",
        "launch to first result, median": f"{statistics.median(firsts):.1f} s",
        "launch to first result, slowest": f"{firsts[-1]:.1f} s",
        "a later cell, median": f"{1000 * statistics.median(cells):.0f} ms",
        "a later cell, 95 of 100": f"{1000 * cells[len(cells) * 95 // 100]:.0f} ms",
        "a later cell, slowest": f"{1000 * cells[-1]:.0f} ms",
        "memory of a kernel, median": f"{statistics.median(report.kernel_megabytes):.0f} MB",
        "memory of the pool and its sessions, for each student": (
            f"{report.pool_megabytes / len(report.students):.0f} MB"
        ),
    }


def _table(reports: Mapping[str, ClassReport]) -> str:
    """Return when and where classes were held, and how it went, one column a class."""
    columns = [_rows(report) for report in reports.values()]
    memory = psutil.virtual_memory().total / 1e9
    machine = f"{platform.system()}, {os.cpu_count()} cores, {memory:.0f} GB"
    lines = [
        f"{dt.datetime.now(dt.timezone.utc):%Y-%m-%d}, {machine}:",
        "",
        f"| | {' | '.join(reports)} |",
        "|---" * (len(reports) + 1) + "|",
        *(f"| {name} | {' | '.join(column[name] for column in columns)} |" for name in columns[0]),
    ]
    return "\n".join(lines)


def _hold(students: int, over_seconds: float) -> ClassReport:
    """Hold a class on an embedded pool that is served over TCP."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("ACAJS_")}
    environment["ACAJS_HISTORY"] = "off"
    with served_pool(environment, "--max-sessions", str(students)) as pool:
        report = asyncio.run(
            hold_class(
                students,
                environment | pool.environment,
                pool_process=pool.process.pid,
                over_seconds=over_seconds,
            )
        )
    for one in report.students:
        if one.failure:
            print(f"{one.name}: {one.failure}")
    return report


def main() -> None:
    """Hold a class, or two, and print or write how it went."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classroom", description=__doc__)
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--over", type=float, default=0, help="seconds over which they start")
    parser.add_argument("--write", action="store_true", help="two classes, into docs/classroom.md")
    options = parser.parse_args()
    overs = [0.0, 60.0] if options.write else [options.over]
    table = _table(
        {
            f"over {over:.0f} seconds" if over else "all at the same moment": _hold(
                options.students, over
            )
            for over in overs
        }
    )
    print(table)
    if options.write:
        text = _PAGE.read_text(encoding="utf-8")
        _PAGE.write_text(_WRITTEN.sub(lambda _: f"\n{table}\n\n", text), encoding="utf-8")


if __name__ == "__main__":
    main()
