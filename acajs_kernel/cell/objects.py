"""Object literals at the end of a cell, which JavaScript reads as blocks.

``{ a: 1 }`` as a statement is a block with a label. At the end of a cell nobody means
that: Node's REPL and browsers' consoles take it for an object, and so do we.
"""

from __future__ import annotations

from acajs_kernel.cell.syntax import encode, parse

__all__ = ["parenthesize_object"]

_MEMBERS = frozenset(
    {"pair", "shorthand_property_identifier", "spread_element", "method_definition"}
)
_DECIDING = frozenset({"pair", "spread_element", "method_definition"})


def parenthesize_object(source: str) -> str:
    """Return the cell's code with an object literal at its end in parentheses.

    As in Node's REPL a semicolon behind the brace keeps the block a block. ``{}`` and
    ``{ name }`` alone are objects, behind other statements they stay blocks.

    Args:
        source: A cell's JavaScript.

    Returns:
        Code with the same number of lines; the very same object if nothing was done.
    """
    if not source.rstrip().endswith("}"):
        return source
    text = encode(source)
    statements = parse(source).children
    if not statements:
        return source
    last = statements[-1]
    literal = text[last.start_byte : last.end_byte]
    if last.type not in {"statement_block", "expression_statement", "ERROR"}:
        return source
    if not (literal.startswith(b"{") and literal.endswith(b"}")):
        return source
    if not _is_object(literal.decode("utf-8", "surrogatepass"), alone=len(statements) == 1):
        return source
    opener = b"(" if len(statements) == 1 else b";("
    rewritten = text[: last.start_byte] + opener + literal + b")" + text[last.end_byte :]
    return rewritten.decode("utf-8", "surrogatepass")


def _is_object(literal: str, *, alone: bool) -> bool:
    root = parse(f"({literal})")
    if root.has_error or root.named_child_count != 1:
        return False
    node = root
    for kind in ("expression_statement", "parenthesized_expression", "object"):
        inner = node.named_children[0] if node.named_child_count == 1 else None
        if inner is None or inner.type != kind:
            return False
        node = inner
    kinds = {child.type for child in node.named_children}
    return kinds <= _MEMBERS and (alone or bool(kinds & _DECIDING))
