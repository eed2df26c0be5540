"""The README says what is so: its settings, its options, its links. tests/walk runs its blocks."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from acajs_kernel import __version__, errors
from acajs_kernel.cli import application
from acajs_kernel.config import Settings
from tests.checkout import REPOSITORY

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
        "embedded_pool": "off",
        "language": "typescript",
        "runtime": "plain",
        "timeout": "7",
        "keepalive_minutes": "7",
        "on_session_loss": "replay",
        "log_level": "INFO",
        "workspace_files": "7",
        "workspace_megabytes": "7",
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
        application.application, [*command, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}
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
