"""Notebooks run without a browser: nbclient, jupyter's commands, papermill, many at once."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.checkout import REPOSITORY
from tests.notebook_files import write_notebook
from tests.pool_server import served_pool

_QUICKSTART = REPOSITORY / "notebooks" / "quickstart.ipynb"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CELL_SECONDS = 60


def _read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


async def _execute(notebook: Any, environment: dict[str, str], **options: Any) -> None:
    client = NotebookClient(notebook, timeout=_CELL_SECONDS, **options)
    await client.async_execute(env=environment)


def _outputs(notebook: Any) -> list[list[dict[str, Any]]]:
    """Return each code cell's outputs, without what differs between the ways of running."""
    return [
        _joined(map(_normalised, cell.outputs))
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def _joined(outputs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join what a stream says in pieces: how many there are is a matter of time."""
    joined: list[dict[str, Any]] = []
    for output in outputs:
        if output["kind"] == "stream" and joined and joined[-1].get("name") == output["name"]:
            joined[-1]["text"] += output["text"]
        else:
            joined.append(output)
    return joined


def _normalised(output: Any) -> dict[str, Any]:
    kind: str = output["output_type"]
    if kind == "stream":
        return {"kind": kind, "name": output["name"], "text": output["text"]}
    if kind == "error":  # the stack names different places in plain and in rich mode
        return {"kind": kind, "ename": output["ename"], "evalue": output["evalue"]}
    # Colours are the rich runtime's; the text is the same.
    return {"kind": kind, "text": _COLOUR.sub("", output["data"]["text/plain"])}


async def test_quickstart_gives_the_outputs_that_are_saved_in_it(
    environment: dict[str, str],
) -> None:
    """A fresh run of the quickstart gives what the file shows, tables and tracebacks too."""
    saved = _read(_QUICKSTART)
    notebook = _read(_QUICKSTART)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    await _execute(notebook, environment, coalesce_streams=True)
    assert [cell.get("outputs") for cell in notebook.cells] == [
        cell.get("outputs") for cell in saved.cells
    ]


def test_quickstart_shows_what_it_teaches() -> None:
    """The saved outputs are those that the notebook's text promises."""
    notebook = _read(_QUICKSTART)
    assert _outputs(notebook) == [
        [_result("42")],
        [_stream("stdout", "Hello, Ada!\n"), _stream("stderr", "something to look at\n")],
        [
            _result(
                "[\n  { name: 'Mercury', moons: 0 },\n"
                "  { name: 'Earth', moons: 1 },\n  { name: 'Mars', moons: 2 }\n]"
            )
        ],
        [_result("3")],
        [_result("[ 'Mercury', 'Earth', 'Mars' ]")],
        [_stream("stdout", "Mercury\nEarth\nMars\n")],
        [{"kind": "error", "ename": "RangeError", "evalue": "too far"}],
        [_result("'Mercury'")],
    ]
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    (html,) = [output.data["text/html"] for output in outputs if "text/html" in str(output)]
    assert html.startswith("<table>")
    (error,) = [output for output in outputs if output.output_type == "error"]
    assert "    at jump (In[7]:2:25)" in error.traceback


def _result(text: str) -> dict[str, Any]:
    return {"kind": "execute_result", "text": text}


def _stream(name: str, text: str) -> dict[str, Any]:
    return {"kind": "stream", "name": name, "text": text}


def test_quickstart_is_saved_for_this_kernel() -> None:
    """The notebook names the installed kernel, and its cells carry their counts in order."""
    notebook = _read(_QUICKSTART)
    assert notebook.metadata.kernelspec == {
        "name": "acajs",
        "display_name": "JavaScript (ACA)",
        "language": "javascript",
    }
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


async def test_a_failing_cell_stops_the_run_and_names_the_error(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Nbclient raises with the error's name and message, and runs nothing after it."""
    notebook = _read(
        write_notebook(tmp_path / "failing.ipynb", "1", "throw new TypeError('no')", "3")
    )
    with pytest.raises(CellExecutionError) as raised:
        await _execute(notebook, environment | {"ACAJS_RUNTIME": "plain"})
    assert (raised.value.ename, raised.value.evalue) == ("TypeError", "no")
    assert _outputs(notebook)[2] == []


async def test_errors_that_are_allowed_do_not_stop_the_run(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """With ``allow_errors`` the cells after a failing one run in the same session."""
    notebook = _read(
        write_notebook(
            tmp_path / "allowed.ipynb", "var kept = 41", "throw new TypeError('no')", "kept + 1"
        )
    )
    await _execute(notebook, environment | {"ACAJS_RUNTIME": "plain"}, allow_errors=True)
    assert _outputs(notebook) == [
        [],
        [{"kind": "error", "ename": "TypeError", "evalue": "no"}],
        [_result("42")],
    ]


def _jupyter_execute(
    path: Path, environment: dict[str, str], *options: str
) -> subprocess.CompletedProcess[str]:
    return _command("jupyter", environment, "execute", *options, str(path))


def _command(
    name: str, environment: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    command = shutil.which(name, path=sysconfig.get_path("scripts"))
    assert command is not None
    return subprocess.run(
        [command, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_the_command_jupyter_execute_runs_the_quickstart(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """``jupyter execute`` ends with status 0 and can save what it ran."""
    copy = tmp_path / "quickstart.ipynb"
    copy.write_bytes(_QUICKSTART.read_bytes())
    ran = _jupyter_execute(copy, environment, "--inplace")
    assert ran.returncode == 0, ran.stderr
    assert _outputs(_read(copy)) == _outputs(_read(_QUICKSTART))


def test_the_command_jupyter_execute_fails_with_a_failing_cell(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """A failing cell gives a non-zero status, with the error's text for the log."""
    path = write_notebook(tmp_path / "failing.ipynb", "throw new TypeError('not like this')")
    ran = _jupyter_execute(path, environment | {"ACAJS_RUNTIME": "plain"})
    assert ran.returncode != 0
    assert "TypeError" in ran.stderr
    assert "not like this" in ran.stderr


def test_a_pool_that_is_down_fails_the_run_with_the_remedy(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Without a pool a headless run fails at its first cell, and says what was tried."""
    path = write_notebook(tmp_path / "down.ipynb", "1 + 1")
    ran = _jupyter_execute(
        path,
        environment
        | {
            "ACAJS_RUNTIME": "plain",
            "ACAJS_POOL_ENDPOINT": "http://127.0.0.1:9",
            "ACAJS_TOKEN": "a-token-that-stays-secret",
        },
    )
    assert ran.returncode != 0
    assert "PoolUnreachableError" in ran.stderr
    assert "http://127.0.0.1:9" in ran.stderr
    assert "a-token-that-stays-secret" not in ran.stdout + ran.stderr


def _write_parameters(path: Path) -> Path:
    """Write a notebook whose first cell is tagged ``parameters``."""
    written = write_notebook(
        path,
        "let x = 1; // how many\nvar names = [];",
        "console.log(JSON.stringify([x, names])); x > 0 || fail()",
    )
    notebook = _read(written)
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, written)
    return written


@pytest.mark.parametrize("runtime", ["plain", "auto"])
def test_papermill_sets_parameters(
    environment: dict[str, str], tmp_path: Path, runtime: str
) -> None:
    """``papermill -p`` and ``-y`` replace what the tagged cell declares, in both modes."""
    path = _write_parameters(tmp_path / "parameters.ipynb")
    ran = _command(
        "papermill",
        environment | {"ACAJS_RUNTIME": runtime},
        *(str(path), str(tmp_path / "out.ipynb")),
        *("-p", "x", "3", "-y", 'names: ["ä", "a\\"b", {__proto__: null}, 1.5, true]'),
    )
    assert ran.returncode == 0, ran.stderr
    assert "unknown parameter" not in ran.stderr
    outputs = _outputs(_read(tmp_path / "out.ipynb"))
    assert outputs[:2] == [[], []]
    assert outputs[2][0] == _stream("stdout", '[3,["ä","a\\"b",{"__proto__":null},1.5,true]]\n')


def test_papermill_fails_with_a_failing_cell(environment: dict[str, str], tmp_path: Path) -> None:
    """The status is not zero, and what ran is saved with the error in it."""
    path = _write_parameters(tmp_path / "parameters.ipynb")
    out = tmp_path / "out.ipynb"
    ran = _command("papermill", environment, str(path), str(out), "-p", "x", "0")
    assert ran.returncode != 0
    assert "ReferenceError" in ran.stderr
    assert "error" in out.read_text(encoding="utf-8")


def test_papermill_lists_the_parameters(environment: dict[str, str], tmp_path: Path) -> None:
    """``--help-notebook`` shows names, defaults and the comments behind them."""
    path = _write_parameters(tmp_path / "parameters.ipynb")
    shown = _command("papermill", environment, "--help-notebook", str(path))
    assert re.search(r"x: .+ \(default 1\)\s+how many", shown.stdout), shown.stdout + shown.stderr


def test_nbconvert_runs_and_writes_a_page(environment: dict[str, str], tmp_path: Path) -> None:
    """``jupyter nbconvert --execute --to html`` gives a page with the outputs."""
    path = write_notebook(tmp_path / "page.ipynb", "'<b>'.repeat(2)", "Jupyter.html`<i>7</i>`")
    ran = _command(
        "jupyter",
        environment,
        "nbconvert",
        "--execute",
        "--to",
        "html",
        "--log-level=ERROR",
        str(path),
    )
    assert ran.returncode == 0, ran.stderr
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;&lt;b&gt;" in page
    assert "<i>7</i>" in page


def test_nbconvert_fails_with_a_failing_cell(environment: dict[str, str], tmp_path: Path) -> None:
    """The status is not zero, the traceback is in the log, and no page is written."""
    path = write_notebook(tmp_path / "page.ipynb", "throw new TypeError('not like this')")
    ran = _command("jupyter", environment, "nbconvert", "--execute", "--to", "html", str(path))
    assert ran.returncode != 0
    assert "TypeError: not like this" in _COLOUR.sub("", ran.stderr)
    assert not (tmp_path / "page.html").exists()


@pytest.mark.timeout(300)
async def test_ten_notebooks_at_once_share_a_pool_and_nothing_else(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Ten kernels on one pool: each sees its own variables and files, and no other's."""
    cells = (
        "const own = {number}; globalThis.seen = [...(globalThis.seen ?? []), own];",
        "require('node:fs').writeFileSync('own-{number}.txt', 'x')",
        "console.log(JSON.stringify([own, seen, require('node:fs').readdirSync('.')]))",
    )
    notebooks = [
        _read(
            write_notebook(
                tmp_path / f"{number}.ipynb",
                *(cell.replace("{number}", str(number)) for cell in cells),
            )
        )
        for number in range(10)
    ]
    with served_pool(environment, "--max-sessions", "10") as pool:
        shared = environment | pool.environment
        await asyncio.gather(*(_execute(notebook, shared) for notebook in notebooks))
    for number, notebook in enumerate(notebooks):
        assert _outputs(notebook)[2] == [
            _stream("stdout", f'[{number},[{number}],["own-{number}.txt"]]\n')
        ]


async def test_the_notebook_of_widgets_runs_without_anybody_to_show_them_to(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Its texts and values are those saved; nbclient keeps the state that the comms told it."""
    path = REPOSITORY / "notebooks" / "widgets.ipynb"
    notebook = _read(path)
    await _execute(notebook, environment)
    assert _outputs(notebook) == _outputs(_read(path))
    states = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"].state
    counters = [model.state["count"] for model in states.values() if "count" in model.state]
    assert counters == [41]
    assert {model.model_module for model in states.values()} == {"anywidget"}
    (canvas,) = [model for model in states.values() if model.get("buffers")]
    assert canvas.buffers[0]["path"] == ["pixels"]
