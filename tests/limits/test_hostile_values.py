"""Values that V8's texts have no room for once they are JSON: cut or refused, never a hang."""

from __future__ import annotations

import sys

import pytest

from tests.kernel_client import RunningKernel

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="memory is measured on POSIX"),
]

_TEXT = r'"\u0001".repeat(9e7)'  # as JSON 540,000,000 characters, more than any text of V8's
_SECONDS = 180


@pytest.mark.parametrize(
    "code",
    [
        f'({{ [Symbol.for("Jupyter.display")]: () => ({{ "text/plain": {_TEXT} }}) }})',
        f'display({{ "text/html": {_TEXT} }}, {{ raw: true }})',
        f'display({{ "application/json": {{ a: {_TEXT} }} }}, {{ raw: true }})',
        f"display(1, {{ metadata: {{ a: {_TEXT} }} }})",
        f'Jupyter.comm("t", {{ data: {_TEXT} }})',
        f"({_TEXT})",
        f"throw {_TEXT}",
        f"throw new Error({_TEXT})",
    ],
    ids=["bundle", "html", "json", "metadata", "comm", "text", "thrown text", "error"],
)
async def test_a_text_too_long_for_json_is_cut_or_refused(kernel: RunningKernel, code: str) -> None:
    """The cell ends by itself with what can be shown of it, or says why not; the next one runs."""
    ran = await kernel.run(code, seconds=_SECONDS)
    shown = str([message["content"] for message in ran.messages])
    assert "more characters" in shown or "is not shown" in shown or "too long" in shown
    assert "KeyboardInterrupt" not in shown
    assert (await kernel.run("console.log('on')")).stdout == "on\n"


async def test_expressions_too_long_for_json_are_errors(kernel: RunningKernel) -> None:
    """The values of ``user_expressions`` are bounded as others are, all of them together."""
    expressions = dict.fromkeys("abc", "'z'.repeat(4e7)")
    ran = await kernel.run("1", user_expressions=expressions, seconds=_SECONDS)
    values = ran.reply["user_expressions"]
    assert set(values) == set("abc")
    assert (await kernel.run("console.log('on')")).stdout == "on\n"
