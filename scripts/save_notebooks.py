"""Run notebooks from the top and save them with their outputs.

    python scripts/save_notebooks.py notebooks/values.ipynb …

Cells that are meant to fail have the tag ``raises-exception``; any other failure ends the
run, and the notebook stays as it was. ``tests/test_notebooks.py`` compares a fresh run with
what is saved.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

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
    # Widgets' state belongs to a frontend, and the language's version to this machine.
    notebook.metadata.pop("widgets", None)
    notebook.metadata.get("language_info", {}).pop("version", None)
    nbformat.write(notebook, path)


def main() -> None:
    """Save the notebooks that the command line names."""
    if len(sys.argv) == 1:
        raise SystemExit("usage: save_notebooks.py NOTEBOOK.ipynb …")
    for name in sys.argv[1:]:
        save(Path(name))
        print(name)


if __name__ == "__main__":
    main()
