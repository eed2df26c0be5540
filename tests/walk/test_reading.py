"""What reads the pages can tell right from wrong."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.walk.pages import blocks_in
from tests.walk.reader import is_shown
from tests.walk.terminal import Terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pages show a POSIX shell")

_PAGE = """\
Words.

```sh
one
```

which prints

```text
1
```

- In a list:

    <!-- not run: azure -->

    ```sh
    two \\
      three
    ```

```text
neither output nor run
```
"""


def test_a_page_is_its_blocks_with_their_outputs_and_marks() -> None:
    """A text behind a block that runs is its output, and a mark is found in a list too."""
    blocks = blocks_in(_PAGE, "page.md")
    assert [(b.line, b.language, b.text, b.reason, b.output) for b in blocks] == [
        (4, "sh", "one\n", "", "1\n"),
        (18, "sh", "two \\\n  three\n", "azure", None),
        (23, "text", "neither output nor run\n", "", None),
    ]


def test_what_is_written_from_the_code_is_left_out() -> None:
    """Other tests hold such pages, and parts of pages, against the code."""
    assert blocks_in(f"<!-- Written by scripts/a.py from b.py. -->\n\n{_PAGE}", "page.md") == []
    assert blocks_in(f"<!-- begin -->\n\n{_PAGE}\n<!-- end -->\n", "page.md") == []


@pytest.mark.parametrize(
    ("printed", "shown", "expected"),
    [
        ("42\n", "42\n", True),
        ("43\n", "42\n", False),
        ("\x1b[33m42\x1b[39m\n", "42\n", True),
        ("took 3 ms\nend\n", "took …\nend\n", True),
        ("took 3 ms\n", "took …\nend\n", False),
        (
            '{"executionTimeInMilliseconds":7,"a":1}',
            '{"executionTimeInMilliseconds":5,"a":1}\n',
            True,
        ),
        (
            '{"executionTimeInMilliseconds":7,"a":2}',
            '{"executionTimeInMilliseconds":7,"a":1}\n',
            False,
        ),
    ],
)
def test_outputs_are_compared(printed: str, shown: str, expected: bool) -> None:  # noqa: FBT001 -- a parameter
    """Colours and times do not count, an ellipsis stands for anything, all else counts."""
    assert is_shown(printed, shown) is expected


async def test_a_terminal_keeps_what_was_set_and_stops_at_a_failure(tmp_path: Path) -> None:
    """Variables and folder stay from block to block; a command that fails is named."""
    terminal = Terminal({"PATH": os.environ["PATH"]}, tmp_path, tmp_path)
    await terminal.open()
    try:
        assert await terminal.paste("A='b c'\nexport A\nmkdir in && cd in\n") == ""
        assert await terminal.paste('echo "$A"\n') == "b c\n"
        assert (await terminal.environment())["A"] == "b c"
        assert await terminal.folder() == tmp_path / "in"
        with pytest.raises(AssertionError, match=r"ls: .*not-there"):
            await terminal.paste("ls not-there\necho after\n")
    finally:
        await terminal.close()


async def test_a_program_that_is_left_running_ends_with_the_terminal(tmp_path: Path) -> None:
    """It has the shell's variables, is waited for, and a program that ends early is named."""
    terminal = Terminal({"PATH": os.environ["PATH"]}, tmp_path, tmp_path)
    await terminal.open()
    try:
        await terminal.paste("export A=ready\n")
        printed = await terminal.leave_running(
            "sh -c 'echo $$; echo $A; sleep 600'", lambda text: "ready" in text
        )
        with pytest.raises(AssertionError, match="ended before it was ready"):
            await terminal.leave_running("echo no", lambda text: "ready" in text)
    finally:
        await terminal.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(printed.split()[0]), 0)
