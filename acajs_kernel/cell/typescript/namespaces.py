"""Namespaces with values, as the TypeScript compiler emits them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from acajs_kernel.cell.typescript.errors import TypeScriptError
from acajs_kernel.cell.typescript.references import declared_in, qualify
from acajs_kernel.cell.typescript.scopes import (
    NAMESPACES,
    declared_names,
    exporter,
    introduction,
    is_declared,
    is_only_type,
    outermost,
    siblings_before,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from acajs_kernel.cell.typescript.edits import Edits

__all__ = ["emit_namespace"]

_DECLARATORS = frozenset({"variable_declarator"})


def emit_namespace(node: Node, edits: Edits) -> None:
    """Put the object of a namespace in its place, or nothing where it has only types."""
    name_node, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name_node is None or body is None or is_declared(node):
        return
    if is_only_type(node):
        edits.blank_node(outermost(node), first=";")
        return
    names = [part.strip() for part in edits.of(name_node).split(".")]
    opening = f"{introduction(node, names[0], edits)}(function ({names[0]}) {{"
    closing = f"}})({names[0]});"
    for outer, inner in pairwise(names):
        opening += f" let {inner} = {outer}.{inner} ??= {{}}; (function ({inner}) {{"
        closing = f"}})({inner}); " + closing
    edits.collapse(node.start_byte, body.children[0].end_byte, opening)
    for child in body.named_children:
        if child.type == "export_statement":
            _check_export(child, names[-1], edits)
            _emit_export(child, names[-1], edits)
        elif child.type == "import_statement":
            raise TypeScriptError(
                f"The namespace {names[-1]} cannot import. Write the import above it, outside of "
                "its braces.",
                child,
                edits,
            )
    variables = set(_exported_variables(body, edits))
    elsewhere = set(_earlier_exports(node, edits)) - declared_in(body, edits)
    qualify(body, frozenset(variables | elsewhere), names[-1], edits)
    owner = exporter(node, edits)
    end = closing + (f" {owner}.{names[0]} = {names[0]};" if owner else "")
    edits.replace(body.end_byte - 1, body.end_byte, end)


def _check_export(statement: Node, owner: str, edits: Edits) -> None:
    kinds = {child.type for child in statement.children}
    if "default" in kinds or "=" in kinds:
        remedy = "Give what it exports a name: export const name = …."
    elif "export_clause" in kinds or "*" in kinds or "namespace_export" in kinds:
        remedy = "Write export before the declarations themselves."
    else:
        return
    text = edits.of(statement).split("\n")[0].strip()
    raise TypeScriptError(f"The namespace {owner} cannot hold `{text}`. {remedy}", statement, edits)


def _emit_export(statement: Node, owner: str, edits: Edits) -> None:
    declaration = statement.child_by_field_name("declaration")
    export = statement.children[0]
    if declaration is None:
        if statement.named_children and statement.named_children[-1].type in NAMESPACES:
            edits.blank_node(export)
        return
    if is_only_type(declaration):
        return
    edits.blank_node(export)
    if declaration.type in NAMESPACES or declaration.type == "enum_declaration":
        return  # these export themselves
    if _is_variable(declaration):
        _emit_variables(statement, declaration, edits)
        return
    if declaration.type == "import_alias":
        names = [edits.of(declaration.named_children[0])]
    else:
        names = list(declared_names(declaration, edits))
    assignments = "".join(f" {owner}.{name} = {name};" for name in names)
    edits.insert(statement.end_byte, ";" + assignments)


def _is_variable(declaration: Node) -> bool:
    """Tell whether what is exported can change: such variables are properties and nothing else."""
    return declaration.type == "variable_declaration" or (
        declaration.type == "lexical_declaration" and declaration.children[0].type == "let"
    )


def _emit_variables(statement: Node, declaration: Node, edits: Edits) -> None:
    """`export let a = 1, { b } = c` becomes `(N.a = 1, { b: N.b } = c)`."""
    edits.blank(statement.start_byte, declaration.children[0].end_byte, first=";")
    declarators = [child for child in declaration.named_children if child.type in _DECLARATORS]
    if declarators:
        edits.insert(declarators[0].start_byte, "(")
        edits.insert(declarators[-1].end_byte, ")")


def _exported_variables(body: Node, edits: Edits) -> Iterator[str]:
    for statement in body.named_children:
        declaration = statement.child_by_field_name("declaration")
        if statement.type == "export_statement" and declaration and _is_variable(declaration):
            yield from declared_names(declaration, edits)


def _earlier_exports(node: Node, edits: Edits) -> Iterator[str]:
    """Yield what earlier blocks of a namespace export."""
    for other in siblings_before(node):
        declared = other.child_by_field_name("name")
        inner = other.child_by_field_name("body")
        if other.type not in NAMESPACES or declared is None or inner is None:
            continue
        if edits.of(declared) != edits.of(node.child_by_field_name("name") or node):
            continue
        for statement in inner.named_children:
            declaration = statement.child_by_field_name("declaration")
            if declaration is None and statement.type == "export_statement":
                declaration = statement.named_children[-1] if statement.named_children else None
            if statement.type != "export_statement" or declaration is None:
                continue
            if declaration.type == "import_alias":
                yield edits.of(declaration.named_children[0])
            elif not is_only_type(declaration):
                yield from declared_names(declaration, edits)
