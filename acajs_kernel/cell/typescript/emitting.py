"""What of TypeScript has a meaning at run time: emitted as JavaScript, on the same lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acajs_kernel.cell.typescript.enums import emit_enum
from acajs_kernel.cell.typescript.namespaces import emit_namespace
from acajs_kernel.cell.typescript.properties import emit_parameter_properties
from acajs_kernel.cell.typescript.scopes import NAMESPACES, is_declared

if TYPE_CHECKING:
    from tree_sitter import Node

    from acajs_kernel.cell.typescript.edits import Edits

__all__ = ["emit"]


def emit(node: Node, edits: Edits) -> None:
    """Put JavaScript in the place of a node that has a meaning at run time."""
    kind = node.type
    if kind == "enum_declaration":
        emit_enum(node, edits)
    elif kind in NAMESPACES:
        emit_namespace(node, edits)
    elif kind == "class_body":
        emit_parameter_properties(node, edits)
    elif kind == "import_alias" or (kind == "import_statement" and _clause(node) is not None):
        if is_declared(node):
            return
        edits.replace(node.start_byte, node.start_byte + len("import"), "const ")
        if edits.text[node.end_byte - 1 : node.end_byte] != b";":
            edits.insert(node.end_byte, ";")
    elif kind == "export_statement" and len(node.children) > 1 and node.children[1].type == "=":
        edits.replace(node.start_byte, node.start_byte + len("export"), "module.exports")


def _clause(node: Node) -> Node | None:
    return next((child for child in node.children if child.type == "import_require_clause"), None)
