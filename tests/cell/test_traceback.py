"""Failures in plain mode: stderr split into the cell's own output and the error."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TypedDict, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acajs_kernel.cell.traceback import parse_failure


class Recorded(TypedDict):
    """A failing cell as nel 1.3.0 on Node 20 reported it."""

    code: str
    printed: str
    ename: str
    evalue: str
    stack: str


RECORDED = cast(
    "list[Recorded]",
    json.loads(Path(__file__).with_name("nel_failures.json").read_text(encoding="utf-8")),
)
FRAMES = "    at f (evalmachine.<anonymous>:2:20)\n    at run ([eval]:1020:15)"
ARROW = "evalmachine.<anonymous>:2\nfoo(1)\n^\n\n"


def reported(failure: Recorded) -> str:
    """Return the stderr that a pool makes of a recorded failure."""
    return failure["printed"] + (failure["stack"] or f"{failure['ename']}: {failure['evalue']}")


def plain(traceback: list[str]) -> str:
    """Return a traceback's text without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(traceback))


@pytest.mark.parametrize("failure", RECORDED, ids=[r["code"][:40] for r in RECORDED])
def test_a_recorded_failure_is_split_as_the_engine_reported_it(failure: Recorded) -> None:
    """Name, message and the cell's own output agree with nel's own account."""
    parsed = parse_failure(reported(failure))
    assert parsed.stream == failure["printed"]
    assert parsed.ename == failure["ename"]
    assert parsed.evalue == failure["evalue"].rstrip()
    assert f"\x1b[0;31m{failure['ename']}\x1b[0m" in "\n".join(parsed.traceback)


@pytest.mark.parametrize("failure", RECORDED, ids=[r["code"][:40] for r in RECORDED])
def test_no_frame_of_node_or_the_executor_is_shown(failure: Recorded) -> None:
    """Frames of Node and nel are cut; every frame of the cell stays."""
    shown = plain(parse_failure(reported(failure)).traceback)
    frames = [line for line in shown.split("\n") if line.startswith("    at ")]
    assert not [line for line in frames if "node:" in line or "[eval]" in line]
    stack = [line for line in failure["stack"].split("\n") if line.startswith("    at ")]
    assert frames == [line for line in stack if "node:" not in line and "[eval]" not in line]


@pytest.mark.parametrize("failure", RECORDED, ids=[r["code"][:40] for r in RECORDED])
@pytest.mark.parametrize(
    "printed",
    [
        "careful\n",
        "Error: printed\n    at there (evalmachine.<anonymous>:1:1)\n",
        f"{ARROW}Error: a\n{FRAMES}\n",
    ],
    ids=["line", "stack", "arrow"],
)
def test_what_the_cell_printed_before_stays_in_the_stream(failure: Recorded, printed: str) -> None:
    """Output before the error goes to the stream, even when it looks like an error."""
    if not failure["stack"] and failure["printed"]:
        pytest.skip("two outputs and no stack")
    text = printed + reported(failure)
    parsed = parse_failure(text)
    assert parsed.stream == printed + failure["printed"]
    assert parsed.ename == failure["ename"]
    assert parsed.evalue == failure["evalue"].rstrip()


def test_text_printed_without_a_line_break_is_parted_from_the_error() -> None:
    """An error that begins in the middle of a line is found there."""
    arrow = parse_failure(f"50%{ARROW}TypeError: no\n{FRAMES}")
    assert (arrow.stream, arrow.ename, arrow.evalue) == ("50%", "TypeError", "no")
    assert arrow.traceback[0] == "evalmachine.<anonymous>:2"
    bare = parse_failure(f"50% doneTypeError: no\n{FRAMES}")
    assert (bare.stream, bare.ename, bare.evalue) == ("50% done", "TypeError", "no")


def test_an_uncaught_error_before_the_failure_belongs_to_the_stream() -> None:
    """A callback's error, which nel prints without a final line break, is not the cell's."""
    printed = "Error: uncaught\n    at listOnTimeout (node:internal/timers:581:17)"
    parsed = parse_failure(f"{printed}{ARROW}RangeError: mine\n{FRAMES}")
    assert (parsed.stream, parsed.ename, parsed.evalue) == (printed, "RangeError", "mine")


def test_an_error_quoted_in_the_message_stays_in_the_message() -> None:
    """The stack of a failed child process is part of the outer error's message."""
    child = (
        "[eval]:1\nthrow new TypeError(1)\n^\n\nTypeError: 1\n    at [eval]:1:7\n\nNode.js v20\n"
    )
    text = (
        f"node:child_process:965\n    throw err;\n    ^\n\nError: Command failed: node\n{child}\n"
    )
    parsed = parse_failure(f"careful\n{text}{FRAMES}")
    assert parsed.stream == "careful\n"
    assert parsed.ename == "Error"
    assert parsed.evalue == f"Command failed: node\n{child}".rstrip()
    assert "    at [eval]:1:7" in parsed.traceback
    assert parsed.traceback[-1] == "    at f (evalmachine.<anonymous>:2:20)"


def test_an_inspected_error_keeps_its_properties_and_cause() -> None:
    """The form of util.inspect, with a code and a cause, is one error."""
    text = (
        "careful\nTypeError [ERR_X]: outer\n    at f (evalmachine.<anonymous>:1:7)\n"
        "    at run ([eval]:1020:15) {\n  code: 'ERR_X',\n"
        "  [cause]: RangeError: inner\n      at g (evalmachine.<anonymous>:3:1)\n"
        "      at run ([eval]:1020:15)\n}"
    )
    parsed = parse_failure(text)
    assert (parsed.stream, parsed.ename, parsed.evalue) == ("careful\n", "TypeError", "outer")
    shown = plain(parsed.traceback)
    assert "[cause]: RangeError: inner\n      at g" in shown
    assert shown.endswith("\n}")
    assert shown.count("[eval]") == 1  # the frame that opens the properties


def test_an_error_with_an_odd_name_is_found_by_its_frames() -> None:
    """A custom name is recognised where frames follow it."""
    parsed = parse_failure(f"careful\nTeapot: short and stout\n{FRAMES}")
    assert (parsed.stream, parsed.ename, parsed.evalue) == (
        "careful\n",
        "Teapot",
        "short and stout",
    )


def test_a_thrown_object_over_several_lines_is_one_message() -> None:
    """A value without a stack may span lines."""
    parsed = parse_failure("careful\nobject: {\n  a: 'Error: no',\n  b: 2\n}")
    assert (parsed.stream, parsed.ename) == ("careful\n", "object")
    assert parsed.evalue == "{\n  a: 'Error: no',\n  b: 2\n}"


def test_frames_cut_short_by_the_service_do_no_harm() -> None:
    """A stderr cut in the middle of a frame gives the same name and message."""
    text = f"{ARROW}TypeError: no\n{FRAMES}"
    for length in range(text.index(": no") + 4, len(text)):
        parsed = parse_failure(text[:length])
        assert (parsed.ename, parsed.stream) == ("TypeError", "")
        whole_first_frame = length > text.index("\n    at run")
        assert parsed.evalue == "no" or not whole_first_frame


def test_unrecognised_text_is_shown_whole() -> None:
    """Without anything like an error the last line is the message and all is shown."""
    parsed = parse_failure("something went\n\nwrong here\n\n")
    assert (parsed.ename, parsed.evalue, parsed.stream) == ("Error", "wrong here", "")
    assert parsed.traceback == ["something went", "", "wrong here"]


@pytest.mark.parametrize("text", ["", "\n", " \n\t\n"])
def test_an_empty_stderr_still_says_something(text: str) -> None:
    """A failure without a word gives a message all the same."""
    parsed = parse_failure(text)
    assert parsed.ename == "Error"
    assert "did not say why" in parsed.evalue
    assert parsed.traceback


PIECES = st.sampled_from(
    [
        ARROW,
        FRAMES,
        "Error: x",
        "TypeError",
        "\n",
        "    at x",
        "}",
        "{",
        " ^",
        "object: {",
        "a.js:1",
    ]
)


@given(st.lists(st.one_of(PIECES, st.text()), max_size=12).map("".join))
def test_any_text_gives_a_failure_and_loses_no_line(text: str) -> None:
    """Nothing raises, and apart from hidden frames every line is shown or streamed."""
    parsed = parse_failure(text)
    assert parsed.ename
    assert text.startswith(parsed.stream)
    for line in text[len(parsed.stream) :].split("\n"):
        hidden = "node:" in line or "[eval]" in line or "session_host" in line
        assert hidden or not line.strip() or line in plain(parsed.traceback) or "\x1b" in line


def test_a_long_stderr_takes_linear_time() -> None:
    """A hundred thousand lines that all look like errors are parsed within two seconds."""
    text = "Error: x\n" * 50_000 + f"{ARROW}Error: y\n" * 10_000 + "    at f (a.js:1:1)\n" * 50_000
    began = time.monotonic()
    assert parse_failure(text).ename == "Error"
    assert time.monotonic() - began < 2
