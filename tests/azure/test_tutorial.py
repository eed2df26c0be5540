"""The tutorial, as a page and as a notebook: what it shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acajs_kernel.azure import PoolOptions, create_commands
from acajs_kernel.cli import application
from tests import test_notebooks as lessons
from tests.checkout import REPOSITORY
from tests.notebook_outputs import shown_by

_PAGE = (REPOSITORY / "docs" / "azure.md").read_text(encoding="utf-8")
_COMMANDS = create_commands(
    "mypool", "mygroup", subscription="", location="northcentralus", options=PoolOptions()
)


def _words(text: str) -> str:
    """Return a command in one line."""
    return " ".join(text.replace("\\\n", " ").split())


def _shell_blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("command", _COMMANDS)
def test_the_page_shows_the_commands_that_a_dry_run_prints(command: str) -> None:
    """Each az command of the page is the one that the program knows."""
    assert _words(command) in [_words(block) for block in _shell_blocks()]


def test_the_page_has_the_tutorials_seven_steps() -> None:
    """They are numbered as the vendor's, and in its order."""
    steps = re.findall(r"^## (\d)\. (.+)$", _PAGE, re.MULTILINE)
    assert [number for number, _ in steps] == list("1234567")
    assert [words.split()[-1] for _, words in steps] == [
        "group",
        "pool",
        "role",
        "token",
        "endpoint",
        "session",
        "up",
    ]


async def test_the_notebook_gives_the_outputs_that_are_saved_in_it(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """A fresh run on the embedded pool, without an account, shows what the file shows."""
    fresh = await lessons._run("azure", environment, tmp_path)
    saved = lessons._read("azure")
    for ran, kept in zip(lessons._code_cells(fresh), lessons._code_cells(saved), strict=True):
        assert shown_by(ran) == shown_by(kept), ran.source
    first = next(lessons._code_cells(saved))
    assert (first.source, first.outputs[0].text) == ('console.log("hello-world")', "hello-world\n")


def test_the_notebook_shows_what_a_dry_run_prints() -> None:
    """Its block of az commands is the program's own output."""
    ran = CliRunner().invoke(
        application.application,
        ["azure", "create", "mypool", "--resource-group", "mygroup", "--dry-run"],
    )
    text = "\n".join(cell.source for cell in lessons._read("azure").cells)
    assert f"```text\n{ran.stdout}```" in text
