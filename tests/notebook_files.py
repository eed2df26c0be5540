"""Notebooks of this kernel, as a frontend would have made them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbformat

__all__ = ["new_notebook", "write_notebook"]

_KERNEL_SPEC = {"name": "acajs", "display_name": "JavaScript (ACA)", "language": "javascript"}


def new_notebook(*cells: str, tags: Sequence[str] = ()) -> nbformat.NotebookNode:
    """Return a notebook that has not run.

    Args:
        cells: The texts of its cells.
        tags: Those of the first cell.
    """
    notebook: nbformat.NotebookNode = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": _KERNEL_SPEC},
    )
    if tags:
        notebook.cells[0].metadata["tags"] = list(tags)
    return notebook


def write_notebook(path: Path, *cells: str, tags: Sequence[str] = ()) -> Path:
    """Write such a notebook to a file, and return the file's path."""
    nbformat.write(new_notebook(*cells, tags=tags), path)
    return path
