"""Which names a cell's text declares, and what can be said of their values before it runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = [
    "FUNCTIONS",
    "Binding",
    "declared_by",
    "find_binding",
    "names_at",
    "pattern_names",
    "text_of",
    "top_level_names",
]

Kind: TypeAlias = Literal["variable", "function", "class", "module"]

FUNCTIONS = frozenset(
    {
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "arrow_function",
        "method_definition",
    }
)
"""Node types with parameters and a `this`, which arrow functions borrow."""

_DECLARED_FUNCTIONS = frozenset({"function_declaration", "generator_function_declaration"})
_SCOPES = FUNCTIONS | {
    "program",
    "statement_block",
    "for_statement",
    "for_in_statement",
    "catch_clause",
    "switch_body",
    "class_static_block",
}
_DECLARATIONS = frozenset({"lexical_declaration", "variable_declaration"})
_NAMES = frozenset({"identifier", "shorthand_property_identifier_pattern"})


@dataclass(frozen=True)
class Binding:
    """A declared name.

    Attributes:
        name: The name.
        kind: What JupyterLab shows as its type.
        value: The node whose value it has at first, as far as the text tells.
        path: What of that value it is: ``.name`` or ``[0]`` for each step of a pattern.
        module: For an import, the module's specifier; `path` is then of its namespace.
    """

    name: str
    kind: Kind = "variable"
    value: Node | None = None
    path: str = ""
    module: str | None = None


def text_of(node: Node | None) -> str:
    """Return a node's text."""
    return "" if node is None or node.text is None else node.text.decode("utf-8", "replace")


def top_level_names(root: Node) -> list[Binding]:
    """Return what a cell declares at its top level, in order, `var` in blocks included."""
    return list(_declared_in(root))


def declared_by(declarator: Node) -> Iterator[Binding]:
    """Yield what one declarator of a `let`, `const` or `var` declares: a name or a pattern's."""
    value = declarator.child_by_field_name("value")
    return _pattern(declarator.child_by_field_name("name"), value, "")


def pattern_names(node: Node | None) -> list[str]:
    """Return the names of a binding pattern."""
    return [binding.name for binding in _pattern(node, None, "")]


def names_at(node: Node) -> list[Binding]:
    """Return the names in scope at a node, the innermost first."""
    found: dict[str, Binding] = {}
    for scope in _scopes(node):
        for binding in _declared_in(scope):
            found.setdefault(binding.name, binding)
    return list(found.values())


def find_binding(node: Node, name: str) -> tuple[Binding, bool] | None:
    """Return what a name at a node means in the text, and whether that is the top level's."""
    for scope in _scopes(node):
        found = None
        for binding in _declared_in(scope):
            if binding.name == name:
                found = binding  # a later declaration in REPL mode replaces an earlier one
        if found is not None:
            return found, scope.parent is None
    return None


def _scopes(node: Node) -> Iterator[Node]:
    scope: Node | None = node
    while scope is not None:
        # In text with mistakes an error may stand for any scope.
        if scope.type in _SCOPES or scope.type == "ERROR" or scope.parent is None:
            yield scope
        scope = scope.parent


def _declared_in(scope: Node) -> Iterator[Binding]:
    if scope.type in FUNCTIONS:
        for field in ("parameters", "parameter"):
            yield from _pattern(scope.child_by_field_name(field), None, "")
        name = scope.child_by_field_name("name")
        if scope.type in {"function_expression", "generator_function"} and name is not None:
            yield Binding(text_of(name), "function", scope)
        return
    if scope.type == "catch_clause":
        yield from _pattern(scope.child_by_field_name("parameter"), None, "")
        return
    if scope.type == "for_in_statement":
        if scope.child_by_field_name("kind") is None:
            return  # what it assigns to is declared elsewhere
        yield from _pattern(scope.child_by_field_name("left"), None, "")
        return
    for child in scope.named_children:
        yield from _statement(child)


def _statement(node: Node) -> Iterator[Binding]:
    if node.type in _DECLARATIONS:
        for declarator in node.named_children:
            if declarator.type == "variable_declarator":
                yield from declared_by(declarator)
    elif node.type in _DECLARED_FUNCTIONS:
        yield Binding(text_of(node.child_by_field_name("name")), "function", node)
    elif node.type == "class_declaration":
        yield Binding(text_of(node.child_by_field_name("name")), "class", node)
    elif node.type == "import_statement":
        yield from _import(node)
    elif node.type in {"export_statement", "ERROR"}:
        for child in node.named_children:
            yield from _statement(child)
    elif node.type not in FUNCTIONS and node.type.endswith(("_statement", "_block", "_clause")):
        yield from _hoisted(node)


def _hoisted(node: Node) -> Iterator[Binding]:
    """Yield what `var` declares in a block, which is the function's."""
    for child in node.named_children:
        if child.type == "variable_declaration":
            yield from _statement(child)
        elif child.type.endswith(("_statement", "_block", "_clause")):
            yield from _hoisted(child)


def _import(statement: Node) -> Iterator[Binding]:
    module = text_of(statement.child_by_field_name("source"))[1:-1]
    for clause in statement.named_children:
        if clause.type != "import_clause":
            continue
        for part in clause.named_children:
            if part.type == "identifier":
                yield Binding(text_of(part), "variable", module=module, path=".default")
            elif part.type == "namespace_import":
                yield Binding(text_of(part.named_children[-1]), "module", module=module)
            elif part.type == "named_imports":
                for specifier in part.named_children:
                    name = specifier.child_by_field_name("name")
                    alias = specifier.child_by_field_name("alias") or name
                    yield Binding(text_of(alias), module=module, path=f".{text_of(name)}")


def _pattern(node: Node | None, value: Node | None, path: str) -> Iterator[Binding]:
    """Yield the names of a binding pattern."""
    if node is None:
        return
    if node.type in _NAMES:
        is_shorthand = node.type != "identifier"
        yield Binding(
            text_of(node), value=value, path=f"{path}.{text_of(node)}" if is_shorthand else path
        )
        return
    if node.type in {"assignment_pattern", "object_assignment_pattern"}:
        yield from _pattern(node.child_by_field_name("left"), value, path)
        return
    for index, child in enumerate(node.named_children):
        if child.type == "pair_pattern":
            key = text_of(child.child_by_field_name("key"))
            step = f".{key}" if key.isidentifier() else f"[{key}]"
            yield from _pattern(child.child_by_field_name("value"), value, path + step)
        elif child.type == "rest_pattern":
            yield from _pattern(child.named_children[-1], None, "")
        elif node.type == "array_pattern":
            yield from _pattern(child, value, f"{path}[{index}]")
        else:
            yield from _pattern(child, value, path)
