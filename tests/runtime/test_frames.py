"""The agent's answers are read whole, or known to be damaged."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from acajs_kernel.runtime.frames import (
    ABSENT,
    Damaged,
    Part,
    checksum,
    decode_payload,
    parse_part,
)


def _answer(payload: str) -> str:
    return f"acajs1 7 {len(payload)} 0 {len(payload)} {checksum(payload)} {payload}"


@given(st.dictionaries(st.text(), st.text()))
def test_a_whole_answer_is_read(value: dict[str, str]) -> None:
    """Any JSON in ASCII comes through."""
    payload = json.dumps(value)
    part = parse_part(_answer(payload))
    assert part == Part(7, len(payload), 0, payload)


@given(st.text(alphabet="ab {}", min_size=1, max_size=200), st.data())
def test_an_answer_cut_anywhere_is_known_to_be_damaged(payload: str, data: st.DataObject) -> None:
    """No prefix of an answer passes for the answer."""
    text = _answer(payload)
    length = data.draw(st.integers(0, len(text) - 1))
    assert isinstance(parse_part(text[:length]), Damaged)


def test_a_changed_answer_is_known_to_be_damaged() -> None:
    """A character that was replaced on the way is noticed."""
    text = _answer('{"a": 1}')
    assert isinstance(parse_part(text.replace("1}", "2}")), Damaged)


def test_a_cut_answer_tells_how_much_arrives() -> None:
    """The next request can ask for what fits."""
    text = _answer("x" * 1000)
    damaged = parse_part(text[:500])
    assert isinstance(damaged, Damaged)
    assert damaged.received == 500
    assert 0 < damaged.header < 80


def test_no_agent_is_no_part() -> None:
    """The stub's own answer is told apart from a part."""
    assert isinstance(parse_part(ABSENT), Damaged)


def test_lone_surrogates_are_shown_as_replacement_characters() -> None:
    """Half a pair cannot be sent to Jupyter; a whole one is the character it means."""
    assert decode_payload('{"t": ["\\ud83d\\ude00", "a\\ud83d"]}') == {"t": ["😀", "a\ufffd"]}
