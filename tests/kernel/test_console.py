"""jupyter console in a pseudo terminal: a person types, and reads what comes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pexpect = pytest.importorskip("pexpect")
pytest.importorskip("jupyter_console")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals are POSIX"),
]

_SECONDS = 60


@pytest.fixture
def console(environment: dict[str, str], tmp_path: Path) -> Iterator[Any]:
    """Start a console whose files are all of its own."""
    settings = {
        "ACAJS_HISTORY": str(tmp_path / "history.sqlite"),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "TERM": "xterm",
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }
    process = pexpect.spawn(
        sys.executable,
        ["-m", "jupyter_console", "--kernel", "acajs", "--ZMQTerminalInteractiveShell.banner="],
        env=environment | settings,
        encoding="utf-8",
        dimensions=(40, 120),
        timeout=_SECONDS,
    )
    yield process
    process.close(force=True)


def _expect_prompt(console: Any, number: int) -> None:
    """Wait until the console asks for a cell."""
    console.expect(re.compile(rf"In \[[^\]]*{number}[^\]]*\]"))


def test_a_console_session(console: Any) -> None:
    """Result, error, several lines, completion and history, in one session."""
    _expect_prompt(console, 1)
    console.send("6 * 7\r")
    console.expect("42")
    _expect_prompt(console, 2)
    console.send("throw new RangeError('too far')\r")
    console.expect("RangeError.*too far")
    _expect_prompt(console, 3)
    console.send("function twice(n) {\r")  # the kernel says that more is to come
    console.expect(r"\.\.\.")
    console.send("return 2 * n + 0.5\r")
    console.send("}\r")
    console.send("\r")
    _expect_prompt(console, 4)
    console.send("twice(21)\r")
    console.expect(r"42\.5")
    _expect_prompt(console, 5)
    console.send("\x1b[A")  # the up arrow
    console.expect("twice")  # colours part it from what follows
    console.send("\r")
    console.expect(r"42\.5")
    _expect_prompt(console, 6)
    console.send("globalThis.structuredC\t")
    console.expect("lone")  # only the rest is drawn
    console.send("\x03")  # Ctrl-C empties the line
    console.expect(r"\x1b\[K")
    console.send("\x04")  # Ctrl-D asks whether to end
    console.expect(r"\[y\]/n")
    console.send("y\r")
    console.expect(pexpect.EOF)
