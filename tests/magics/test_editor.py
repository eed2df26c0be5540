"""What editors and consoles are told of cells with magics, through a real kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from acajs_kernel.magics import editor
from acajs_kernel.magics.call import Call
from acajs_kernel.magics.declaration import Magic
from acajs_kernel.magics.editor import check_cell, complete_cell
from acajs_kernel.session import Completions
from tests.kernel_client import RunningKernel


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def _prepared(kernel: RunningKernel) -> None:
    """Make a variable and a file to complete."""
    await kernel.run("const thing = { alpha: 1 }; require('fs').writeFileSync('data.csv', '')")


async def _complete(kernel: RunningKernel, code: str) -> tuple[list[str], str]:
    """Return what is offered at the end of a cell, and the text that it would replace."""
    reply = (await kernel.collect(kernel.client.complete(code, len(code)))).reply
    return reply["matches"], code[reply["cursor_start"] : reply["cursor_end"]]


@pytest.mark.parametrize(
    ("code", "match", "replaced"),
    [
        ("%tim", "%time", "%tim"),
        ("%tim", "%%time", "%tim"),
        ("  %tim", "%timeout", "%tim"),
        ("%%ti", "%%time", "%%ti"),
        ("1;\n%who", "%who", "%who"),
        ("%session st", "stop", "st"),
        ("%runtime ", "plain", ""),
        ("%help tim", "timeout", "tim"),
        ("%load da", "data.csv", "da"),
        ("%%writefile da", "data.csv", "da"),
        ("!cat da", "data.csv", "da"),
        ("!thing.al", "alpha", "al"),
        ("!thing && thing.al", "alpha", "al"),
        ("%time thing.al", "alpha", "al"),
        ("%%time\nthing.al", "alpha", "al"),
        ("%env A=1\nthing.al", "alpha", "al"),
        ("1\n% thing.al", "alpha", "al"),
    ],
)
async def test_names_and_arguments_are_completed(
    kernel: RunningKernel, code: str, match: str, replaced: str
) -> None:
    """Magics, their words, files of the session, and JavaScript where it stands."""
    matches, text = await _complete(kernel, code)
    assert match in matches
    assert text == replaced


@pytest.mark.parametrize(
    ("code", "match"),
    [("1;\n%ti", "%%time"), ("%session new st", "stop"), ("%nope x", "x"), ("%html", "%html")],
)
async def test_what_cannot_stand_there_is_not_offered(
    kernel: RunningKernel, code: str, match: str
) -> None:
    """Magics of cells below the first line, commands behind the first word."""
    assert match not in (await _complete(kernel, code))[0]


async def test_files_of_the_users_machine_are_completed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """For magics that take them from there; a folder ends in a slash."""

    async def run(_: Call) -> None:
        raise AssertionError("nothing runs here")

    magic = Magic("send", ("%send FILE",), "Send.", run, "kernel", completes="local files")
    monkeypatch.setattr(editor, "magics", lambda: {"send": magic})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file.txt").touch()
    (tmp_path / ".hidden").touch()
    nobody: Any = None

    async def complete(code: str) -> Completions:
        return await complete_cell(code, len(code), nobody)

    assert [match.text for match in (await complete("%send ")).matches] == ["folder/"]
    found = await complete("%send a folder/f")
    assert ([match.text for match in found.matches], found.start) == (["folder/file.txt"], 8)
    assert (await complete("%send none/x")).matches == []


async def test_magics_and_the_code_behind_them_are_inspected(kernel: RunningKernel) -> None:
    """The magic at its name, JavaScript at its own names."""

    async def inspect(code: str, cursor: int) -> str:
        reply = (await kernel.collect(kernel.client.inspect(code, cursor))).reply
        return str(reply["data"].get("text/plain", ""))

    assert "the time that it took" in await inspect("%time thing", 3)
    assert "alpha" in await inspect("%time thing", 8)
    assert "alpha" in await inspect("%env A=1\nthing", 12)
    assert "session's shell" in await inspect("!npm install x", 2)
    assert "as HTML" in await inspect("%%html\n<b>", 4)


@pytest.mark.parametrize(
    ("code", "words"),
    [("%time?", "%time CODE"), ("%%html??", "%%html"), ("!?", "%sh"), ("%tme?", "no magic")],
)
async def test_a_question_mark_shows_the_help_of_a_magic(
    kernel: RunningKernel, code: str, words: str
) -> None:
    """In the pager; nothing is run."""
    ran = await kernel.run(code)
    assert ran.types == []
    (page,) = ran.reply["payload"]
    assert words in page["data"]["text/plain"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("%who", "complete"),
        ("1;\n%time f(", "complete"),
        ("%env A=1\nf(", "incomplete"),
        ("%load a \\", "incomplete"),
        ("%%sh\nls", "incomplete"),
        ("%%sh", "incomplete"),
        ("%%sh\nls\n\n", "complete"),
        ("!npm install x", "complete"),
        ("%env A=1\nf()", "complete"),
    ],
)
def test_consoles_know_when_a_cell_is_complete(code: str, status: str) -> None:
    """A magic of a line is; one of a cell waits for an empty line."""
    assert check_cell(code).status == status
