"""Enumerations, as the TypeScript compiler emits them.

https://www.typescriptlang.org/docs/handbook/enums.html#enums-at-runtime
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, NamedTuple

from acajs_kernel.cell.typescript.constants import Constant, constant_of, unquote
from acajs_kernel.cell.typescript.errors import TypeScriptError
from acajs_kernel.cell.typescript.scopes import exporter, introduction, is_declared, siblings_before

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

    from acajs_kernel.cell.typescript.edits import Edits

__all__ = ["emit_enum"]

_NAMED = frozenset({"identifier", "member_expression", "subscript_expression", "template_string"})


def emit_enum(node: Node, edits: Edits) -> None:
    """Put the object of an enumeration in its place."""
    name_node, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name_node is None or body is None or is_declared(node):
        return
    name = edits.of(name_node)
    opening = f"{introduction(node, name, edits)}(function ({name}) {{"
    edits.collapse(node.start_byte, body.children[0].end_byte, opening)
    known: dict[str, Constant] = dict.fromkeys(_earlier_members(node, name, edits))
    previous = _Member("", "", -1)
    for member in body.named_children:
        if member.type != "comment":
            previous = _emit_member(member, name, known, previous, edits)
            known[previous.key] = previous.value
    for child in body.children:
        if child.type == ",":
            edits.blank_node(child)
    owner = exporter(node, edits)
    end = f"}})({name});" + (f" {owner}.{name} = {name};" if owner else "")
    edits.replace(body.end_byte - 1, body.end_byte, end)


def _earlier_members(node: Node, name: str, edits: Edits) -> Iterator[str]:
    """Yield the members that earlier declarations of an enumeration gave it."""
    for other in siblings_before(node):
        declared, body = other.child_by_field_name("name"), other.child_by_field_name("body")
        if other.type != "enum_declaration" or declared is None or body is None:
            continue
        if edits.of(declared) == name:
            for member in body.named_children:
                if member.type != "comment":
                    yield _member_key(member.child_by_field_name("name") or member, edits)[0]


class _Member(NamedTuple):
    key: str
    quoted: str
    """Its key as JavaScript."""
    value: Constant


def _emit_member(
    member: Node, name: str, known: Mapping[str, Constant], previous: _Member, edits: Edits
) -> _Member:
    """Emit `A = 1`."""
    is_assigned = member.type == "enum_assignment"
    name_node = member.child_by_field_name("name") if is_assigned else member
    value_node = member.child_by_field_name("value") if is_assigned else None
    assert name_node is not None  # noqa: S101 -- the grammar demands it
    key, quoted = _member_key(name_node, edits)
    place = (name_node.start_byte, name_node.end_byte)
    if value_node is None:
        value = previous.value
        if isinstance(value, str):
            raise TypeScriptError(
                f"The member {key} of the enum {name} follows a text and has no value of its "
                f'own. Give it one: {key} = "{key}".',
                member,
                edits,
            )
        if value is None:
            emitted = f"{name}[{previous.quoted}] + 1"
        else:
            value += 1
            emitted = _number(value)
        edits.replace(*place, f"{name}[{name}[{quoted}] = {emitted}] = {quoted};")
        return _Member(key, quoted, value)
    value = constant_of(value_node, known, edits)
    _qualify(value_node, known, name, edits)
    if isinstance(value, str):
        opening, closing = f"{name}[{quoted}]", ";"
    elif value is None and _may_be_text(value_node):
        opening = f"if (typeof ({name}[{quoted}]"
        closing = f') !== "string") {name}[{name}[{quoted}]] = {quoted};'
    else:
        opening, closing = f"{name}[{name}[{quoted}]", f"] = {quoted};"
    edits.replace(*place, opening)
    edits.insert(value_node.end_byte, closing)
    return _Member(key, quoted, value)


def _may_be_text(value: Node) -> bool:
    """Tell whether a value may be a constant text from elsewhere: no name leads back from it."""
    return value.type in _NAMED or (
        value.type in {"binary_expression", "parenthesized_expression"}
        and any(_may_be_text(child) for child in value.named_children)
    )


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    return str(int(value)) if float(value).is_integer() else repr(value)


def _member_key(node: Node, edits: Edits) -> tuple[str, str]:
    """Return a member's name, and the name as JavaScript."""
    text = edits.of(node).strip()
    if node.type == "computed_property_name":
        text = text[1:-1].strip()
        if text[:1] not in {'"', "'", "`"} or "${" in text:
            raise TypeScriptError(
                f"A member of an enum has a fixed name. Write the name in place of [{text}].",
                node,
                edits,
            )
    if text[:1] in {'"', "'", "`"}:
        return unquote(text), text
    return text, json.dumps(text)


def _qualify(value: Node, known: Mapping[str, Constant], name: str, edits: Edits) -> None:
    """Let members that a value names be found: `A` becomes `E.A`."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        if node.type == "identifier" and edits.of(node) in known:
            edits.insert(node.start_byte, f"{name}.")
