"""docs/cli.md describes the commands that there are."""

from __future__ import annotations

import re
import runpy
from typing import Any

import pytest
from typer.testing import CliRunner

from acajs_kernel.cli import application
from tests.checkout import REPOSITORY

_PAGE = (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")
_SCRIPT: dict[str, Any] = runpy.run_path(str(REPOSITORY / "scripts" / "document_cli.py"))


def test_the_reference_is_current() -> None:
    """`python scripts/document_cli.py` would change nothing."""
    assert _SCRIPT["page_with_reference"](_PAGE) == _PAGE


@pytest.mark.parametrize("command", [name for name, _ in _SCRIPT["commands"]()])
def test_a_commands_options_are_those_of_its_help(command: str) -> None:
    """What the page shows is what the command says of itself, no option more or less."""
    section = re.search(rf"^### `{command}`\n(.*?)(?=^##|\Z)", _PAGE, re.MULTILINE | re.DOTALL)
    assert section is not None
    options = {
        form
        for cell in re.findall(r"^\| (`-.*?) \| ", section[1], re.MULTILINE)
        for form in re.findall(r"`(--?[a-z-]+)", cell)
    }
    shown = CliRunner().invoke(
        application.application,
        [*command.split()[1:], "--help"],
        env={"COLUMNS": "300", "NO_COLOR": "1", "TERM": "dumb"},
    )
    assert shown.exit_code == 0
    listed = [line for line in shown.output.splitlines() if line.startswith(("│", "  "))]
    found = {
        form for line in listed for form in re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", line[:120])
    }
    assert options - found == set()


def test_links_lead_somewhere() -> None:
    """Every relative link of the page names a file of the repository."""
    links = re.findall(r"\]\(([^)\s]+)\)", _PAGE)
    for link in links:
        assert "://" in link or (REPOSITORY / "docs" / link.partition("#")[0]).is_file()
