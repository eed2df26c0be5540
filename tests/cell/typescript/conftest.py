"""Fixtures for the tests of TypeScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cell.typescript.oracle import Oracle, find_node


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    """Start one Node process that judges all cases."""
    node = find_node()
    if node is None:
        pytest.skip("Node's type stripper runs on Node 22 and newer, and there is none here")
    oracle = Oracle(node)
    try:
        yield oracle
    finally:
        oracle.close()
