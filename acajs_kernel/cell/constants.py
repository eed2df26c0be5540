"""Assignments to constants, which end in JavaScript's own error.

Constants live in bindings that V8 lets change, so that a later cell may declare their names
in another way. What assigns to one throws as it would if V8 knew: a small function with a
constant of its own takes the place of the new value, or of what is assigned to.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from acajs_kernel.cell.bindings import find_binding, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from acajs_kernel.cell.edits import Edits

__all__ = ["refuse_assignments"]

_VALUE = "(v=>{const c=0;c=v})("
_TARGET = "(()=>{const c=0;c=1})().c"
_PATTERNS = frozenset({"array_pattern", "object_pattern", "rest_pattern"})


def refuse_assignments(root: Node, constants: AbstractSet[str], edits: Edits) -> None:
    """Let each assignment to a constant of the top level throw.

    Args:
        root: A cell's tree.
        constants: The names of the top level that are constants while the cell runs.
        edits: Gets the changes.
    """
    for node in _descendants(root):
        if node.type in {"assignment_expression", "augmented_assignment_expression"}:
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            while left is not None and left.type == "parenthesized_expression":
                left = left.named_children[0] if left.named_children else None
            if left is None or right is None:
                continue
            if left.type == "identifier":
                if _is_constant(left, constants):
                    edits.open(right.start_byte, _VALUE)
                    edits.close(right.end_byte, ")")
            else:
                _refuse_pattern(left, constants, edits)
        elif node.type == "update_expression":
            _refuse_pattern(node.child_by_field_name("argument"), constants, edits)
        elif node.type == "for_in_statement" and node.child_by_field_name("kind") is None:
            _refuse_pattern(node.child_by_field_name("left"), constants, edits)


def _descendants(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack += reversed(node.named_children)


def _is_constant(name: Node, constants: AbstractSet[str]) -> bool:
    text = text_of(name)
    if text not in constants:
        return False
    found = find_binding(name, text)
    return found is None or found[1]


def _refuse_pattern(node: Node | None, constants: AbstractSet[str], edits: Edits) -> None:
    """Refuse the constants among the targets of a pattern."""
    if node is None:
        return
    if node.type == "identifier" and _is_constant(node, constants):
        edits.replace(node.start_byte, node.end_byte, _TARGET)
    elif node.type == "shorthand_property_identifier_pattern" and _is_constant(node, constants):
        edits.replace(node.start_byte, node.end_byte, f"{text_of(node)}:{_TARGET}")
    elif node.type in {"assignment_pattern", "object_assignment_pattern"}:
        _refuse_pattern(node.child_by_field_name("left"), constants, edits)
    elif node.type == "pair_pattern":
        _refuse_pattern(node.child_by_field_name("value"), constants, edits)
    elif node.type in _PATTERNS or node.type == "parenthesized_expression":
        for child in node.named_children:
            _refuse_pattern(child, constants, edits)
