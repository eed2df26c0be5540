"""What of TypeScript has a meaning at run time: emitted as JavaScript, on the same lines.

Enumerations, namespaces with values, parameter properties, ``import x = …`` and
``export = …``, in the form in which the TypeScript compiler emits them
(https://www.typescriptlang.org/docs/handbook/enums.html#enums-at-runtime).
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, NamedTuple

from acajs_kernel.cell.typescript.constants import Constant, constant_of, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

    from acajs_kernel.cell.typescript.edits import Edits

__all__ = ["TypeScriptError", "emit"]

_LINE_BREAK = re.compile("\r\n|[\n\r\u2028\u2029]")
_NOT_LINE_BREAK = re.compile("[^\n\r\u2028\u2029]")
_NAMESPACES = frozenset({"internal_module", "module"})
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
_NAMED = frozenset({"identifier", "member_expression", "subscript_expression", "template_string"})
_MODIFIERS = frozenset({"accessibility_modifier", "readonly", "override_modifier"})
_BINDINGS = frozenset({"identifier", "shorthand_property_identifier_pattern"})


class TypeScriptError(ValueError):
    """Something of TypeScript cannot be run.

    Attributes:
        line: Where it stands, from 1.
        column: As above, in characters from 1.
    """

    def __init__(self, message: str, node: Node, edits: Edits) -> None:
        super().__init__(message)
        before = edits.slice(0, node.start_byte)
        lines = _LINE_BREAK.split(before)
        self.line, self.column = len(lines), len(lines[-1]) + 1


def emit(node: Node, edits: Edits) -> None:
    """Put JavaScript in the place of a node that has a meaning at run time."""
    kind = node.type
    if kind == "enum_declaration":
        _emit_enum(node, edits)
    elif kind in _NAMESPACES:
        _emit_namespace(node, edits)
    elif kind == "class_body":
        _emit_parameter_properties(node, edits)
    elif kind == "import_alias" or (kind == "import_statement" and _clause(node) is not None):
        if node.parent is not None and node.parent.type == "ambient_declaration":
            return
        edits.replace(node.start_byte, node.start_byte + len("import"), "const ")
        if edits.text[node.end_byte - 1 : node.end_byte] != b";":
            edits.insert(node.end_byte, ";")
    elif kind == "export_statement" and len(node.children) > 1 and node.children[1].type == "=":
        edits.replace(node.start_byte, node.start_byte + len("export"), "module.exports")


def _clause(node: Node) -> Node | None:
    return next((child for child in node.children if child.type == "import_require_clause"), None)


def _collapse(start: int, end: int, replacement: str, edits: Edits) -> None:
    """Replace text, and keep its line breaks."""
    edits.replace(start, end, replacement + _NOT_LINE_BREAK.sub("", edits.slice(start, end)))


# ---- scopes


def _outermost(node: Node) -> Node:
    """Return the statement that a declaration is: with its `export`, in its expression."""
    while node.parent is not None and node.parent.type in {
        "export_statement",
        "expression_statement",
    }:
        node = node.parent
    return node


def _siblings_before(node: Node) -> Iterator[Node]:
    """Yield the declarations of the same scope that stand before a declaration."""
    statement = _outermost(node)
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


def _introduction(node: Node, name: str, edits: Edits) -> str:
    """Return what declares the object of an enumeration or a namespace.

    Nothing where a declaration of the same name stands before it: they are merged then.
    """
    for other in _siblings_before(node):
        declared = other.child_by_field_name("name")
        if other.type in _ONLY_TYPE or declared is None:
            continue
        if _root_name(declared, edits) == name and not _is_only_type(other):
            return ""
    scope = _outermost(node).parent
    is_block = scope is not None and scope.type == "statement_block"
    is_namespace = is_block and scope.parent is not None and scope.parent.type in _NAMESPACES
    return f"{'let' if is_block and not is_namespace else 'var'} {name} = {{}}; "


def _root_name(name: Node, edits: Edits) -> str:
    return edits.of(name).partition(".")[0].strip()


def _exporter(node: Node, edits: Edits) -> str:
    """Return the namespace that a declaration is exported from, or nothing."""
    parent = node.parent
    if parent is None or parent.type != "export_statement":
        return ""
    block = parent.parent
    if block is None or block.type != "statement_block" or block.parent is None:
        return ""
    if block.parent.type not in _NAMESPACES:
        return ""
    name = block.parent.child_by_field_name("name")
    return "" if name is None else edits.of(name).rpartition(".")[2].strip()


# ---- enumerations


def _emit_enum(node: Node, edits: Edits) -> None:
    name_node, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name_node is None or body is None or _is_declared(node):
        return
    name = edits.of(name_node)
    opening = f"{_introduction(node, name, edits)}(function ({name}) {{"
    _collapse(node.start_byte, body.children[0].end_byte, opening, edits)
    known: dict[str, Constant] = {}
    previous = _Member("", "", -1)
    for member in body.named_children:
        if member.type != "comment":
            previous = _emit_member(member, name, known, previous, edits)
            known[previous.key] = previous.value
    for child in body.children:
        if child.type == ",":
            edits.blank_node(child)
    owner = _exporter(node, edits)
    end = f"}})({name});" + (f" {owner}.{name} = {name};" if owner else "")
    edits.replace(body.end_byte - 1, body.end_byte, end)


def _is_declared(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "ambient_declaration"


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
                f"A member of an enum has a fixed name. Write the name itself in place of [{text}].",
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


# ---- namespaces


def _emit_namespace(node: Node, edits: Edits) -> None:
    name_node, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    if name_node is None or body is None or _is_declared(node):
        return
    if _is_only_type(node):
        edits.blank_node(_outermost(node), first=";")
        return
    names = [part.strip() for part in edits.of(name_node).split(".")]
    opening = f"{_introduction(node, names[0], edits)}(function ({names[0]}) {{"
    closing = f"}})({names[0]});"
    for outer, inner in zip(names, names[1:], strict=False):
        opening += f" let {inner} = {outer}.{inner} ??= {{}}; (function ({inner}) {{"
        closing = f"}})({inner}); " + closing
    opening += _earlier_exports(node, names, body, edits)
    _collapse(node.start_byte, body.children[0].end_byte, opening, edits)
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
    owner = _exporter(node, edits)
    end = closing + (f" {owner}.{names[0]} = {names[0]};" if owner else "")
    edits.replace(body.end_byte - 1, body.end_byte, end)


def _is_only_type(node: Node) -> bool:
    """Tell whether nothing of a namespace is there at run time."""
    if node.type in _ONLY_TYPE:
        return True
    if node.type not in _NAMESPACES:
        return False
    body = node.child_by_field_name("body")
    return body is None or all(_statement_is_only_type(child) for child in body.named_children)


def _statement_is_only_type(statement: Node) -> bool:
    inner = statement
    while inner.type in {"export_statement", "expression_statement"} and inner.named_children:
        if len(inner.children) > 1 and inner.children[1].type == "type":
            return True
        inner = inner.named_children[-1]
    return _is_only_type(inner)


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
    if declaration is None:
        if statement.named_children and statement.named_children[-1].type in _NAMESPACES:
            edits.blank_node(statement.children[0])
        return
    if declaration.type in _ONLY_TYPE:
        return
    edits.blank_node(statement.children[0])
    if declaration.type in _NAMESPACES or declaration.type == "enum_declaration":
        return  # these export themselves
    if declaration.type == "import_alias":
        names = [edits.of(declaration.named_children[0])]
    else:
        names = list(_declared_names(declaration, edits))
    if declaration.type in {"lexical_declaration", "variable_declaration"}:
        is_fixed = declaration.children[0].type == "const"
    else:
        is_fixed = True
    edits.insert(
        statement.end_byte,
        ";" + "".join(_property(owner, name, is_fixed=is_fixed) for name in names),
    )


def _property(owner: str, name: str, *, is_fixed: bool) -> str:
    if is_fixed:
        return f" {owner}.{name} = {name};"
    return (
        f" Object.defineProperty({owner}, {json.dumps(name)}, "
        f"{{ get: () => {name}, set: (value) => {{ {name} = value; }}, "
        "enumerable: true, configurable: true });"
    )


def _declared_names(declaration: Node, edits: Edits) -> Iterator[str]:
    name = declaration.child_by_field_name("name")
    if name is not None:
        yield edits.of(name)
        return
    for declarator in declaration.named_children:
        target = declarator.child_by_field_name("name")
        if target is not None:
            yield from _bound_names(target, edits)


def _bound_names(pattern: Node, edits: Edits) -> Iterator[str]:
    if pattern.type in _BINDINGS:
        yield edits.of(pattern)
        return
    if pattern.type in {"assignment_pattern", "object_assignment_pattern"}:
        yield from _bound_names(pattern.children[0], edits)
        return
    if pattern.type == "pair_pattern":
        yield from _bound_names(pattern.children[-1], edits)
        return
    for child in pattern.named_children:
        yield from _bound_names(child, edits)


def _earlier_exports(node: Node, names: list[str], body: Node, edits: Edits) -> str:
    """Return what brings the exports of earlier blocks of a namespace into this one."""
    exported: dict[str, None] = {}
    for other in _siblings_before(node):
        declared = other.child_by_field_name("name")
        inner = other.child_by_field_name("body")
        if other.type not in _NAMESPACES or declared is None or inner is None:
            continue
        if edits.of(declared) != edits.of(node.child_by_field_name("name") or node):
            continue
        for statement in inner.named_children:
            declaration = statement.child_by_field_name("declaration")
            if statement.type == "export_statement" and declaration is not None:
                if not _is_only_type(declaration):
                    exported.update(dict.fromkeys(_declared_names(declaration, edits)))
    own = {
        name
        for statement in body.named_children
        for name in _declared_names(
            statement.child_by_field_name("declaration") or statement, edits
        )
    }
    used = {
        name for name in exported if re.search(rf"(?<![.\w$]){re.escape(name)}\b", edits.of(body))
    }
    wanted = [name for name in exported if name in used and name not in own]
    return f" const {{ {', '.join(wanted)} }} = {names[-1]};" if wanted else ""


# ---- parameter properties


def _emit_parameter_properties(body: Node, edits: Edits) -> None:
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
