"""JSON values are printed as the real Node prints them."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acajs_kernel.local.node import find_node
from acajs_kernel.session.node_inspect import inspect

_PRINT_ALL = """
const values = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const options = {depth: null, maxArrayLength: null, maxStringLength: null};
console.log(JSON.stringify(values.map((v) => require('util').inspect(v, options))));
"""

_KEYS = st.one_of(st.sampled_from(["a", "b1", "with space", "naïve", "0x"]), st.text(max_size=5))
_STRINGS = st.one_of(
    st.text(alphabet="ab'\"`$ {}\n\\", max_size=30),
    st.text(alphabet="xyz \n", min_size=60, max_size=120),
)
# Integer-like keys are reordered by JavaScript, not by what is tested here.
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _STRINGS,
    lambda children: (
        st.lists(children, max_size=30)
        | st.dictionaries(_KEYS.filter(lambda key: not key.isdigit()), children, max_size=8)
    ),
    max_leaves=60,
)


def _node_inspect(values: list[Any]) -> list[str]:
    completed = subprocess.run(
        [str(find_node()), "-e", _PRINT_ALL],
        input=json.dumps(values),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    texts: list[str] = json.loads(completed.stdout)
    return texts


@settings(max_examples=12, deadline=None)
@given(st.lists(_VALUES, min_size=40, max_size=120))
def test_any_json_value_is_printed_as_node_prints_it(values: list[Any]) -> None:
    """Whatever the value, the text is the one of Node's own util.inspect."""
    values = json.loads(json.dumps(values))
    for value, expected in zip(values, _node_inspect(values), strict=True):
        if "-0" not in expected:  # JSON carries -0, and Node's parser keeps it; json.loads too
            assert inspect(value) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2, "2"),
        (2.5, "2.5"),
        (1e21, "1e+21"),
        (1e-7, "1e-7"),
        (123456789012345680000.0, "123456789012345680000"),
        ([1, 2, 3], "[ 1, 2, 3 ]"),
        ({"a": 1, "b c": "x"}, "{ a: 1, 'b c': 'x' }"),
        ([], "[]"),
        ({}, "{}"),
        (None, "null"),
        (True, "true"),
    ],
)
def test_common_values_look_as_in_node(value: object, text: str) -> None:
    """The values that a first notebook shows look as they do in Node."""
    assert inspect(value) == text


def test_a_long_array_is_lined_up_in_columns() -> None:
    """A hundred numbers are grouped as Node groups them."""
    values = list(range(100))
    assert inspect(values) == _node_inspect([values])[0]
