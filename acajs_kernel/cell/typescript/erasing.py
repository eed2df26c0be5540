"""What of TypeScript is only type: it gives way to spaces.

The hazards are those of automatic semicolons and of lines on which JavaScript allows no
break; ts-blank-space's documentation lists them
(https://github.com/bloomberg/ts-blank-space#readme).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from acajs_kernel.cell.typescript.edits import Edits

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["erase_types"]

# Nodes that are nothing but type.
_TYPES = frozenset(
    {
        "type_annotation",
        "type_arguments",
        "type_parameters",
        "asserts_annotation",
        "type_predicate_annotation",
        "implements_clause",
    }
)
# Statements, and members of a class, that are nothing but type.
_TYPE_STATEMENTS = frozenset(
    {
        "interface_declaration",
        "type_alias_declaration",
        "ambient_declaration",
        "function_signature",
        "index_signature",
        "abstract_method_signature",
        "method_signature",
    }
)
# With these a line goes on what stands before it, but for a type.
_CONTINUES = b"([`"
_RESTRICTED = re.compile(
    rb"(?<![.\w$])(?:return|throw|yield|async)(?:[ \t]|/\*[^\n\r]*?\*/)*\Z", re.DOTALL
)
_LOOK_BACK = 200  # bytes, for comments between such a word and a type
_MODIFIERS = frozenset({"accessibility_modifier", "override_modifier", "readonly"})
# What a member may begin with that would go on the member before it.
_JOINED = re.compile(rb"[\[*(]|(?:in|instanceof)\b")
_BEGINS_STATEMENT = re.compile(rb"\{|(?:function|class|async|let)\b")
_READ_AS_MODIFIER = frozenset({"get", "set", "static", "async", "accessor"})


def erase_types(root: Node, edits: Edits, emit: Callable[[Node, Edits], None]) -> None:
    """Blank what is only type.

    Args:
        root: The tree of a text that is TypeScript.
        edits: Takes the changes.
        emit: Called with each node first.
    """
    waiting = [root]
    while waiting:
        node = waiting.pop()
        emit(node, edits)
        if not _erase(node, edits):
            waiting += node.children


def _erase(node: Node, edits: Edits) -> bool:
    """Erase what is only type of one node; true when nothing of it is left."""
    kind = node.type
    if kind in _TYPES:
        edits.blank_node(node)
        return True
    if kind in _TYPE_STATEMENTS:
        _erase_statement(node, edits)
        return True
    handler = _HANDLERS.get(kind)
    return handler(node, edits) if handler is not None else False


def _erase_statement(node: Node, edits: Edits) -> None:
    # The semicolon parts what stands before from what stands behind, as the statement did.
    edits.blank_node(node, first=";")


def _keywords(node: Node, edits: Edits, *names: str) -> None:
    for child in node.children:
        if child.type in names:
            edits.blank_node(child)


def _erase_cast(node: Node, edits: Edits) -> bool:
    """`x as T`, `x satisfies T`, `x!`: all behind the expression goes."""
    first = _separator(node, edits) if node.type != "non_null_expression" else ""
    start = node.children[1].start_byte
    edits.blank(start, node.end_byte, first=first)
    return False


def _separator(node: Node, edits: Edits) -> str:
    """Return the semicolon that must stay where a type has ended a statement.

    TypeScript never calls, indexes or tags what follows a type, although the grammar may say so.
    """
    token = edits.next_token(node.end_byte)
    following = edits.text[token : token + 1]
    if following and following in _CONTINUES and edits.has_line_break(node.end_byte, token):
        return ";"
    return ""


def _is_restricted(start: int, edits: Edits) -> bool:
    """Tell whether no line may end at an offset: behind `return`, `throw`, `yield`, `async`."""
    return _RESTRICTED.search(edits.text, max(0, start - _LOOK_BACK), start) is not None


def _erase_assertion(node: Node, edits: Edits) -> bool:
    """`<T>x`: the type before the expression goes."""
    types = node.children[0]
    following = node.children[1].start_byte
    is_cut = edits.has_line_break(types.start_byte, following)
    if (is_cut and _is_restricted(types.start_byte, edits)) or (
        _BEGINS_STATEMENT.match(edits.text, following) and _leads_statement(node)
    ):
        edits.blank_node(types, first="(")
        edits.insert(node.end_byte, ")")
    else:
        edits.blank_node(types)
    return False


def _erase_arrow_function(node: Node, edits: Edits) -> bool:
    """Where JavaScript allows no line break, the parenthesis moves to where there is none."""
    parameters = node.child_by_field_name("parameters")
    if parameters is None:
        return False
    types = node.child_by_field_name("type_parameters")
    if (
        types is not None
        and edits.has_line_break(types.start_byte, parameters.start_byte)
        and _is_restricted(types.start_byte, edits)
    ):
        edits.blank_node(types, first="(")
        edits.replace(parameters.start_byte, parameters.start_byte + 1, " ")
    returned = node.child_by_field_name("return_type")
    if returned is not None and edits.has_line_break(parameters.end_byte, returned.end_byte):
        edits.replace(parameters.end_byte - 1, parameters.end_byte, " ")
        edits.blank(returned.start_byte, returned.end_byte, last=")")
    return False


def _erase_parameter(node: Node, edits: Edits) -> bool:
    """`x?: T`, `this: T`, `private x: T`."""
    pattern = node.child_by_field_name("pattern")
    if pattern is not None and pattern.type == "this":
        end = node.end_byte
        comma = edits.next_token(end)
        if edits.text[comma : comma + 1] == b",":
            end = comma + 1
        edits.blank(node.start_byte, end)
        return True
    _keywords(node, edits, "?", *_MODIFIERS)
    return False


def _erase_field(node: Node, edits: Edits) -> bool:
    """A field of a class: its modifiers go, and all of one that only declares."""
    kinds = {child.type for child in node.children}
    if "declare" in kinds or "abstract" in kinds:
        _erase_statement(node, edits)
        return True
    _erase_modifiers(node, edits)
    _keywords(node, edits, "?", "!")
    name = node.child_by_field_name("name")
    annotation = node.child_by_field_name("type")
    if annotation is not None and name is not None and node.child_by_field_name("value") is None:
        token = edits.next_token(node.end_byte)
        if edits.of(name) in _READ_AS_MODIFIER and edits.text[token : token + 1] != b";":
            edits.blank_node(annotation, first=";")
            edits.replace(annotation.start_byte, annotation.start_byte + 1, ";")
    return False


def _erase_modifiers(node: Node, edits: Edits) -> None:
    """The modifiers of a member go; a semicolon parts it from the one before if need be."""
    modifiers = [child for child in node.children if child.type in _MODIFIERS]
    for modifier in modifiers:
        is_first = modifier.start_byte == node.start_byte
        following = edits.next_token(modifiers[-1].end_byte)
        joined = is_first and _JOINED.match(edits.text, following) is not None
        edits.blank_node(modifier, first=";" if joined else "")


def _erase_method(node: Node, edits: Edits) -> bool:
    _erase_modifiers(node, edits)
    _keywords(node, edits, "?")
    return False


def _erase_class(node: Node, edits: Edits) -> bool:
    _keywords(node, edits, "abstract")
    return False


def _leads_statement(node: Node) -> bool:
    """Tell whether an expression stands where a brace begins a block, or a word a declaration."""
    parent = node.parent
    while parent is not None and parent.start_byte == node.start_byte:
        if parent.type == "expression_statement":
            return True
        node, parent = parent, parent.parent
    return parent is not None and (
        (parent.type == "arrow_function" and parent.child_by_field_name("body") == node)
        or parent.type == "export_statement"
    )


def _erase_declarator(node: Node, edits: Edits) -> bool:
    _keywords(node, edits, "!")
    return False


def _erase_import(node: Node, edits: Edits) -> bool:
    if any(child.type in {"type", "typeof"} for child in node.children[:2]):
        _erase_statement(node, edits)
        return True
    return False


def _erase_export(node: Node, edits: Edits) -> bool:
    children = node.children
    declaration = node.child_by_field_name("declaration")
    default = next((child for child in children if child.type == "default"), None)
    if default is not None:
        word = edits.next_token(default.end_byte)
        if edits.text.startswith(b"abstract", word) and word < (node.named_children[-1].start_byte):
            edits.blank(word, word + len(b"abstract"))
    if len(children) > 1 and children[1].type == "type":
        _erase_statement(node, edits)
        return True
    if declaration is not None and declaration.type in _TYPE_STATEMENTS:
        _erase_statement(node, edits)
        return True
    if any(child.type in {"as", "namespace"} for child in children[1:3]):
        _erase_statement(node, edits)  # export as namespace X
        return True
    return False


def _erase_specifier(node: Node, edits: Edits) -> bool:
    """`type X` in a list of imports or exports goes with its comma."""
    if node.children[0].type not in {"type", "typeof"}:
        return False
    end = node.end_byte
    comma = edits.next_token(end)
    if edits.text[comma : comma + 1] == b",":
        end = comma + 1
    edits.blank(node.start_byte, end)
    return True


_HANDLERS: dict[str, Callable[[Node, Edits], bool]] = {
    "as_expression": _erase_cast,
    "satisfies_expression": _erase_cast,
    "non_null_expression": _erase_cast,
    "type_assertion": _erase_assertion,
    "arrow_function": _erase_arrow_function,
    "required_parameter": _erase_parameter,
    "optional_parameter": _erase_parameter,
    "public_field_definition": _erase_field,
    "method_definition": _erase_method,
    "abstract_class_declaration": _erase_class,
    "variable_declarator": _erase_declarator,
    "import_statement": _erase_import,
    "export_statement": _erase_export,
    "import_specifier": _erase_specifier,
    "export_specifier": _erase_specifier,
}
