"""Commands in a terminal: a person types, and reads what comes."""

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from acajs_kernel.cli.transfer_progress import TerminalProgress
from tests.cli.command import ACAJS

pexpect = pytest.importorskip("pexpect")

_SECONDS = 60


def test_a_transfer_moves_a_bar() -> None:
    """In a terminal the bar shows the file, the bytes and the size, and goes in the end."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120, color_system=None)
    progress = TerminalProgress("Uploading", console)
    progress.begin(2, 3_000_000)
    progress.start("one.bin", 1_000_000)
    progress.move(1_000_000)
    progress.start("two.bin", 2_000_000)
    progress.move(500_000)
    progress.end()
    assert "two.bin" in screen.getvalue()
    assert "1.4/2.9 MiB" in screen.getvalue()


def test_no_bar_goes_into_a_file() -> None:
    """Where standard error is no terminal, nothing is shown."""
    screen = io.StringIO()
    progress = TerminalProgress("Uploading", Console(file=screen))
    progress.begin(1, 10)
    progress.start("one.bin", 10)
    progress.end()
    assert screen.getvalue() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_a_password_that_is_not_given_leaves_the_terminal_as_it_was(
    environment: dict[str, str],
) -> None:
    """Ctrl-C at a hidden question ends the script, and what is typed then is seen again."""
    script = "await input('Password?', {password: true})"
    command = f'trap : INT; "{ACAJS}" exec -e "{script}"; echo "status $?"; stty -a'
    shell = pexpect.spawn(
        "/bin/sh", ["-c", command], env=environment, encoding="utf-8", timeout=_SECONDS
    )
    try:
        shell.expect_exact("Password?")
        shell.waitnoecho(_SECONDS)
        shell.sendintr()
        shell.expect_exact("KeyboardInterrupt")
        shell.expect_exact("status 130")
        shell.expect(pexpect.EOF)
        assert " echo " in str(shell.before)
    finally:
        shell.close(force=True)
