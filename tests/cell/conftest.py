"""Fixtures for the tests of what a cell's text means."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cell.judge import Judge


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """Start one Node process that judges all tests' JavaScript."""
    judge = Judge()
    try:
        yield judge
    finally:
        judge.close()
