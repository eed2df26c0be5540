"""What declarations of TypeScript declare, and where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

    from acajs_kernel.cell.typescript.edits import Edits

__all__ = [
    "NAMESPACES",
    "bound_names",
    "declared_names",
    "exporter",
    "introduction",
    "is_declared",
    "is_only_type",
    "outermost",
    "siblings_before",
]

NAMESPACES = frozenset({"internal_module", "module"})
"""The types of the nodes of namespaces."""

_ONLY_TYPE = frozenset(
    {
        "interface_declaration",
        "type_alias_declaration",
        "ambient_declaration",
        "empty_statement",
        "comment",
        "function_signature",
    }
)
_BINDINGS = frozenset({"identifier", "shorthand_property_identifier_pattern"})


def outermost(node: Node) -> Node:
    """Return the statement that a declaration is: with its `export`, in its expression."""
    while node.parent is not None and node.parent.type in {
        "export_statement",
        "expression_statement",
    }:
        node = node.parent
    return node


def siblings_before(node: Node) -> Iterator[Node]:
    """Yield the declarations of the same scope that stand before a declaration."""
    statement = outermost(node)
    scope = statement.parent
    if scope is None:
        return
    for child in scope.children:
        if child.start_byte >= statement.start_byte:
            return
        inner = child
        while inner.type in {"export_statement", "expression_statement"} and inner.named_children:
            inner = inner.named_children[-1]
        yield inner


def introduction(node: Node, name: str, edits: Edits) -> str:
    """Return what declares the object of an enumeration or a namespace.

    Nothing where a declaration of the same name stands before it: they are merged then.
    """
    for other in siblings_before(node):
        declared = other.child_by_field_name("name")
        if other.type in _ONLY_TYPE or declared is None:
            continue
        if _root_name(declared, edits) == name and not is_only_type(other):
            return ""
    scope = outermost(node).parent
    is_block = scope is not None and scope.type == "statement_block"
    is_namespace = (
        scope is not None and scope.parent is not None and scope.parent.type in NAMESPACES
    )
    return f"{'let' if is_block and not is_namespace else 'var'} {name} = {{}}; "


def _root_name(name: Node, edits: Edits) -> str:
    return edits.of(name).partition(".")[0].strip()


def exporter(node: Node, edits: Edits) -> str:
    """Return the namespace that a declaration is exported from, or nothing."""
    parent = node.parent
    if parent is None or parent.type != "export_statement":
        return ""
    block = parent.parent
    if block is None or block.type != "statement_block" or block.parent is None:
        return ""
    if block.parent.type not in NAMESPACES:
        return ""
    name = block.parent.child_by_field_name("name")
    return "" if name is None else edits.of(name).rpartition(".")[2].strip()


def is_declared(node: Node) -> bool:
    """Tell whether a declaration is one of `declare`, which leaves nothing."""
    return node.parent is not None and node.parent.type == "ambient_declaration"


def is_only_type(node: Node) -> bool:
    """Tell whether nothing of a namespace is there at run time."""
    if node.type in _ONLY_TYPE:
        return True
    if node.type not in NAMESPACES:
        return False
    body = node.child_by_field_name("body")
    return body is None or all(_statement_is_only_type(child) for child in body.named_children)


def _statement_is_only_type(statement: Node) -> bool:
    inner = statement
    while inner.type in {"export_statement", "expression_statement"} and inner.named_children:
        if len(inner.children) > 1 and inner.children[1].type == "type":
            return True
        inner = inner.named_children[-1]
    return is_only_type(inner)


def declared_names(declaration: Node, edits: Edits) -> Iterator[str]:
    """Yield the names that a declaration declares."""
    name = declaration.child_by_field_name("name")
    if name is not None:
        yield edits.of(name)
        return
    for declarator in declaration.named_children:
        target = declarator.child_by_field_name("name")
        if target is not None:
            yield from bound_names(target, edits)


def bound_names(pattern: Node, edits: Edits) -> Iterator[str]:
    """Yield the names that a pattern binds."""
    if pattern.type in _BINDINGS:
        yield edits.of(pattern)
        return
    if pattern.type in {"assignment_pattern", "object_assignment_pattern"}:
        yield from bound_names(pattern.children[0], edits)
        return
    if pattern.type == "pair_pattern":
        yield from bound_names(pattern.children[-1], edits)
        return
    for child in pattern.named_children:
        yield from bound_names(child, edits)
