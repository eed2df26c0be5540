"""A long notebook in which one request in twenty fails."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter

import pytest

from tests.faults.driving import Lane
from tests.faults.kinds import FAULTS, FOR_GOOD
from tests.faults.notebook import Step, soak_step
from tests.faults.proxy import Fault
from tests.seeds import SEED

_CELLS = int(os.environ.get("TESTS_SOAK_CELLS", "1000"))
_SHARE = 0.05
_SECONDS = 0.09 * _CELLS
# What is printed late must have come before the end.
_LAST = Step("await new Promise((done) => setTimeout(done, 50)); globalThis.total")


@pytest.mark.slow
@pytest.mark.timeout(60 + 3 * _SECONDS)
async def test_nothing_is_lost_repeated_or_reordered_when_one_request_in_twenty_fails(
    lanes: asyncio.Queue[Lane], request: pytest.FixtureRequest
) -> None:
    """Every cell runs once, in its order, and shows what it shows without faults."""
    steps = [*(soak_step(number) for number in range(1, _CELLS + 1)), _LAST]
    names = sorted(set(FAULTS) - FOR_GOOD)
    dice = random.Random(SEED)

    def plan(_position: int) -> Fault | None:
        return FAULTS[dice.choice(names)] if dice.random() < _SHARE else None

    quiet, troubled = await lanes.get(), await lanes.get()
    quiet.proxy.begin(lambda _: None)
    troubled.proxy.begin(plan)
    begun = time.monotonic()
    run = await asyncio.wait_for(troubled.run_rich(steps), _SECONDS)
    seconds = time.monotonic() - begun
    clean = await quiet.run_rich(steps)
    for lane in (quiet, troubled):
        lanes.put_nowait(lane)

    injections = troubled.proxy.injections
    kinds = Counter(injection.fault for injection in injections)
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(  # noqa: T201 -- the report
            f"\n\nSoak, seed {SEED}: {_CELLS:,} cells, {run.requests:,} requests that execute "
            f"code ({clean.requests:,} without faults), {len(injections)} faults of "
            f"{len(kinds)} kinds, {run.pauses} pauses, {seconds:.1f} s"
        )
    assert len(injections) > 0.7 * _SHARE * run.requests
    assert run.failures == clean.failures == {}
    assert run.ran == clean.ran == list(range(1, len(steps) + 1))
    different = {
        key: (run.shown.get(key), clean.shown.get(key))
        for key in run.shown.keys() | clean.shown.keys()
        if run.shown.get(key) != clean.shown.get(key)
    }
    assert different == {}
