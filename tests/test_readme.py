"""The README says what is so: its cell, its settings, its commands, its links."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acajs_kernel import __version__, cli, errors
from acajs_kernel.config import Settings
from tests.checkout import REPOSITORY, clean_environment, copy_repository
from tests.kernel_client import running_kernel

_README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def _blocks(language: str) -> list[str]:
    """Return the README's code blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", _README, re.MULTILINE | re.DOTALL)


def _section(title: str) -> str:
    """Return the text between a heading and the next."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", _README, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def _rows(section: str) -> list[list[str]]:
    """Return the cells of a section's table, without its head."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


async def test_the_first_screens_cell_shows_what_it_says(environment: dict[str, str]) -> None:
    """A new user who pastes the README's cell sees the README's output."""
    async with running_kernel(environment) as kernel:
        ran = await kernel.run(_blocks("js")[0])
    assert ran.stderr == ""
    assert f"{ran.stdout}{_COLOUR.sub('', ran.text or '')}\n" == _blocks("text")[0]


def test_the_first_screen_is_on_the_first_screen() -> None:
    """Sentence, commands, cell and output stand within forty lines."""
    before, _, _ = _README.partition(_blocks("text")[0])
    assert before.count("\n") < 40


@pytest.mark.usefixtures("environment")
def test_the_table_of_settings_is_that_of_the_traits() -> None:
    """Every setting has its row, with the variable that its trait names and its default."""
    settings = Settings()
    rows = {row[0].strip("`"): row[1:] for row in _rows(_section("Settings"))}
    assert set(rows) == set(Settings.class_own_traits())
    for name, (variable, default, _) in rows.items():
        words = " ".join(str(Settings.class_traits()[name].help).split())
        assert f"Environment: {variable.strip('`')}" in words
        value = getattr(settings, name)
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        assert default.strip("`") == (shown or "empty")


@pytest.mark.parametrize("name", [row[0].strip("`") for row in _rows(_section("Settings"))])
def test_a_settings_variable_sets_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment variable of a row is the one that is read."""
    variable = next(r[1] for r in _rows(_section("Settings")) if r[0].strip("`") == name)
    value = {
        "runtime": "plain",
        "timeout": "7",
        "keepalive_minutes": "7",
        "on_session_loss": "replay",
        "log_level": "INFO",
    }.get(name, "given")
    monkeypatch.setenv(variable.strip("`"), value)
    assert str(getattr(Settings(), name)).removesuffix(".0") == value


def test_the_errors_named_exist() -> None:
    """Every error of the troubleshooting table is one that can be raised."""
    named = [re.findall(r"`(\w+)`", row[0])[0] for row in _rows(_section("Troubleshooting"))]
    assert len(named) >= 8
    assert set(named) <= set(errors.__all__)


@pytest.mark.parametrize("command", [["install"], ["pool", "serve"]])
def test_the_commands_options_exist(command: list[str]) -> None:
    """Every option that the README shows for a command is in the command's help."""
    written = {
        option
        for line in re.findall(rf"acajs {' '.join(command)}(.*)", _README)
        for option in re.findall(r"(?<= )--[a-z-]+", line)
    }
    if command == ["install"]:
        written |= set(re.findall(r"--[a-z-]+", _section("Commands").split("\n\n")[0]))
        assert written >= {"--user", "--sys-prefix", "--prefix", "--endpoint", "--name"}
    shown = CliRunner().invoke(
        cli._application, [*command, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}
    )
    assert shown.exit_code == 0
    assert written <= set(re.findall(r"--[a-z-]+", shown.output))


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_to_files_lead_somewhere(document: str) -> None:
    """Every relative link names a file of the repository."""
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"", text)
    missing = [
        link
        for link in map("".join, links)
        if "://" not in link and not (REPOSITORY / link.partition("#")[0]).is_file()
    ]
    assert missing == []


def test_the_changelog_has_the_current_version() -> None:
    """The package's version has a heading in the changelog."""
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(__version__)}\b", changelog, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform == "win32", reason="the command is a POSIX shell's")
def test_the_first_command_works_with_python_alone(tmp_path: Path) -> None:
    """The README's first command, in a copy of the repository, on a machine without Node."""
    programs = tmp_path / "bin"
    programs.mkdir()
    python = Path(sys.base_prefix, "bin", "python3")
    (programs / "python3").write_text(f'#!/bin/sh\nexec "{python}" "$@"\n', encoding="utf-8")
    (programs / "python3").chmod(0o755)
    for name in ("sh", "uname", "basename", "dirname"):  # what activating may call
        (programs / name).symlink_to(shutil.which(name) or os.devnull)
    ran = subprocess.run(
        ["/bin/sh", "-c", _blocks("sh")[0]],
        cwd=copy_repository(tmp_path / "checkout"),
        env=clean_environment(programs, tmp_path),
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-4000:]
    assert "Executing notebook with kernel: acajs" in ran.stderr
