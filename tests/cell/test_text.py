"""Offsets are converted between code points and UTF-16 units."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acajs_kernel.cell.text import code_point_offset, utf16_offset


@given(st.text(st.characters(exclude_categories=["Cs"])), st.data())
def test_offsets_survive_the_way_there_and_back(text: str, data: st.DataObject) -> None:
    """Every offset in code points comes back, and counts as JavaScript counts."""
    offset = data.draw(st.integers(0, len(text)))
    units = utf16_offset(text, offset)
    assert units == len(text[:offset].encode("utf-16-le")) // 2
    assert code_point_offset(text, units) == offset


def test_an_offset_within_a_pair_counts_as_behind_the_character() -> None:
    """The halves of a surrogate pair are one character."""
    assert code_point_offset("a😀b", 2) == 2
