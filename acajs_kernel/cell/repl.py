"""A cell's code as V8's REPL mode takes it."""

from __future__ import annotations

__all__ = ["for_repl"]


def for_repl(code: str) -> str:
    """Return what V8's REPL mode is to run for a cell; most is taken as it is.

    A cell that is one object literal gets parentheses, and imports become calls. Every
    line stays where it was.
    """
    # Imported where a cell needs it, because the first one should not wait for parsers.
    if code.rstrip().endswith("}"):
        from acajs_kernel.cell.objects import parenthesize_object  # noqa: PLC0415

        code = parenthesize_object(code)
    if "import" in code or "export" in code:
        from acajs_kernel.cell.imports import rewrite_modules  # noqa: PLC0415

        code = rewrite_modules(code)
    return code
