"""Which names in a namespace mean what it exports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from acajs_kernel.cell.typescript.scopes import NAMESPACES, bound_names, declared_names

if TYPE_CHECKING:
    from tree_sitter import Node

    from acajs_kernel.cell.typescript.edits import Edits

__all__ = ["declared_in", "qualify"]

_FUNCTIONS = frozenset(
    {
        "arrow_function",
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
    }
)
_BLOCKS = frozenset({"statement_block", "switch_body", "switch_case", "switch_default"})
_DECLARATIONS = frozenset(
    {
        "lexical_declaration",
        "class_declaration",
        "abstract_class_declaration",
        "function_declaration",
        "generator_function_declaration",
        "enum_declaration",
        "import_alias",
        *NAMESPACES,
    }
)
_LOOPS = frozenset({"for_statement", "for_in_statement"})
_NAMED_EXPRESSIONS = frozenset({"class", "function_expression", "generator_function"})


def qualify(body: Node, names: frozenset[str], owner: str, edits: Edits) -> None:
    """Let names in the block of a namespace be found as its properties: `x` becomes `N.x`.

    Args:
        body: The block.
        names: The names that are only properties of the namespace.
        owner: The namespace's name.
        edits: Takes the changes.
    """
    waiting = [(child, names) for child in body.children] if names else []
    while waiting:
        node, visible = waiting.pop()
        visible -= frozenset(_own_names(node, edits))
        if not visible:
            continue
        if node.type == "identifier":
            if edits.of(node) in visible:
                edits.insert(node.start_byte, f"{owner}.")
        elif node.type.startswith("shorthand_property_identifier"):
            if (name := edits.of(node)) in visible:
                edits.insert(node.end_byte, f": {owner}.{name}")
        else:
            waiting += [(child, visible) for child in node.children]


def declared_in(block: Node, edits: Edits) -> set[str]:
    """Return the names that a block's own statements declare."""
    return set(_block_names(block, edits))


def _own_names(node: Node, edits: Edits) -> Iterator[str]:
    """Yield the names that a node brings into what it holds."""
    kind = node.type
    if kind in _FUNCTIONS:
        parameters = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
        if parameters is not None:
            yield from _parameter_names(parameters, edits)
        body = node.child_by_field_name("body")
        if body is not None:
            yield from _hoisted_names(body, edits)
    if kind in _NAMED_EXPRESSIONS and (name := node.child_by_field_name("name")) is not None:
        yield edits.of(name)
    elif kind in _BLOCKS:
        yield from _block_names(node, edits)
    elif kind in _LOOPS:
        yield from _loop_names(node, edits)
    elif kind == "catch_clause" and (name := node.child_by_field_name("parameter")) is not None:
        yield from bound_names(name, edits)
    elif kind == "enum_body":
        for member in node.named_children:
            yield edits.of(member.child_by_field_name("name") or member)


def _parameter_names(parameters: Node, edits: Edits) -> Iterator[str]:
    if parameters.type == "identifier":
        yield edits.of(parameters)
        return
    for parameter in parameters.named_children:
        pattern = parameter.child_by_field_name("pattern")
        if pattern is not None:
            yield from bound_names(pattern, edits)


def _block_names(block: Node, edits: Edits) -> Iterator[str]:
    for statement in block.named_children:
        inner = statement
        while inner.type in {"export_statement", "expression_statement"} and inner.named_children:
            inner = inner.child_by_field_name("declaration") or inner.named_children[-1]
        if inner.type == "import_alias":
            yield edits.of(inner.named_children[0])
        elif inner.type in _DECLARATIONS or inner.type == "variable_declaration":
            yield from declared_names(inner, edits)
        elif block.type == "switch_body":
            yield from _block_names(inner, edits)


def _loop_names(loop: Node, edits: Edits) -> Iterator[str]:
    initializer = loop.child_by_field_name("initializer")
    if initializer is not None and initializer.type == "lexical_declaration":
        yield from declared_names(initializer, edits)
    left = loop.child_by_field_name("left")
    if left is not None and loop.child_by_field_name("kind") is not None:
        yield from bound_names(left, edits)


def _hoisted_names(body: Node, edits: Edits) -> Iterator[str]:
    """Yield what `var` declares anywhere in a function."""
    waiting = [body]
    while waiting:
        node = waiting.pop()
        if node.type == "variable_declaration":
            yield from declared_names(node, edits)
        kind = node.child_by_field_name("kind") if node.type == "for_in_statement" else None
        left = node.child_by_field_name("left")
        if kind is not None and kind.type == "var" and left is not None:
            yield from bound_names(left, edits)
        waiting += [child for child in node.named_children if child.type not in _FUNCTIONS]
