"""A small class on one pool: nobody fails, and nobody meets anybody else."""

from __future__ import annotations

import pytest

from benchmarks.classroom import hold_class
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
