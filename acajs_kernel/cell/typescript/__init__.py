"""TypeScript cells: what is only type is erased, what has a meaning at run time is emitted.

Every line stays where it was, and every column except behind what is emitted; nothing is
added to the session, and types are not checked.
"""

from __future__ import annotations

from acajs_kernel.cell.typescript.edits import Edits
from acajs_kernel.cell.typescript.emitting import emit
from acajs_kernel.cell.typescript.erasing import erase_types
from acajs_kernel.cell.typescript.errors import TypeScriptError
from acajs_kernel.cell.typescript.grammar import parse

__all__ = ["TypeScriptError", "erase", "is_typescript"]


def erase(source: str, *, jsx: bool = False) -> str | None:
    """Return the JavaScript of a text that is TypeScript; None where it is not.

    Args:
        source: The text.
        jsx: Whether it may hold JSX, with which `<T>x` is no type assertion.

    Raises:
        TypeScriptError: It holds something that cannot be run.
    """
    try:
        root, blanks = parse(source, jsx=jsx)
        if root.has_error:
            return None
        edits = Edits(source)
        for start, end, first in blanks:
            edits.blank(start, end, first=first)
        erase_types(root, edits, emit)
    except RecursionError:
        return None  # thousands of types within each other: nobody wrote this by hand
    return edits.apply()


def is_typescript(source: str) -> bool:
    """Tell whether a text is TypeScript, as JavaScript is, too."""
    try:
        return not parse(source)[0].has_error
    except RecursionError:
        return False
