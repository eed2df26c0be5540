"""A small class on one pool, where nobody fails or meets anybody else; and what a class costs."""

from __future__ import annotations

import math
import re
from pathlib import Path

import nbformat
import pytest

from acajs_kernel.config import Settings
from benchmarks import classroom
from benchmarks.classroom import hold_class
from tests.checkout import REPOSITORY
from tests.pool_server import served_pool

_STUDENTS = 6


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_students_of_a_class_are_alone_in_their_sessions(
    environment: dict[str, str],
) -> None:
    """Six kernels run the quickstart on one pool over TCP; each finds its own things only."""
    with served_pool(environment, "--max-sessions", str(_STUDENTS)) as pool:
        report = await hold_class(
            _STUDENTS, environment | pool.environment, pool_process=pool.process.pid
        )
    assert [(one.failure, one.seen) for one in report.students] == [
        ("", [one.name]) for one in report.students
    ]
    assert len(report.students) == len(report.kernel_megabytes) == _STUDENTS
    assert all(len(one.cell_seconds) > 5 for one in report.students)


async def test_a_class_notices_an_output_that_is_not_the_one_saved(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cell that runs and shows the wrong thing is a failure, as an error is."""
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                "6 * 7",
                outputs=[nbformat.v4.new_output("execute_result", data={"text/plain": saved})],
            )
            for saved in ("42", "41")
        ]
    )
    nbformat.write(notebook, tmp_path / "wrong.ipynb")
    monkeypatch.setattr(classroom, "_NOTEBOOK", tmp_path / "wrong.ipynb")
    with served_pool(environment) as pool:
        report = await hold_class(1, environment | pool.environment, pool_process=pool.process.pid)
    (student,) = report.students
    assert student.failure.startswith("cell 2 showed something else than is saved")


_PAGE = (REPOSITORY / "docs" / "classroom.md").read_text(encoding="utf-8")
_CLASS_HOURS = 2
_COUNTS = {"one": 1, "two": 2, "four": 4}
_COOLDOWN_MINUTES = 5


def _costs() -> list[list[str]]:
    """Return the cells of the table of costs, without its head."""
    table = _PAGE.partition("| how the class works |")[2].partition("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]
    ]


@pytest.mark.parametrize("row", _costs(), ids=lambda row: row[0])
def test_the_costs_follow_from_what_is_assumed(row: list[str]) -> None:
    """Hours and cost of a row are those of the page's formula for what the row says."""
    how, lasts, billed, cost = row
    notebooks = _COUNTS[how.split()[0]]
    hours = 0.5 if "for half an hour" in how else float(_CLASS_HOURS)
    after = 0
    if "left open" in how:
        said = re.search(r"(\d+) minutes of keep-alive, (\d+) of cooldown", how)
        after = sum(map(int, said.groups())) if said else 30 + _COOLDOWN_MINUTES
    session_hours = hours + after / 60
    expected = notebooks * math.ceil(session_hours)
    assert lasts.removesuffix(" each") == f"{session_hours:.2f} h"
    assert lasts.endswith(" each") == (notebooks > 1)
    assert (billed, cost.split()[0]) == (f"{expected}", f"{expected / _CLASS_HOURS:.1f}")


@pytest.mark.usefixtures("environment")
def test_the_examples_of_cost_agree_with_the_table() -> None:
    """The usual keep-alive is the default, and thirty students' dollars are the row's."""
    assert Settings().keepalive_minutes == 30
    left_open = next(row for row in _costs() if "left open: 30 minutes" in row[0])
    hours = 30 * int(left_open[2])
    dollars = hours * 0.03
    words = " ".join(_PAGE.split())
    assert f"take {hours} session-hours." in words
    assert f"0.03 dollars, that would be {dollars:.2f} dollars, or" in words
    assert f"or {dollars / 30 / _CLASS_HOURS:.3f} for each student-hour" in words
    assert len(_costs()) == 5
