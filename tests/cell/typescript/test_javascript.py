"""JavaScript is TypeScript in which there is nothing to erase."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acajs_kernel.cell.typescript import erase

_PACKAGES = Path(__file__).parents[3] / "node_modules"
_MOST_BYTES = 60_000
_SOURCES = sorted(
    path
    for pattern in ("*/*.js", "*/lib/**/*.js", "*/dist/*.js", "*/src/**/*.js", "@*/*/dist/*.js")
    for path in _PACKAGES.glob(pattern)
    if path.is_file() and path.stat().st_size < _MOST_BYTES
)

pytestmark = pytest.mark.skipif(
    not _SOURCES, reason="the packages of package.json are not installed: see CONTRIBUTING.md"
)


@given(path=st.sampled_from(_SOURCES or [Path()]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_javascript_is_returned_unchanged(path: Path) -> None:
    """Whatever package it is of, not a character changes."""
    text = path.read_text(encoding="utf-8")
    assert erase(text) in {text, None}


def test_nearly_all_javascript_is_typescript() -> None:
    """The test above cannot pass because nothing parses."""
    texts = [path.read_text(encoding="utf-8") for path in _SOURCES[:: max(1, len(_SOURCES) // 60)]]
    refused = [text for text in texts if erase(text) is None]
    assert len(refused) <= len(texts) // 20
