"""What a command may show on a stream."""

from __future__ import annotations

import io

import pytest

from acajs_kernel.cli.streams import can_show, is_fancy


class _Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, True),
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "dumb"}, False),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
    ],
)
def test_colours_are_for_terminals_that_want_them(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], *, expected: bool
) -> None:
    """NO_COLOR and a terminal that knows nothing but text turn colours off."""
    for name in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert is_fancy(_Screen()) is expected
    assert not is_fancy(io.StringIO())


@pytest.mark.parametrize(("encoding", "expected"), [("ascii", False), ("utf-8", True)])
def test_a_mark_is_shown_where_the_encoding_has_it(encoding: str, *, expected: bool) -> None:
    """What a stream cannot encode is not written to it."""
    assert can_show(io.TextIOWrapper(io.BytesIO(), encoding), "✓") is expected
