"""Parameter properties: parameters of a constructor that are fields too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from acajs_kernel.cell.typescript.errors import TypeScriptError

if TYPE_CHECKING:
    from tree_sitter import Node

    from acajs_kernel.cell.typescript.edits import Edits

__all__ = ["emit_parameter_properties"]

_MODIFIERS = frozenset({"accessibility_modifier", "readonly", "override_modifier"})


def emit_parameter_properties(body: Node, edits: Edits) -> None:
    """Declare and assign the fields of a class that its constructor's parameters are."""
    constructor = next(
        (
            member
            for member in body.named_children
            if member.type == "method_definition"
            and edits.of(member.child_by_field_name("name") or member) == "constructor"
        ),
        None,
    )
    if constructor is None:
        return
    parameters = constructor.child_by_field_name("parameters")
    block = constructor.child_by_field_name("body")
    if parameters is None or block is None:
        return
    names = list(_property_names(parameters, edits))
    if not names:
        return
    edits.insert(body.children[0].end_byte, "".join(f" {name};" for name in names))
    call = next((child for child in block.named_children if _is_super_call(child)), None)
    if call is None and _is_derived(body):
        raise TypeScriptError(
            "A constructor with parameter properties needs a call of super(…) as a statement of "
            f"its own. Write one, or assign by hand: this.{names[0]} = {names[0]}.",
            constructor,
            edits,
        )
    assignments = "".join(f" this.{name} = {name};" for name in names)
    if call is None:
        edits.insert(block.children[0].end_byte, assignments)
    else:
        edits.insert(call.end_byte, ";" + assignments)


def _property_names(parameters: Node, edits: Edits) -> Iterator[str]:
    for parameter in parameters.named_children:
        pattern = parameter.child_by_field_name("pattern")
        if pattern is None or not any(child.type in _MODIFIERS for child in parameter.children):
            continue
        if pattern.type != "identifier":
            raise TypeScriptError(
                "A parameter property is a single name. Take the modifier away, and assign what "
                "the pattern binds in the constructor: this.name = name.",
                parameter,
                edits,
            )
        yield edits.of(pattern)


def _is_derived(body: Node) -> bool:
    heritage = next(
        (child for child in (body.parent or body).children if child.type == "class_heritage"), None
    )
    return heritage is not None and any(
        child.type == "extends_clause" for child in heritage.children
    )


def _is_super_call(statement: Node) -> bool:
    if statement.type != "expression_statement" or not statement.named_children:
        return False
    call = statement.named_children[0]
    function = call.child_by_field_name("function") if call.type == "call_expression" else None
    return function is not None and function.type == "super"
