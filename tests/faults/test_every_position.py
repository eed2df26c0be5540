"""A fault of every kind, at every request of the reference notebook.

The notebook's requests are numbered as they come. In one run a fault meets every
`_STRIDE`-th of them, and as many runs, each shifted by one, meet them all. With
``ACAJS_FAULTS_ALONE=1`` each position has a run of its own, which takes several times
as long.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence

import pytest
import pytest_asyncio

from acajs_kernel.errors import (
    AcaJsError,
    ExecutionFateUnknownError,
    ExecutionTimeoutError,
    PermissionDeniedError,
    PoolError,
    ServiceError,
    UnexpectedAnswerError,
)
from tests.faults.driving import Lane, NotebookRun
from tests.faults.kinds import FAULTS, FOR_GOOD, NOT_RUN, PASSED
from tests.faults.notebook import PLAIN_STEPS, STEPS, Step
from tests.faults.proxy import Fault, Injection
from tests.faults.table import Row, table_text

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_STRIDE = 6
_LAST_POSITION = 100_000
_ALONE = os.environ.get("ACAJS_FAULTS_ALONE") == "1"
_SURVIVED = sorted(set(FAULTS) - FOR_GOOD)

Plan = Callable[[int], Fault | None]
Rows = list[Row]


def _plans(fault: Fault, requests: int) -> list[Plan]:
    """Return the plans that, one after another, meet every position once."""
    if _ALONE:
        return [_at(range(position, position + 1), fault) for position in range(requests)]
    return [_at(range(first, _LAST_POSITION, _STRIDE), fault) for first in range(_STRIDE)]


def _at(positions: range, fault: Fault) -> Plan:
    return lambda position: fault if position in positions else None


async def _run(
    lanes: asyncio.Queue[Lane], plan: Plan, steps: Sequence[Step], *, is_plain: bool = False
) -> tuple[NotebookRun, list[Injection]]:
    lane = await lanes.get()
    try:
        lane.proxy.begin(plan)
        run = await (lane.run_plain(steps) if is_plain else lane.run_rich(steps))
        return run, lane.proxy.injections
    finally:
        lanes.put_nowait(lane)


def _different(run: NotebookRun, clean: NotebookRun, but: set[int]) -> dict[int, object]:
    """Return what was shown otherwise than in the clean run, except by some cells."""
    return {
        key: (run.shown.get(key), clean.shown.get(key))
        for key in run.shown.keys() | clean.shown.keys()
        if abs(key) not in but and run.shown.get(key) != clean.shown.get(key)
    }


def _affected(steps: Sequence[Step], failed: set[int]) -> set[int]:
    """Return the failed cells and those that need one of them."""
    return failed | {
        number
        for number, step in enumerate(steps, start=1)
        if any(number - back in failed for back in step.needs)
    }


@pytest.fixture(scope="module")
def rows() -> Rows:
    """Give the rows that are printed at the end."""
    return []


@pytest.fixture(scope="module", autouse=True)
def _print_table(rows: Rows, request: pytest.FixtureRequest) -> object:
    yield None
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("\n\n" + table_text("Faults at every request position", rows))  # noqa: T201 -- the report


async def _run_all(
    lanes: asyncio.Queue[Lane],
    fault: Fault,
    clean: NotebookRun,
    steps: Sequence[Step],
    *,
    is_plain: bool = False,
) -> list[tuple[NotebookRun, list[Injection]]]:
    """Run the notebook so often that the fault has met every position."""
    runs = await asyncio.gather(
        *(_run(lanes, plan, steps, is_plain=is_plain) for plan in _plans(fault, clean.requests))
    )
    met = {injection.position for _, injections in runs for injection in injections}
    # A cell has one request at least, and opening the session has one.
    assert met >= set(range(1 + len(steps)))
    return runs


def _row(
    name: str,
    runs: Sequence[tuple[NotebookRun, list[Injection]]],
    clean: NotebookRun,
    steps: Sequence[Step],
) -> Row:
    row = Row(name)
    for run, injections in runs:
        row.positions += len(injections)
        marred = {abs(number) for number in _different(run, clean, set())} | set(run.failures)
        row.survived += max(len(injections) - len(marred), 0)
        row.requests_more += run.requests - clean.requests
        row.pauses += run.pauses
        row.told += len(run.failures)
        row.twice += sum(run.ran.count(number) > 1 for number, _ in enumerate(steps, start=1))
    return row


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clean(lanes: asyncio.Queue[Lane]) -> NotebookRun:
    """Give what the notebook shows in rich mode when nothing goes wrong."""
    run, _ = await _run(lanes, lambda _: None, STEPS)
    assert run.failures == {}
    assert run.pauses == 0
    assert run.ran == list(range(1, len(STEPS) + 1))
    return run


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plain_clean(lanes: asyncio.Queue[Lane]) -> NotebookRun:
    """Give what the notebook shows in plain mode when nothing goes wrong."""
    run, _ = await _run(lanes, lambda _: None, PLAIN_STEPS, is_plain=True)
    assert run.failures == {}
    assert run.requests == 1 + len(PLAIN_STEPS)
    assert run.ran == list(range(1, len(PLAIN_STEPS) + 1))
    return run


@pytest.mark.parametrize("name", _SURVIVED)
async def test_rich_mode_survives_the_fault_at_every_request(
    name: str, lanes: asyncio.Queue[Lane], clean: NotebookRun, rows: Rows
) -> None:
    """Outputs are the clean run's, and every cell has run once, in its order."""
    runs = await _run_all(lanes, FAULTS[name], clean, STEPS)
    rows.append(_row(f"rich: {name}", runs, clean, STEPS))
    for run, _ in runs:
        assert run.failures == {}
        assert run.ran == clean.ran
        assert _different(run, clean, set()) == {}


@pytest.mark.parametrize("name", sorted(FOR_GOOD))
async def test_rich_mode_tells_of_what_asking_again_cannot_help(
    name: str, lanes: asyncio.Queue[Lane], clean: NotebookRun, rows: Rows
) -> None:
    """The cell ends in the clear error, runs once at most, and the next one works."""
    runs = await _run_all(lanes, FAULTS[name], clean, STEPS)
    rows.append(_row(f"rich: {name}", runs, clean, STEPS))
    for run, injections in runs:
        assert len(run.failures) == len(injections)
        for number, error in run.failures.items():
            assert isinstance(error, PermissionDeniedError)
            assert "answered HTTP 403" in error.message
            assert ("had begun in the session" in error.message) == (number in run.ran)
            assert "Set ACAJS_TOKEN" in error.remedy
        failed = set(run.failures)
        assert [number for number in run.ran if number not in failed] == [
            number for number in clean.ran if number not in failed
        ]
        assert len(set(run.ran)) == len(run.ran)
        assert _different(run, clean, _affected(STEPS, failed)) == {}


@pytest.mark.parametrize("name", sorted(NOT_RUN | PASSED))
async def test_plain_mode_survives_what_leaves_no_doubt(
    name: str, lanes: asyncio.Queue[Lane], plain_clean: NotebookRun, rows: Rows
) -> None:
    """What surely did not run is sent again; every cell has run once, in its order."""
    runs = await _run_all(lanes, FAULTS[name], plain_clean, PLAIN_STEPS, is_plain=True)
    rows.append(_row(f"plain: {name}", runs, plain_clean, PLAIN_STEPS))
    for run, injections in runs:
        assert run.failures == {}
        assert run.ran == plain_clean.ran
        if "cut at" in name:  # plain mode has no way to know
            assert len(_different(run, plain_clean, set())) <= len(injections)
        else:
            assert _different(run, plain_clean, set()) == {}


@pytest.mark.parametrize("name", sorted(set(FAULTS) - NOT_RUN - PASSED))
async def test_plain_mode_never_runs_a_cell_twice(
    name: str, lanes: asyncio.Queue[Lane], plain_clean: NotebookRun, rows: Rows
) -> None:
    """A cell of unknown fate ends in an error that says so; all others are as ever."""
    runs = await _run_all(lanes, FAULTS[name], plain_clean, PLAIN_STEPS, is_plain=True)
    rows.append(_row(f"plain: {name}", runs, plain_clean, PLAIN_STEPS))
    for run, injections in runs:
        failed = set(run.failures)
        # The request that opens the session may be repeated, and is.
        opening = name not in FOR_GOOD and injections[0].position == 0
        assert len(failed) == len(injections) - opening
        for error in run.failures.values():
            _check_doubt(name, error)
        forwarded = {injection.was_forwarded for injection in injections}
        assert len(forwarded) == 1
        expected = clean_ran = list(range(1, len(PLAIN_STEPS) + 1))
        if forwarded == {False}:
            expected = [number for number in clean_ran if number not in failed]
        assert sorted(run.ran) == expected
        assert _different(run, plain_clean, _affected(PLAIN_STEPS, failed)) == {}


def _check_doubt(name: str, error: AcaJsError) -> None:
    assert isinstance(error, PoolError)
    if name in FOR_GOOD:
        assert isinstance(error, PermissionDeniedError)
        assert not error.may_have_run
        return
    assert isinstance(
        error,
        (ExecutionFateUnknownError, ExecutionTimeoutError, ServiceError, UnexpectedAnswerError),
    )
    assert error.may_have_run
    assert "The cell may have run. It was not sent again." in str(error)
