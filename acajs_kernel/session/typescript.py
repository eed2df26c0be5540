"""A cell that is TypeScript, as the JavaScript that it runs as."""

from __future__ import annotations

from acajs_kernel.cell.typed import may_be_typed
from acajs_kernel.session.events import Cell, Error

__all__ = ["erased", "is_typescript_only"]


def is_typescript_only(code: str) -> bool:
    """Tell, without asking V8, whether a text is no JavaScript and may be TypeScript."""
    if not may_be_typed(code):
        return False
    # Imported here because few cells need the parser.
    from acajs_kernel.cell.completeness import is_program  # noqa: PLC0415

    return not is_program(code)


def erased(cell: Cell) -> Cell | Error | None:
    """Return a cell with its types erased, every line and column where it was.

    Returns:
        None where its text is no TypeScript or needs no change; an error where it holds
        something of TypeScript that cannot be run.
    """
    if not may_be_typed(cell.code):
        return None
    # Imported here because the grammar is not loaded for JavaScript.
    from acajs_kernel.cell.typescript import TypeScriptError, erase  # noqa: PLC0415

    try:
        code = erase(cell.code)
    except TypeScriptError as error:
        return _refusal(cell, error.line, error.column, str(error))
    if code is None or code == cell.code:
        return None
    return cell._replace(code=code, source=cell.source or cell.code)


def _refusal(cell: Cell, line: int, column: int, message: str) -> Error:
    text = cell.code.split("\n")[line - 1].rstrip("\r")
    place = f"{cell.label or f'In[{cell.number}]'}:{line}"
    caret = " " * (column - 1) + "^"
    headline = f"\x1b[31mSyntaxError\x1b[39m: {message}"
    traceback = (headline, f"\x1b[90m{place}\x1b[39m", text, caret)
    return Error("SyntaxError", message, traceback, is_compiled=False)
