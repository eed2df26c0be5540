"""What is too large to be shown is cut, and says so."""

from __future__ import annotations

import re

import pytest

from acajs_kernel.kernel import messages
from acajs_kernel.kernel.messages import limited_event
from acajs_kernel.session import ClearOutput, DisplayData, ExecuteResult, Stream


@pytest.fixture(autouse=True)
def _small_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MAXIMUM_CHARACTERS", 20)


def test_what_fits_is_left_alone() -> None:
    """An event at the bound is the same object's equal."""
    for event in (
        Stream("stdout", "x" * 20),
        ExecuteResult({"text/plain": "x" * 20, "application/json": {"a": [1, 2]}}),
        DisplayData({"text/html": "x" * 20}, display_id="d"),
        ClearOutput(),
    ):
        assert limited_event(event) == event


def test_text_is_cut_with_a_notice() -> None:
    """Printed text and plain text keep their beginning and tell how much is missing."""
    cut = "x" * 20 + "… cut: 1,000 more characters\n"
    assert limited_event(Stream("stderr", "x" * 1020)) == Stream("stderr", cut)
    assert limited_event(ExecuteResult({"text/plain": "x" * 1020})) == ExecuteResult(
        {"text/plain": cut}
    )


@pytest.mark.parametrize("place", range(1, 6))
def test_a_colour_is_cut_whole_and_ends(place: int) -> None:
    """No part of an escape sequence is left over, and what follows the cut has no colour."""
    event = limited_event(Stream("stdout", f"\x1b[31m{'x' * (15 - place)}\x1b[1m{'y' * 100}"))
    assert isinstance(event, Stream)
    text = event.text.partition("…")[0]
    assert re.sub(r"\x1b\[[0-9;]*m", "", text).strip("xy") == ""
    assert text.endswith("\x1b[0m")


@pytest.mark.parametrize(
    ("mime", "value"),
    [("text/html", "<b>" * 10), ("image/png", "A" * 30), ("application/json", ["1234567"] * 3)],
)
def test_other_representations_are_left_out_with_a_notice(mime: str, value: object) -> None:
    """Half a picture is none: what is left out is named in the plain text."""
    event = limited_event(DisplayData({mime: value, "text/plain": "short", "text/latex": "$x$"}))
    assert isinstance(event, DisplayData)
    assert set(event.data) == {"text/plain", "text/latex"}
    assert event.data["text/plain"].startswith(f"[{mime} of ")
    assert "is not shown" in event.data["text/plain"]
    assert event.data["text/plain"].endswith("\nshort")
