"""Run notebooks from the top and save them with their outputs.

    python scripts/save_notebooks.py notebooks/values.ipynb …

Cells that are meant to fail have the tag ``raises-exception``; any other failure ends the
run, and the notebook stays as it was. ``tests/test_notebooks.py`` compares a fresh run with
what is saved.

Widgets' state is saved as well, so that a page can show the widgets before anything has run.
Their random identifiers are replaced by numbers: the same notebook gives the same file.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

_CELL_SECONDS = 120


def save(path: Path) -> None:
    """Run a notebook and write it back, with counts from 1 and without times.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell failed that was not meant to.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:  # for what the notebook downloads
        client = NotebookClient(
            notebook,
            timeout=_CELL_SECONDS,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": folder}},
        )
        # npm's warnings are about this machine's settings.
        client.execute(env=os.environ | {"ACAJS_HISTORY": "off", "npm_config_loglevel": "error"})
    # The language's version belongs to this machine.
    notebook.metadata.get("language_info", {}).pop("version", None)
    text = nbformat.writes(_number_widgets(notebook))
    path.write_text(f"{text}\n", encoding="utf-8")


def _number_widgets(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook with widgets' identifiers that are the same after each run."""
    widgets = notebook.metadata.get("widgets", {})
    states = widgets.get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    text = nbformat.writes(notebook)
    # In the order in which the cells show them: a notebook's text has its cells first.
    for number, name in enumerate(sorted(states, key=text.index), start=1):
        text = text.replace(name, f"{number:032x}")
    numbered: NotebookNode = nbformat.reads(text, as_version=4)
    return numbered


def main() -> None:
    """Save the notebooks that the command line names."""
    if len(sys.argv) == 1:
        raise SystemExit("usage: save_notebooks.py NOTEBOOK.ipynb …")
    for name in sys.argv[1:]:
        save(Path(name))
        print(name)


if __name__ == "__main__":
    main()
