"""JSON values are printed as the real Node prints them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acajs_kernel.local.node import find_node
from acajs_kernel.session.plain.node_inspect import inspect

_PRINT_EACH = """
const options = {depth: null, maxArrayLength: null, maxStringLength: null};
require('readline').createInterface({input: process.stdin}).on('line', (line) => {
  const text = require('util').inspect(JSON.parse(line), options);
  process.stdout.write(JSON.stringify(text) + '\\n');
});
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


class NodePrinter:
    """A Node process that prints each value it is given."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, value: Any) -> str:
        """Return the text that Node's util.inspect gives."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(value) + "\n")
        self._process.stdin.flush()
        text: str = json.loads(self._process.stdout.readline())
        return text


@pytest.fixture(scope="module")
def node_inspect() -> Iterator[NodePrinter]:
    """Start one Node for all values."""
    with subprocess.Popen(
        [str(find_node()), "-e", _PRINT_EACH],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        yield NodePrinter(process)
        assert process.stdin is not None
        process.stdin.close()


@settings(max_examples=200, deadline=None)
@given(value=_VALUES)
def test_any_json_value_is_printed_as_node_prints_it(node_inspect: NodePrinter, value: Any) -> None:
    """Whatever the value, the text is the one of Node's own util.inspect."""
    value = json.loads(json.dumps(value))
    assert inspect(value) == node_inspect(value)


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


def test_a_long_array_is_lined_up_in_columns(node_inspect: NodePrinter) -> None:
    """A hundred numbers are grouped as Node groups them."""
    values = list(range(100))
    assert inspect(values) == node_inspect(values)
