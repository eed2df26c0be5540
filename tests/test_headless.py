"""Notebooks run without a browser: nbclient, and the command ``jupyter execute``."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

_QUICKSTART = Path(__file__).parent.parent / "notebooks" / "quickstart.ipynb"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CELL_SECONDS = 60


def _read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def _write_notebook(path: Path, *cells: str) -> Path:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": {"name": "acajs", "display_name": "JavaScript (ACA)"}},
    )
    nbformat.write(notebook, path)
    return path


async def _execute(notebook: Any, environment: dict[str, str], **options: Any) -> None:
    client = NotebookClient(notebook, timeout=_CELL_SECONDS, **options)
    await client.async_execute(env=environment)


def _outputs(notebook: Any) -> list[list[dict[str, Any]]]:
    """Return each code cell's outputs, without what differs between the ways of running."""
    return [
        [_normalised(output) for output in cell.outputs]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def _normalised(output: Any) -> dict[str, Any]:
    kind: str = output["output_type"]
    if kind == "stream":
        return {"kind": kind, "name": output["name"], "text": output["text"]}
    if kind == "error":  # the stack names different places in plain and in rich mode
        return {"kind": kind, "ename": output["ename"], "evalue": output["evalue"]}
    # Colours are the rich runtime's; the text is the same.
    return {"kind": kind, "text": _COLOUR.sub("", output["data"]["text/plain"])}


@pytest.mark.parametrize("runtime", ["plain", "auto"])
async def test_quickstart_gives_the_outputs_that_are_saved_in_it(
    environment: dict[str, str], runtime: str
) -> None:
    """A fresh run of the quickstart gives what the file shows, in both modes."""
    saved = _read(_QUICKSTART)
    notebook = _read(_QUICKSTART)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    await _execute(notebook, environment | {"ACAJS_RUNTIME": runtime})
    assert _outputs(notebook) == _outputs(saved)


def test_quickstart_shows_what_it_teaches() -> None:
    """The saved outputs are those that the notebook's text promises."""
    outputs = _outputs(_read(_QUICKSTART))
    assert outputs == [
        [_result("2")],
        [_stream("stdout", "hello\n"), _stream("stderr", "something to look at\n")],
        [_result("{ name: 'Ada', born: 1815, languages: [ 'English', 'French' ] }")],
        [],
        [_result("3")],
        [_result("4")],
        [_result("[ 'Mercury', 'Earth', 'Mars', 'Jupiter' ]")],
        [_result("'2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'")],
        [{"kind": "error", "ename": "RangeError", "evalue": "too far"}],
        [_result("'Mercury'")],
    ]


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
        _write_notebook(tmp_path / "failing.ipynb", "1", "throw new TypeError('no')", "3")
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
        _write_notebook(
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
    command = shutil.which("jupyter", path=sysconfig.get_path("scripts"))
    assert command is not None
    return subprocess.run(
        [command, "execute", *options, str(path)],
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
    ran = _jupyter_execute(copy, environment | {"ACAJS_RUNTIME": "plain"}, "--inplace")
    assert ran.returncode == 0, ran.stderr
    assert _outputs(_read(copy)) == _outputs(_read(_QUICKSTART))


def test_the_command_jupyter_execute_fails_with_a_failing_cell(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """A failing cell gives a non-zero status, with the error's text for the log."""
    path = _write_notebook(tmp_path / "failing.ipynb", "throw new TypeError('not like this')")
    ran = _jupyter_execute(path, environment | {"ACAJS_RUNTIME": "plain"})
    assert ran.returncode != 0
    assert "TypeError" in ran.stderr
    assert "not like this" in ran.stderr


def test_a_pool_that_is_down_fails_the_run_with_the_remedy(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Without a pool a headless run fails at its first cell, and says what was tried."""
    path = _write_notebook(tmp_path / "down.ipynb", "1 + 1")
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
