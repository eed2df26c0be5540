"""The notebooks that teach: a fresh run gives what is saved in them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.checkout import REPOSITORY
from tests.notebook_outputs import shown_by, tags_of
from tests.pool_server import ServedPool, served_pool

_NOTEBOOKS = REPOSITORY / "notebooks"
_OF_THE_NETWORK = {"charts", "files-and-packages", "gallery"}
_RUN_ELSEWHERE = {"azure", "quickstart", "widgets"}
_LESSONS = sorted(
    path.stem for path in _NOTEBOOKS.glob("*.ipynb") if path.stem not in _RUN_ELSEWHERE
)
_CELL_SECONDS = 120
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def _read(name: str) -> Any:
    return nbformat.read(_NOTEBOOKS / f"{name}.ipynb", as_version=4)


def _code_cells(notebook: Any) -> Iterator[Any]:
    return (cell for cell in notebook.cells if cell.cell_type == "code")


async def _run(name: str, environment: dict[str, str], folder: Path) -> Any:
    """Run a notebook without its saved outputs, in a folder of its own."""
    notebook = _read(name)
    for cell in _code_cells(notebook):
        cell.outputs = []
    client = NotebookClient(
        notebook,
        timeout=_CELL_SECONDS,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
    )
    # npm's warnings are about this machine's settings.
    await client.async_execute(env=environment | {"npm_config_loglevel": "error"})
    return notebook


def _marked(*names: str) -> list[Any]:
    return [
        pytest.param(name, marks=[pytest.mark.network, pytest.mark.slow])
        if name in _OF_THE_NETWORK
        else name
        for name in names
    ]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", _marked(*_LESSONS))
async def test_a_lesson_gives_the_outputs_that_are_saved_in_it(
    name: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """Each cell of a fresh run shows what the file shows, whatever the version of Node."""
    fresh = await _run(name, environment, tmp_path)
    for ran, saved in zip(_code_cells(fresh), _code_cells(_read(name)), strict=True):
        assert shown_by(ran) == shown_by(saved), ran.source


@pytest.fixture(scope="module")
def pool() -> Iterator[ServedPool]:
    """Serve a pool over TCP."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACAJS_")}
    with served_pool(clean) as served:
        yield served


@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", ["in place", "copies", "elsewhere", "elsewhere, copies"])
@pytest.mark.parametrize("name", _marked("data", "files-and-packages", "remote-session"))
async def test_a_lesson_about_files_is_the_same_wherever_its_session_has_them(
    name: str, way: str, environment: dict[str, str], tmp_path: Path, pool: ServedPool
) -> None:
    """In the notebook's folder, with copies of it, and on a pool elsewhere."""
    setting = "copy" if "copies" in way else "auto"
    variables = environment | {"ACAJS_WORKSPACE": setting}
    if "elsewhere" in way:
        variables |= pool.environment
    fresh = await _run(name, variables, tmp_path)
    for ran, saved in zip(_code_cells(fresh), _code_cells(_read(name)), strict=True):
        assert shown_by(ran) == shown_by(saved), ran.source


async def test_the_notebook_on_plain_mode_gives_the_same_where_that_is_the_default(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """With nothing but single executions its texts, values and errors are those saved."""
    fresh = await _run("plain", environment | {"ACAJS_RUNTIME": "plain"}, tmp_path)
    for ran, saved in zip(_code_cells(fresh), _code_cells(_read("plain")), strict=True):
        assert shown_by(ran) == shown_by(saved), ran.source


def test_the_notebook_on_plain_mode_is_saved_in_plain_mode() -> None:
    """Its values have no colours, and its errors name no cell: the rich runtime's have both."""
    text = (_NOTEBOOKS / "plain.ipynb").read_text(encoding="utf-8")
    assert "evalmachine.<anonymous>:1" in text
    assert "In[" not in text
    values = [
        output.data["text/plain"]
        for cell in _code_cells(_read("plain"))
        for output in cell.outputs
        if output.output_type == "execute_result"
    ]
    assert "42" in values
    assert not any(map(_COLOUR.search, values))


def test_the_lessons_are_the_notebooks_that_are_not_run_elsewhere() -> None:
    """Every subject that the documentation lists has its notebook."""
    assert set(_LESSONS) >= {
        "async",
        "charts",
        "data",
        "errors",
        "exercises",
        "files-and-packages",
        "gallery",
        "objects",
        "plain",
        "remote-session",
        "solutions",
        "values",
    }


@pytest.mark.parametrize("name", _LESSONS)
def test_a_lesson_is_saved_as_a_whole_run(name: str) -> None:
    """It names this kernel, counts from 1, and fails only where it says so."""
    notebook = _read(name)
    assert notebook.metadata.kernelspec == {
        "name": "acajs",
        "display_name": "JavaScript (ACA)",
        "language": "javascript",
    }
    assert notebook.cells[0].source.startswith("# ")
    cells = list(_code_cells(notebook))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        fails = any(output.output_type == "error" for output in cell.outputs)
        assert fails == ("raises-exception" in tags_of(cell)), cell.source


def test_the_gallery_shows_every_kind() -> None:
    """What is saved holds the representations that the kernel is able to make."""
    outputs = [output for cell in _code_cells(_read("gallery")) for output in cell.outputs]
    assert {
        "application/json",
        "application/vnd.dataresource+json",
        "application/vnd.vegalite.v5+json",
        "image/png",
        "image/svg+xml",
        "text/html",
        "text/latex",
        "text/markdown",
        "text/plain",
    } <= {mime for output in outputs for mime in output.get("data", {})}


@pytest.mark.timeout(120)
def test_a_notebook_with_widgets_is_saved_again_as_it_was(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """The script that saves notebooks keeps the widgets' state, under the same identifiers."""
    copy = tmp_path / "widgets.ipynb"
    saved = (_NOTEBOOKS / "widgets.ipynb").read_bytes()
    copy.write_bytes(saved)
    script = REPOSITORY / "scripts" / "save_notebooks.py"
    subprocess.run([sys.executable, script, copy], env=environment, check=True, timeout=100)
    assert copy.read_bytes() == saved


def test_every_solution_is_right_and_no_exercise_is_solved_already() -> None:
    """All checks of the solutions are green, and all of the exercises are red."""
    marks = {
        name: [
            [output.data["text/plain"][0] for output in cell.outputs]
            for cell in _code_cells(_read(name))
            if "await check(" in cell.source
        ]
        for name in ("exercises", "solutions")
    }
    assert len(marks["solutions"]) == len(marks["exercises"]) == 8
    assert {mark for cell in marks["solutions"] for mark in cell} == {"✔"}
    assert {mark for cell in marks["exercises"] for mark in cell} == {"✘"}


@pytest.mark.timeout(120)
def test_the_documented_script_counts_the_marks(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """It prints a line for each notebook, also for one whose saved marks are made up."""
    page = (REPOSITORY / "docs" / "notebooks.md").read_text(encoding="utf-8")
    ((script,), (total,)) = (
        re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL),
        re.findall(r"`solutions.ipynb`, which is (\d+)", page),
    )
    stuck = _read("solutions")
    for cell in _code_cells(stuck):
        if "function* chunks" in cell.source:
            cell.source += "\nfor (;;) {}"
    nbformat.write(stuck, tmp_path / "stuck.ipynb")
    for name in ("exercises", "solutions"):
        shutil.copy(_NOTEBOOKS / f"{name}.ipynb", tmp_path)
    (tmp_path / "marks.py").write_text(script.replace("timeout=60", "timeout=5"), encoding="utf-8")
    ran = subprocess.run(
        [
            *(sys.executable, "marks.py"),
            *("exercises.ipynb", "solutions.ipynb", "stuck.ipynb"),
        ],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=100,
    )
    assert ran.stdout.splitlines() == [
        f"exercises.ipynb: 0 green, {total} red",
        f"solutions.ipynb: {total} green, 0 red",
        "stuck.ipynb: 7 green, 0 red, then stopped: CellTimeoutError",
    ]


def test_exercises_and_solutions_have_the_same_checks() -> None:
    """A solution is held to exactly what the exercise asks."""
    checks = [
        [cell.source for cell in _code_cells(_read(name)) if "check(" in cell.source]
        for name in ("exercises", "solutions")
    ]
    assert checks[0] == checks[1]
