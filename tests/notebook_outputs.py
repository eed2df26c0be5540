"""What a notebook's cells have shown, in a form in which two runs can be compared."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["shown_by", "tags_of"]

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def tags_of(cell: Any) -> list[str]:
    """Return a cell's tags."""
    return list(cell.metadata.get("tags", []))


def shown_by(cell: Any) -> list[dict[str, Any]]:
    """Return a cell's outputs without what may differ from run to run.

    Of a cell tagged ``volatile`` only the kinds of its outputs count.
    """
    return [_normalised(output, is_volatile="volatile" in tags_of(cell)) for output in cell.outputs]


def _normalised(output: Any, *, is_volatile: bool) -> dict[str, Any]:
    kind: dict[str, Any] = {"kind": output.output_type}
    if output.output_type == "stream":
        return kind | {"name": output.name} | ({} if is_volatile else {"text": output.text})
    if output.output_type == "error":
        kind["ename"] = output.ename
        if is_volatile:
            return kind
        return kind | {"evalue": output.evalue, "places": _places(output.traceback)}
    if is_volatile:
        return kind | {"data": sorted(output.data)}
    return kind | {"data": {mime: _bare(value) for mime, value in output.data.items()}}


def _places(traceback: list[str]) -> list[str]:
    """Return the lines of cells that a traceback names: ``In[2]:3``, ``evalmachine…:3``.

    They differ between rich and plain mode. Columns, and places in Node itself, differ
    between versions of Node.
    """
    text = _COLOUR.sub("", "\n".join(traceback))
    return re.findall(r"(?:In\[\d+\]|evalmachine\.<anonymous>):\d+", text)


def _bare(value: Any) -> Any:
    return _COLOUR.sub("", value) if isinstance(value, str) else value
